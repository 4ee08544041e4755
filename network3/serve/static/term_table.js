// The products of a sum as a table: the strongest ones, or all of them in order, with the sum as it grows.

import { element, shown } from "./dom.js";
import { placeOf } from "./field.js";
import { strings } from "./strings.js";

const FEW = 25;

// `shape` is that of the layer's input, in which the sources of terms are named; `toggle` changes between few and all.
export function termTable({ terms, total }, shape, all, toggle) {
  const listed = all || terms.length <= FEW ? terms : strongest(terms);
  let running = 0;
  const rows = listed.map((term) => {
    running += term.x * term.w;
    return row(sourceName(term.source, shape), shown(term.x), shown(term.w), shown(term.x * term.w), shown(running));
  });
  if (listed.length < terms.length) {
    const rest = total - running;
    rows.push(row(strings.remaining(terms.length - listed.length), "", "", shown(rest), shown(total)));
  }
  const head = [strings.source, strings.input, strings.weight, strings.product, strings.running];
  const table = element(
    "table",
    {},
    listed.length < terms.length ? element("caption", {}, strings.strongest(listed.length, terms.length)) : null,
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...rows),
  );
  const words = all ? strings.showStrongest : strings.showAll(terms.length);
  return element(
    "div",
    {},
    element(
      "div",
      { class: "scrolling terms", tabindex: 0, role: "group", "aria-label": strings.steps.sum(terms.length, 0) },
      table,
    ),
    terms.length > FEW ? element("button", { type: "button", onclick: toggle }, words) : null,
  );
}

const row = (name, ...numbers) =>
  element("tr", {}, element("th", { scope: "row" }, name), ...numbers.map((number) => element("td", {}, number)));

const strongest = (terms) =>
  [...terms].sort((one, other) => Math.abs(other.x * other.w) - Math.abs(one.x * one.w)).slice(0, FEW);

function sourceName(source, shape) {
  if (source === null) return strings.padding;
  if (shape.length === 1) return strings.fromNeuron(source);
  const [map, rowNumber, column] = placeOf(shape, source);
  return shape[0] === 1 ? strings.pixel(rowNumber, column) : strings.fromMap(map, rowNumber, column);
}
