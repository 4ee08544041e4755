// Chapter 5: the speed of learning of each layer, and chains whose gradients vanish or explode.

import { element, shown } from "./dom.js";
import { latest, post } from "./live_api.js";
import { button, choice, slider } from "./live_inputs.js";
import { digits, Plot } from "./live_plot.js";
import { words } from "./live_strings.en.js";

const named = (names) => Object.fromEntries(names.map((name) => [name, name]));

export class Gradients {
  constructor() {
    this.given = { layers: 4, activation: "sigmoid", initializer: "1/sqrt(n_in)" };
    this.plot = new Plot(words.gradientsTitle, { unit: words.epochs, logarithmic: true, form: (value) => shown(value, 4), tick: digits });
    this.ratio = element("p", { class: "result", role: "status" });
    this.button = button(words.train, () => this.#train(), { class: "primary" });
    const set = (name) => (value) => (this.given[name] = value);
    this.element = element(
      "section",
      { class: "card" },
      element("h2", {}, words.gradientsTitle),
      element("p", { class: "lead" }, words.gradientsLead),
      element(
        "div",
        { class: "halves" },
        element("div", {}, this.plot.element, this.ratio),
        element(
          "div",
          {},
          slider(words.hidden, 4, set("layers"), { min: 1, max: 8, step: 1 }).element,
          choice(words.activation, named(["sigmoid", "tanh", "ReLU"]), "sigmoid", set("activation")).element,
          choice(words.initializer, named(["1/sqrt(n_in)", "He", "chapter 6"]), "1/sqrt(n_in)", set("initializer")).element,
          element("div", { class: "row" }, this.button),
        ),
      ),
    );
  }

  open() {
    if (!this.opened) this.#train();
    this.opened = true;
  }

  async #train() {
    this.button.disabled = true;
    this.ratio.textContent = words.training;
    try {
      const { norms, ratio } = await post("chapter5/gradients", { ...this.given, epochs: 20 });
      const last = norms[0].length - 1;
      this.plot.show(norms[0].map((_, k) => ({ name: words.hiddenLine(k + 1, k === last), points: norms.map((row, epoch) => [epoch, row[k]]), dashed: k === last })));
      this.ratio.textContent = words.ratio(ratio);
    } catch (error) {
      this.ratio.textContent = error.message;
    }
    this.button.disabled = false;
  }
}

export class Chain {
  constructor() {
    this.given = { weight: 2, length: 6 };
    this.plot = new Plot(words.explodeTitle, { unit: words.chainLayer, logarithmic: true, form: (value) => shown(value, 4), tick: digits });
    this.factor = element("p", { class: "result", role: "status" });
    const set = (name) => (value) => {
      this.given[name] = value;
      this.compute();
    };
    this.element = element(
      "section",
      { class: "card" },
      element("h2", {}, words.explodeTitle),
      element("p", { class: "lead" }, words.explodeLead),
      element(
        "div",
        { class: "halves" },
        element("div", {}, this.plot.element, this.factor),
        element("div", {}, slider(words.weight, 2, set("weight"), { min: 0.5, max: 100, step: 0.5 }).element, slider(words.length, 6, set("length"), { min: 2, max: 10, step: 1 }).element),
      ),
    );
    this.compute = latest(async () => {
      try {
        const { norms, factor } = await post("chapter5/explode", this.given);
        this.plot.show([{ name: words.gradientsTitle, points: norms.map((norm, k) => [k + 1, norm]) }]);
        this.factor.textContent = words.factor(factor);
      } catch (error) {
        this.factor.textContent = error.message;
      }
    });
  }

  open() {
    this.compute();
  }
}
