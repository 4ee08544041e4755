// Chapter 4: bumps of pairs of neurons, by hand, and a hidden layer that learns the same function.

import { element } from "./dom.js";
import { latest, post } from "./live_api.js";
import { button, slider } from "./live_inputs.js";
import { Plot } from "./live_plot.js";
import { words } from "./live_strings.en.js";

const MOST = 12;
const two = (value) => value.toFixed(2);
const lines = (curve) => [
  { name: words.goalLine, points: curve.x.map((x, k) => [x, curve.goal[k]]), dashed: true },
  { name: words.outputLine, points: curve.x.map((x, k) => [x, curve.output[k]]) },
];

export class Bumps {
  constructor() {
    this.pairs = [
      { from: 0, to: 0.2, height: 0.2 },
      { from: 0.2, to: 0.4, height: 0.5 },
    ];
    this.steepness = 300;
    this.plot = new Plot(words.bumpsTitle, { form: two, least: 0, most: 1 });
    this.distance = element("p", { class: "result", role: "status" });
    this.problem = element("p", { class: "problem", role: "alert", hidden: true });
    this.list = element("div", { class: "bumps" });
    const steep = slider(words.steepness, this.steepness, (value) => this.#set(() => (this.steepness = value)), { min: 5, max: 500, step: 5 });
    const add = button(words.addBump, () => this.#set(() => this.#add(), true));
    const fill = button(words.fillBumps, () => this.#set(() => this.#fill(), true));
    this.element = element(
      "section",
      { class: "card" },
      element("h2", {}, words.bumpsTitle),
      element("p", { class: "lead" }, words.bumpsLead),
      element("div", { class: "halves" }, element("div", {}, this.plot.element, this.distance, this.problem), element("div", {}, this.list, element("div", { class: "row" }, add, fill), steep.element)),
    );
    this.compute = latest(async () => {
      try {
        this.curve = await post("chapter4/bumps", { pairs: this.pairs, steepness: this.steepness });
        this.plot.show(lines(this.curve));
        this.distance.textContent = words.distance(this.curve.distance);
        this.problem.hidden = true;
      } catch (error) {
        this.problem.textContent = error.message;
        this.problem.hidden = false;
      }
    });
    this.#build();
  }

  open() {
    this.compute();
  }

  #set(change, rebuild = false) {
    change();
    if (rebuild) this.#build();
    this.compute();
  }

  #add() {
    if (this.pairs.length >= MOST) return;
    const from = Math.min(0.9, Math.max(...this.pairs.map((pair) => pair.to), 0));
    this.pairs.push({ from, to: Math.min(1, from + 0.2), height: 0.5 });
  }

  // The mean of the function between the two steps, for each pair; the chapter's game, solved.
  #fill() {
    this.pairs = Array.from({ length: 10 }, (_, k) => ({ from: k / 10, to: (k + 1) / 10, height: 0 }));
    for (const pair of this.pairs) {
      const inside = this.curve.goal.filter((_, k) => this.curve.x[k] >= pair.from && this.curve.x[k] <= pair.to);
      pair.height = inside.reduce((sum, value) => sum + value, 0) / inside.length;
    }
  }

  #build() {
    this.list.replaceChildren(
      ...this.pairs.map((pair, k) => {
        const part = (name, limits) => slider(words[name], pair[name], (value) => this.#set(() => (pair[name] = value)), { step: 0.01, form: two, ...limits }).element;
        const remove = button("×", () => this.#set(() => this.pairs.splice(k, 1), true), { "aria-label": words.removeBump(k + 1), hidden: this.pairs.length === 1 });
        return element("fieldset", {}, element("legend", {}, words.bump(k + 1)), part("from"), part("to"), part("height", { min: -1, max: 1.5 }), remove);
      }),
    );
  }
}

export class Fit {
  constructor() {
    this.neurons = 60;
    this.plot = new Plot(words.fitTitle, { form: two, least: 0, most: 1 });
    this.distance = element("p", { class: "result", role: "status" });
    this.button = button(words.fit, () => this.#learn(), { class: "primary" });
    const neurons = slider(words.neurons, this.neurons, (value) => (this.neurons = value), { min: 1, max: 120, step: 1 });
    this.element = element(
      "section",
      { class: "card" },
      element("h2", {}, words.fitTitle),
      element("p", { class: "lead" }, words.fitLead),
      element("div", { class: "halves" }, element("div", {}, this.plot.element, this.distance), element("div", {}, neurons.element, element("div", { class: "row" }, this.button))),
    );
  }

  open() {
    if (!this.opened) this.#learn();
    this.opened = true;
  }

  async #learn() {
    clearInterval(this.timer);
    this.button.disabled = true;
    this.distance.textContent = words.fitting;
    try {
      this.#play(await post("chapter4/fit", { neurons: this.neurons }));
    } catch (error) {
      this.distance.textContent = error.message;
    }
    this.button.disabled = false;
  }

  // Show the curves one after the other; only the last one to readers who prefer less motion.
  #play(found) {
    let k = matchMedia("(prefers-reduced-motion: reduce)").matches ? found.curves.length - 1 : 0;
    const show = () => {
      this.plot.show(lines({ ...found, output: found.curves[k] }));
      this.distance.textContent = `${words.distance(found.distances[k])}, ${words.afterEpochs(k * found.every)}`;
      k += 1;
      if (k >= found.curves.length) clearInterval(this.timer);
    };
    show();
    this.timer = setInterval(show, 120);
  }
}
