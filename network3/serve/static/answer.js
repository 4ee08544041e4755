// The outputs of a network as bars, the largest one named.

import { element, percent, shown } from "./dom.js";
import { strings } from "./strings.js";

export class Answer {
  constructor(network, named) {
    this.network = network;
    this.digit = element("output", { class: "digit" }, "–");
    this.bars = network.labels.map((label) => {
      const [bar, number] = [element("span", { class: "bar" }), element("span", { class: "number" }, "")];
      const row = element(
        "li",
        {},
        element("span", { class: "label" }, label),
        element("span", { class: "track" }, bar),
        number,
      );
      return { row, bar, number };
    });
    const facts = Object.entries(network.facts ?? {}).map(([name, value]) => `${strings.facts[name] ?? name} ${value}`);
    this.element = element(
      "div",
      { class: "answer" },
      named ? element("h3", {}, network.name) : null,
      facts.length ? element("p", { class: "note" }, facts.join(" · ")) : null,
      this.digit,
      element(
        "ul",
        { class: "bars", "aria-label": network.classifies ? strings.probabilities : strings.outputs },
        ...this.bars.map(({ row }) => row),
      ),
    );
  }

  // Show the outputs, or that there is no drawing; returns the words for a screen reader.
  show(output) {
    const best = output && output.indexOf(Math.max(...output));
    const most = output && (this.network.classifies ? 1 : Math.max(1e-9, ...output.map(Math.abs)));
    this.bars.forEach(({ row, bar, number }, k) => {
      const value = output ? output[k] : 0;
      bar.style.width = `${output ? (100 * Math.max(0, value)) / most : 0}%`;
      number.textContent = output ? this.#number(value) : "";
      row.classList.toggle("best", k === best);
    });
    this.digit.textContent = output ? this.network.labels[best] : "–";
    return output ? strings.answered(this.network.labels[best], this.#number(output[best])) : strings.noAnswer;
  }

  #number(value) {
    return this.network.classifies ? percent(value) : shown(value, 2);
  }
}
