// The explanation of one value: the steps of its computation, with pictures and numbers.

import { extent, paint, paintMosaic } from "./colours.js";
import { element, percent, shown } from "./dom.js";
import { explain } from "./explain.js";
import { placeBox, title } from "./layer_view.js";
import { strings } from "./strings.js";
import { termTable } from "./term_table.js";

const ARROWS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

export class Inspector {
  // `closed` is called by the button that closes it, `moved` with the key of a direction to the next neuron or place.
  constructor(closed, moved) {
    this.moved = moved;
    this.chosen = null; // the place in a pooling window whose sum is shown
    this.all = false; // whether all terms of a sum are listed
    this.body = element("div", {}, element("p", { class: "note" }, strings.explanationHint));
    this.heading = element("h2", {}, strings.explanation);
    const close = element(
      "button",
      { type: "button", class: "close", onclick: closed, "aria-label": strings.close },
      "×",
    );
    this.element = element(
      "aside",
      { class: "inspector", "aria-label": strings.explanation },
      close,
      this.heading,
      this.body,
    );
  }

  clear() {
    this.element.classList.remove("open");
    this.body.replaceChildren(element("p", { class: "note" }, strings.explanationHint));
  }

  // Explain a unit; returns the explanation and its words for a screen reader. `fresh` starts with its default view.
  show({ network, trace, layers }, index, unit, fresh) {
    if (fresh) [this.chosen, this.all] = [null, false];
    const layer = network.layers[index];
    const found = explain(network, trace, index, unit, this.chosen);
    const again = (change) => {
      Object.assign(this, change);
      this.show({ network, trace, layers }, index, unit, false);
    };
    const name = unitName(network, index, found.place);
    const value = layer.config.activation_fn === "softmax" ? percent(found.value) : shown(found.value);
    const steps = found.steps.map((step) =>
      element(
        "section",
        { class: "step" },
        element("h3", {}, heading(step)),
        ...this.#details(step, network, index, again),
      ),
    );
    this.element.classList.add("open");
    this.body.replaceChildren(
      element(
        "div",
        { class: "chosen-unit" },
        element(
          "div",
          {},
          element("p", { class: "where" }, title(layer, index), element("br"), element("strong", {}, name)),
          element("p", { class: "result" }, strings.value(value)),
          this.#nudges(layers[index].directions),
        ),
        this.#lookedAt(network, trace, found.field),
      ),
      ...steps,
    );
    return { ...found, words: `${name}. ${strings.value(value)}` };
  }

  // Buttons to the neurons or places beside the chosen one, which are small to touch.
  #nudges(directions) {
    const focused = this.body.contains(document.activeElement) && document.activeElement.dataset.key;
    const buttons = directions.map((key) =>
      element(
        "button",
        { type: "button", "data-key": key, "aria-label": strings.directions[key], onclick: () => this.moved(key) },
        ARROWS[key],
      ),
    );
    queueMicrotask(() => buttons.find((button) => button.dataset.key === focused)?.focus({ preventScroll: true }));
    return element("div", { class: "nudges" }, ...buttons);
  }

  // The input with the part that it looks at.
  #lookedAt(network, trace, field) {
    const [, rows, columns] = network.inputShape;
    const canvas = element("canvas", { role: "img", "aria-label": strings.seenField(field) });
    paint(canvas, trace.input, rows, columns, 1, false);
    const mark = element("span", { class: "cursor" });
    placeBox(mark, field, [rows, columns]);
    const caption = element("figcaption", {}, strings.looksAt);
    return element("figure", { class: "looked-at" }, element("span", { class: "tile" }, canvas, mark), caption);
  }

  #details(step, network, index, again) {
    const shape = sourceShape(network, index);
    if (step.step === "sum") {
      const table = termTable(step, shape, this.all, () => again({ all: !this.all }));
      return [pictures(step, step.shape ?? shape), table];
    }
    if (step.step === "pool") return [poolWindow(step, index, network, again)];
    return [element("p", { class: "formula" }, FORMULAS[step.step](step))];
  }
}

function unitName(network, index, place) {
  if (place.length === 3) return strings.mapPlace(place);
  const last = index === network.layers.length - 1;
  return last && network.classifies ? strings.outputNeuron(network.labels[place[0]]) : strings.neuron(place[0] + 1);
}

// The shape in which a layer's input is shown: that of the output of the layer before.
export function sourceShape(network, index) {
  return index === 0 ? network.inputShape : network.layers[index - 1].output_shape;
}

function heading(step) {
  if (step.step === "sum") return strings.steps.sum(step.terms.length, step.terms.filter(({ x }) => x === 0).length);
  if (step.step === "pool") return strings.steps.pool(step.mode, step.values.length);
  return step.step === "activation" ? strings.steps.activation(step.name) : strings.steps[step.step];
}

const signed = (number) => (number < 0 ? `− ${shown(-number)}` : `+ ${shown(number)}`);

const FORMULAS = {
  scale: ({ factor, x, result }) => `${shown(factor)} × ${shown(x)} = ${shown(result)}`,
  bias: ({ b, x, result }) => `${shown(x)} ${signed(b)} = ${shown(result)}`,
  normalize: (s) =>
    `${shown(s.gamma)} × (${shown(s.x)} ${signed(-s.mean)}) / √(${shown(s.variance)} + ${s.epsilon}) ${signed(s.beta)} ` +
    `= ${shown(s.result)}`,
  activation: ({ name, x, result, row }) => {
    if (!row) return `${name}(${shown(x)}) = ${shown(result)}`;
    const total = row.reduce((sum, z) => sum + Math.exp(z), 0);
    return `${strings.softmaxSum(row.length)}: ${shown(Math.exp(x))} / ${shown(total)} = ${shown(result)}`;
  },
};

// What it looks at, the weights, and their products, each as a picture for each map.
function pictures({ terms }, shape) {
  const [maps, rows, columns] = shape.length === 3 ? shape : [1, Math.ceil(shape[0] / 20), Math.min(20, shape[0])];
  const area = rows * columns;
  const parts = {
    [strings.input]: ({ x }) => x,
    [strings.weight]: ({ w }) => w,
    [strings.product]: ({ x, w }) => x * w,
  };
  const across = Math.ceil(Math.sqrt(maps));
  const made = Object.entries(parts).map(([name, valueOf], number) => {
    const canvas = element("canvas", { role: "img", "aria-label": name });
    const values = terms.map(valueOf);
    const { largest, signed: negative } = extent(values);
    const split = Array.from({ length: maps }, (_, map) => values.slice(map * area, (map + 1) * area));
    paintMosaic(canvas, split, rows, columns, across, largest, number > 0 || negative);
    return element("figure", {}, canvas, element("figcaption", {}, name));
  });
  return element("div", { class: "pictures" }, ...made);
}

// The values of a pooling window; a convolution's can be chosen.
function poolWindow(step, index, network, again) {
  const columns = new Set(step.places.map(([, column]) => column)).size;
  const choosable = network.layers[index].kind === "ConvPoolLayer";
  const cells = step.values.map((value, place) =>
    choosable
      ? element(
          "button",
          { type: "button", "aria-pressed": String(place === step.chosen), onclick: () => again({ chosen: place }) },
          shown(value),
        )
      : element("span", { class: place === step.chosen ? "chosen" : "" }, shown(value, 2)),
  );
  const box = element("div", { class: "window", role: "group", "aria-label": strings.windowLabel }, ...cells);
  box.style.gridTemplateColumns = `repeat(${columns}, auto)`;
  return element("div", { class: "scrolling" }, box, element("p", { class: "formula" }, `= ${shown(step.result)}`));
}
