// The value of one neuron, or of one place of a map, as it is computed: step by step and number by number.
//
// Steps: {step: "sum", terms: [{x, w, source}], total}, {step: "pool", mode, values, places, chosen, result},
// {step: "scale", factor, x, result}, {step: "bias", b, x, result}, {step: "normalize", ..., x, result} and
// {step: "activation", name, x, result, row}. A source is the flat index of a value of the layer's input; padding has
// none. Each step's x is the result of the one before.

import { placeOf, receptiveField } from "./field.js";
import { convolvedSize, tap, windowPlaces } from "./layers.js";

// How the unit, a flat index, of layer `index` gets its value in a trace of network.forward. `chosen` is the number of
// the place in the pooling window whose sum is shown; by default that of the maximum.
export function explain(network, trace, index, unit, chosen = null) {
  const layer = network.layers[index];
  const values = trace.layers[index];
  return {
    place: placeOf(layer.output_shape, unit),
    field: receptiveField(network, index, unit),
    value: values.output[unit],
    steps: EXPLAINED[layer.kind](layer, values, unit, chosen),
  };
}

function activation(layer, values, unit) {
  const name = layer.config.activation_fn;
  const width = layer.output_shape.at(-1);
  const start = unit - (unit % width);
  const row = name === "softmax" ? Array.from(values.z.subarray(start, start + width)) : null;
  return { step: "activation", name, x: values.z[unit], result: values.output[unit], row };
}

function dense(layer, values, unit) {
  const { n_in, n_out, p_dropout } = layer.config;
  const { w, b } = layer.weights;
  const terms = Array.from({ length: n_in }, (_, i) => ({ x: values.input[i], w: w[i * n_out + unit], source: i }));
  const steps = [sum(terms)];
  if (p_dropout) steps.push(scaled(steps[0].total, 1 - p_dropout));
  steps.push({ step: "bias", b: b[unit], x: resultOf(steps), result: values.z[unit] });
  return [...steps, activation(layer, values, unit)];
}

function convPool(layer, values, unit, chosen) {
  const { pool, poolsize, filter_shape, batch_norm } = layer.config;
  const [filter, row, column] = placeOf(layer.output_shape, unit);
  const [high, wide] = convolvedSize(layer);
  const places = windowPlaces(layer, row, column);
  const sums = places.map(([y, x]) => values.convolved[(filter * high + y) * wide + x]);
  const shown = chosen ?? sums.indexOf(sums.reduce((most, value) => Math.max(most, value)));
  const steps = [{ ...sum(patch(layer, values.input, filter, places[shown])), shape: filter_shape.slice(1) }];
  if (poolsize[0] * poolsize[1] > 1 || pool === "l2") {
    steps.push({ step: "pool", mode: pool, values: sums, places, chosen: shown, result: values.pooled[unit] });
  }
  if (batch_norm) steps.push(normalized(layer, filter, values.pooled[unit], values.z[unit]));
  else steps.push({ step: "bias", b: layer.weights.b[filter], x: values.pooled[unit], result: values.z[unit] });
  return [...steps, activation(layer, values, unit)];
}

// The terms of a filter at a place of the convolved map: map by map, row by row.
function patch(layer, input, filter, [row, column]) {
  const { filter_shape, padding, stride, dilation, groups } = layer.config;
  const [filters, maps, rows, columns] = filter_shape;
  const [, height, width] = layer.input_shape;
  const firstMap = Math.floor((filter * groups) / filters) * maps;
  const terms = [];
  for (let map = 0; map < maps; map++) {
    for (let k = 0; k < rows; k++) {
      for (let m = 0; m < columns; m++) {
        const y = row * stride[0] + k * dilation[0] - padding[0][0];
        const x = column * stride[1] + m * dilation[1] - padding[1][0];
        const inside = y >= 0 && y < height && x >= 0 && x < width;
        const source = inside ? ((firstMap + map) * height + y) * width + x : null;
        terms.push({ x: inside ? input[source] : 0, w: tap(layer, filter, map, k, m), source });
      }
    }
  }
  return terms;
}

function batchNorm(layer, values, unit) {
  const area = layer.output_shape.length === 3 ? layer.output_shape[1] * layer.output_shape[2] : 1;
  const step = normalized(layer, Math.floor(unit / area), values.input[unit], values.z[unit]);
  return [step, activation(layer, values, unit)];
}

function normalized(layer, feature, x, result) {
  const { gamma, b, mean, variance } = layer.weights;
  const { epsilon } = layer.config;
  const of = { gamma: gamma[feature], beta: b[feature], mean: mean[feature], variance: variance[feature] };
  return { step: "normalize", ...of, epsilon, x, result };
}

function globalPool(layer, values, unit) {
  const [, rows, columns] = layer.input_shape;
  const places = Array.from({ length: rows * columns }, (_, k) => [Math.floor(k / columns), k % columns]);
  const window = Array.from(values.input.subarray(unit * places.length, (unit + 1) * places.length));
  const chosen = window.indexOf(window.reduce((most, value) => Math.max(most, value)));
  return [{ step: "pool", mode: layer.config.pool, values: window, places, chosen, result: values.output[unit] }];
}

const dropout = (layer, values, unit) => [scaled(values.input[unit], 1 - layer.config.p_dropout)];

const scaled = (x, factor) => ({ step: "scale", factor, x, result: factor * x });

const sum = (terms) => ({ step: "sum", terms, total: terms.reduce((total, { x, w }) => total + x * w, 0) });

const resultOf = (steps) => steps.at(-1).result ?? steps.at(-1).total;

const EXPLAINED = {
  BatchNormLayer: batchNorm,
  ConvPoolLayer: convPool,
  DropoutLayer: dropout,
  FullyConnectedLayer: dense,
  GlobalPoolLayer: globalPool,
  RegressionLayer: dense,
  SoftmaxLayer: dense,
};
