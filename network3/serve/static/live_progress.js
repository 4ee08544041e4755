// How a training goes: numbers, curves, gradient norms, and the digits that are misclassified.

import { paint } from "./colours.js";
import { element, percent, shown } from "./dom.js";
import { get, latest } from "./live_api.js";
import { digits, Plot } from "./live_plot.js";
import { words } from "./live_strings.en.js";
import { decodeLevels } from "./network.js";

export class TrainingProgress {
  constructor() {
    this.facts = Object.fromEntries(Object.keys(words.facts).map((name) => [name, element("dd", {}, "–")]));
    const list = Object.entries(this.facts).flatMap(([name, value]) => [element("div", {}, element("dt", {}, words.facts[name]), value)]);
    this.plots = {
      cost: new Plot(words.costPlot, { unit: words.steps, least: 0 }),
      accuracy: new Plot(words.accuracyPlot, { unit: words.steps, form: words.share, tick: percent }),
      norms: new Plot(words.normsPlot, { unit: words.steps, logarithmic: true, form: (value) => shown(value, 3), tick: digits }),
    };
    this.errorsTitle = element("h2", {}, words.errors(0));
    this.errors = element("div", { class: "errors" }, element("p", { class: "note" }, words.noErrors));
    this.element = element(
      "div",
      { class: "progress" },
      element("dl", { class: "facts" }, ...list),
      element("div", { class: "plots" }, ...Object.values(this.plots).map((plot) => plot.element)),
      this.errorsTitle,
      this.errors,
    );
    this.fetchErrors = latest(async () => this.#showErrors((await get("errors")).errors));
    this.begin([]);
  }

  // A new training of these layers begins.
  begin(layers) {
    this.layers = layers;
    [this.costs, this.samples, this.validations, this.norms] = [[], [], [], []];
    Object.values(this.facts).forEach((fact) => (fact.textContent = "–"));
    this.#draw();
  }

  cost(event, epochs) {
    this.costs.push([event.step, event.cost]);
    this.facts.epoch.textContent = words.epochOf(event.epoch + 1, epochs, event.batch, event.batches);
    this.facts.speed.textContent = Math.round(event.speed).toLocaleString("en");
    this.facts.cost.textContent = shown(event.cost ?? NaN, 4);
    this.#draw();
  }

  look(event) {
    this.samples.push([event.step, event.accuracy]);
    event.layers.forEach((layer, k) => (this.norms[k] ??= { layer, points: [] }).points.push([event.step, event.norms[k]]));
    this.facts.sample.textContent = words.share(event.accuracy);
    this.#draw();
    this.fetchErrors();
  }

  epoch(event) {
    if (event.validation_accuracy === undefined) return;
    this.validations.push([event.step, event.validation_accuracy]);
    this.facts.validation.textContent = words.share(event.validation_accuracy);
    if (event.test_accuracy != null) this.facts.test.textContent = words.share(event.test_accuracy);
    this.#draw();
  }

  #draw() {
    this.plots.cost.show([{ name: words.facts.cost, points: this.costs }]);
    this.plots.accuracy.show([
      { name: words.sampleLine, points: this.samples },
      { name: words.validationLine, points: this.validations },
    ]);
    this.plots.norms.show(
      this.norms.map(({ layer, points }) => ({ name: words.layerLine(layer, words.kinds[this.layers[layer]?.kind] ?? ""), points })),
    );
  }

  #showErrors(errors) {
    this.errorsTitle.textContent = words.errors(errors.length);
    if (!errors.length) {
      this.errors.replaceChildren(element("p", { class: "note" }, this.samples.length ? words.allRight : words.noErrors));
      return;
    }
    this.errors.replaceChildren(
      ...errors.map((error) => {
        const canvas = element("canvas", { role: "img", "aria-label": words.error(error) });
        paint(canvas, decodeLevels(error.image), 28, 28, 255, false);
        return element("figure", { title: words.error(error) }, canvas, element("figcaption", { "aria-hidden": "true" }, `${error.label} → ${error.prediction}`));
      }),
    );
  }
}
