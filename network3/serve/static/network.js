// A network that network3/serve/description.py describes: its weights decoded, and its forward pass.

import { ACTIVATIONS } from "./activations.js";
import { LAYERS } from "./layers.js";

// A layer kind or an activation that this page cannot compute; `index` counts from 0, as in Python.
export class UnknownKindError extends Error {
  constructor(index, kind) {
    super(`layer ${index}: unknown kind ${kind}`);
    this.index = index;
    this.kind = kind;
  }
}

// Grey levels of 8 bits in base64.
export const decodeLevels = (data) => Uint8Array.from(atob(data), (character) => character.charCodeAt(0));

// Values of float32 in base64, little endian.
const decode = (data) => new Float32Array(decodeLevels(data).buffer);

const decodeAll = (weights) =>
  Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, decode(data)]));

export class Network {
  constructor(description) {
    this.name = description.name;
    this.facts = description.facts;
    this.labels = description.labels;
    this.inputShape = description.input_shape;
    this.layers = description.layers.map((layer, index) => {
      if (!Object.hasOwn(LAYERS, layer.kind)) throw new UnknownKindError(index, layer.kind);
      const activation = layer.config.activation_fn ?? "linear";
      if (activation !== "softmax" && !Object.hasOwn(ACTIVATIONS, activation)) {
        throw new UnknownKindError(index, activation);
      }
      return { ...layer, weights: decodeAll(layer.weights) };
    });
  }

  // Replace the weights of all layers, as network_weights(net) returns them.
  setWeights(weights) {
    weights.forEach((of, index) => (this.layers[index].weights = decodeAll(of)));
  }

  // The steps of each layer for one example, {input, layers: [{..., output}], output}; `values` are floats, for images
  // grey levels from 0 to 1.
  forward(values) {
    const input = Float64Array.from(values);
    let x = input;
    const layers = this.layers.map((layer) => {
      const steps = { input: x, ...LAYERS[layer.kind](layer, x) };
      x = steps.output;
      return steps;
    });
    return { input, layers, output: x };
  }

  predictProba(values) {
    return Array.from(this.forward(values).output);
  }

  // Whether the outputs are the probabilities of classes.
  get classifies() {
    return this.layers.at(-1).config.activation_fn === "softmax";
  }
}

// The grey levels of a prepared drawing or of an image of MNIST, as the network gets them.
export const fromLevels = (levels) => Float64Array.from(levels, (level) => level / 256);
