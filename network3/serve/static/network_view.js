// One network of the page: its answer, and its layers.

import { Answer } from "./answer.js";
import { element } from "./dom.js";
import { inputBox, mapsSeen } from "./field.js";
import { LayerView } from "./layer_view.js";
import { Network, UnknownKindError } from "./network.js";
import { strings } from "./strings.js";

export class NetworkView {
  // `picked(view, index, unit)` is called with what the reader touches. A network with a layer of an unknown kind has
  // a message that names it instead of pictures.
  constructor(description, place, named, picked) {
    this.place = place;
    this.layers = [];
    try {
      this.network = new Network(description);
    } catch (error) {
      if (!(error instanceof UnknownKindError)) throw error;
      const message = () =>
        element("p", { class: "problem", role: "alert" }, strings.unknownKind(error.index, error.kind));
      [this.answerElement, this.layersElement] = [message(), element("div")];
      return;
    }
    this.answer = new Answer(this.network, named);
    this.answerElement = this.answer.element;
    this.layers = this.network.layers.map(
      (_, index) => new LayerView(this.network, index, (unit) => picked(this, index, unit)),
    );
    this.layersElement = element(
      "div",
      { class: "network" },
      named ? element("h3", { class: "name" }, this.network.name) : null,
      ...this.layers.map((view) => view.element),
    );
  }

  // Show what the network makes of an input, or nothing; returns the words for a screen reader.
  show(values) {
    if (!this.network) return strings.noAnswer;
    this.trace = values && this.network.forward(values);
    this.layers.forEach((view, index) => view.show(this.trace?.layers[index].output ?? null));
    return this.answer.show(this.trace && Array.from(this.trace.output));
  }

  // Mark a unit {index, unit}, and what it looks at in the maps of the layer before.
  mark(selected) {
    this.layers.forEach((view, index) => {
      view.mark(selected?.index === index ? selected.unit : null);
      const next = selected?.index === index + 1 ? this.network.layers[index + 1] : null;
      view.markPatch(next && inputBox(next, selected.unit), next ? mapsSeen(next, selected.unit) : []);
    });
  }
}
