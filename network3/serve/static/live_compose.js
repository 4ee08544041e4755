// A network that is put together: layers with their options, and the shapes that follow, which the server computes.

import { latest, post } from "./live_api.js";
import { element } from "./dom.js";
import { button, choice, number } from "./live_inputs.js";
import { words } from "./live_strings.en.js";

const ACTIVATIONS = ["sigmoid", "tanh", "ReLU", "linear"];
// What each kind begins with; the options are those of network3/serve/composition.py.
const KINDS = {
  ConvPoolLayer: { filters: 20, size: 5, pool: 2, pooling: "max", padding: "valid", activation: "ReLU" },
  FullyConnectedLayer: { neurons: 100, activation: "ReLU", dropout: 0 },
  BatchNormLayer: {},
  DropoutLayer: { dropout: 0.5 },
  GlobalPoolLayer: { pooling: "average" },
  SoftmaxLayer: { dropout: 0 },
};
const NAMES = { pooling: ["max", "l2", "average"], padding: ["valid", "half"], activation: ACTIVATIONS };
const named = (names) => Object.fromEntries(names.map((name) => [name, name]));

export class Composer {
  constructor() {
    this.layers = [
      { kind: "ConvPoolLayer", ...KINDS.ConvPoolLayer, filters: 8 },
      { kind: "FullyConnectedLayer", ...KINDS.FullyConnectedLayer, neurons: 30 },
      { kind: "SoftmaxLayer", ...KINDS.SoftmaxLayer },
    ];
    this.cost = "cross-entropy";
    this.list = element("ol", { class: "composed" });
    this.problem = element("p", { class: "problem", role: "alert", hidden: true });
    const adding = choice(words.add, { "": "…", ...words.kinds }, "", (kind) => {
      if (!kind) return;
      this.layers.splice(this.#ends ? this.layers.length - 1 : this.layers.length, 0, { kind, ...KINDS[kind] });
      adding.input.value = "";
      this.#build();
    });
    this.costs = choice(words.costName, named(["cross-entropy", "quadratic"]), this.cost, (cost) => (this.cost = cost));
    this.element = element("div", { class: "composer" }, this.list, element("div", { class: "row" }, adding.element, this.costs.element), this.problem);
    this.check = latest(() => this.#check());
    this.#build();
  }

  // What the server is asked to train.
  get request() {
    return this.#ends ? { layers: this.layers } : { layers: this.layers, cost: this.cost };
  }

  get #ends() {
    return this.layers.at(-1)?.kind === "SoftmaxLayer";
  }

  #build() {
    this.shapes = this.layers.map(() => element("span", { class: "note" }));
    this.list.replaceChildren(...this.layers.map((layer, k) => this.#row(layer, k)));
    this.costs.element.hidden = this.#ends;
    this.check();
  }

  #row(layer, k) {
    const change = (name) => (value) => {
      layer[name] = value;
      this.check();
    };
    const options = Object.keys(KINDS[layer.kind]).map((name) => {
      if (name in NAMES) return choice(words.options[name], named(NAMES[name]), layer[name], change(name)).element;
      return number(words.options[name], layer[name], change(name), name === "dropout" ? { max: 0.9, step: 0.1 } : { min: 1, step: 1 }).element;
    });
    const move = () => {
      this.layers.splice(k - 1, 0, ...this.layers.splice(k, 1));
      this.#build();
    };
    const remove = () => {
      this.layers.splice(k, 1);
      this.#build();
    };
    return element(
      "li",
      {},
      element("strong", {}, words.kinds[layer.kind]),
      ...options,
      this.shapes[k],
      element(
        "span",
        { class: "edit" },
        k > 0 ? button("↑", move, { "aria-label": words.up(k) }) : null,
        button("×", remove, { "aria-label": words.remove(k) }),
      ),
    );
  }

  async #check() {
    const shapes = this.shapes;
    try {
      const { layers } = await post("compose", { layers: this.layers });
      layers.forEach(({ shape, parameters }, k) => shapes[k] && (shapes[k].textContent = words.shape(shape, parameters)));
      this.problem.hidden = true;
    } catch (error) {
      shapes.forEach((shape) => (shape.textContent = ""));
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    }
  }
}
