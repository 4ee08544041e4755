// Labelled inputs of the live page.

import { element } from "./dom.js";

// A field for a number; `changed` gets each new value that is one.
export function number(label, value, changed, attributes = {}) {
  const input = element("input", { type: "number", "aria-label": label, value, step: "any", min: 0, ...attributes, oninput: () => input.value !== "" && changed(Number(input.value)) });
  return { input, element: element("label", {}, element("span", {}, label), input) };
}

// A choice among names: {value: text}.
export function choice(label, options, value, changed) {
  const input = element("select", { "aria-label": label, onchange: () => changed(input.value) }, ...Object.entries(options).map(([name, text]) => element("option", { value: name, selected: name === value }, text)));
  return { input, element: element("label", {}, element("span", {}, label), input) };
}

// A slider with its value; `position` and `value` translate between the slider and the number.
export function slider(label, value, changed, { min = 0, max = 1, step = 0.01, form = String, position = (v) => v, valueAt = (p) => p } = {}) {
  const output = element("output", {}, form(value));
  const input = element("input", {
    type: "range",
    "aria-label": label,
    min,
    max,
    step,
    "aria-valuetext": form(value),
    oninput: () => {
      show(valueAt(Number(input.value)), false);
      changed(valueAt(Number(input.value)));
    },
  });
  const show = (given, moves = true) => {
    if (moves) input.value = position(given);
    output.textContent = form(given);
    input.setAttribute("aria-valuetext", form(given));
  };
  show(value);
  return { input, show, element: element("label", { class: "slider" }, element("span", {}, label), input, output) };
}

// A slider over powers of ten, whose left end is 0.
export const rate = (label, value, changed, least, most) =>
  slider(label, value, changed, {
    min: Math.log10(least) - 0.1,
    max: Math.log10(most),
    step: 0.05,
    form: (v) => (v === 0 ? "0" : Number(v.toPrecision(2)).toString()),
    position: (v) => (v > 0 ? Math.log10(v) : Math.log10(least) - 0.1),
    valueAt: (p) => (p < Math.log10(least) - 0.04 ? 0 : Number((10 ** p).toPrecision(2))),
  });

export const button = (text, act, attributes = {}) => element("button", { type: "button", onclick: act, ...attributes }, text);
