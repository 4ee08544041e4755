// The formulas of the layers in evaluation. Each takes a layer of a description, with decoded weights, and the values
// x of one example; it returns what the page shows: the steps of the computation, of which `output` is the last.

import { activate } from "./activations.js";

const sizeOf = (shape) => shape.reduce((product, size) => product * size, 1);

// f((1 - p) x w + b)
function dense(layer, x) {
  const { n_in, n_out, p_dropout, activation_fn } = layer.config;
  const { w, b } = layer.weights;
  const sums = new Float64Array(n_out);
  for (let i = 0; i < n_in; i++) {
    if (x[i] === 0) continue;
    for (let j = 0, row = i * n_out; j < n_out; j++) sums[j] += x[i] * w[row + j];
  }
  const z = sums.map((sum, j) => (1 - p_dropout) * sum + b[j]);
  return { z, output: activate(activation_fn, z, n_out) };
}

// The size of the maps between convolution and pooling.
export function convolvedSize(layer) {
  const { filter_shape, padding, stride, dilation } = layer.config;
  return [0, 1].map((axis) => {
    const reach = (filter_shape[2 + axis] - 1) * dilation[axis] + 1;
    return Math.floor((layer.input_shape[1 + axis] + padding[axis][0] + padding[axis][1] - reach) / stride[axis]) + 1;
  });
}

// The weight of a filter's tap at row k, column m of the patch it looks at: filters are flipped, a true convolution.
export function tap(layer, filter, map, k, m) {
  const [, maps, rows, columns] = layer.config.filter_shape;
  return layer.weights.w[((filter * maps + map) * rows + rows - 1 - k) * columns + columns - 1 - m];
}

function convolve(layer, x) {
  const { filter_shape, padding, stride, dilation, groups } = layer.config;
  const [filters, maps, rows, columns] = filter_shape;
  const [, height, width] = layer.input_shape;
  const [high, wide] = convolvedSize(layer);
  const out = new Float64Array(filters * high * wide);
  for (let filter = 0; filter < filters; filter++) {
    const firstMap = Math.floor((filter * groups) / filters) * maps;
    for (let map = 0; map < maps; map++) {
      for (let k = 0; k < rows; k++) {
        for (let m = 0; m < columns; m++) {
          const weight = tap(layer, filter, map, k, m);
          const shift = m * dilation[1] - padding[1][0];
          const first = Math.max(0, Math.ceil(-shift / stride[1])); // columns whose pixel is inside of the image
          const end = Math.min(wide, Math.floor((width - 1 - shift) / stride[1]) + 1);
          for (let row = 0; row < high; row++) {
            const y = row * stride[0] + k * dilation[0] - padding[0][0];
            if (y < 0 || y >= height) continue;
            const from = ((firstMap + map) * height + y) * width + shift;
            const to = (filter * high + row) * wide;
            for (let column = first; column < end; column++) {
              out[to + column] += weight * x[from + column * stride[1]];
            }
          }
        }
      }
    }
  }
  return out;
}

// The maximum, the mean (padding counts as 0) or the square root of the sum of squares of a window's values.
export function pooled(mode, values, size) {
  if (mode === "max")
    return values.reduce((most, value) => (value > most || value !== value ? value : most), -Infinity);
  if (mode === "l2") return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.reduce((sum, value) => sum + value, 0) / size;
}

// The places [row, column] of the convolved map that a pooled value looks at; padding has none.
export function windowPlaces(layer, row, column) {
  const { poolsize, pool_stride, pool_padding } = layer.config;
  const [high, wide] = convolvedSize(layer);
  const places = [];
  for (let k = 0; k < poolsize[0]; k++) {
    for (let m = 0; m < poolsize[1]; m++) {
      const y = row * pool_stride[0] + k - pool_padding[0][0];
      const x = column * pool_stride[1] + m - pool_padding[1][0];
      if (y >= 0 && y < high && x >= 0 && x < wide) places.push([y, x]);
    }
  }
  return places;
}

function pool(layer, convolved) {
  const { pool: mode, poolsize } = layer.config;
  const [filters, rows, columns] = layer.output_shape;
  const [high, wide] = convolvedSize(layer);
  const out = new Float64Array(filters * rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const places = windowPlaces(layer, row, column).map(([y, x]) => y * wide + x);
      for (let filter = 0; filter < filters; filter++) {
        const values = places.map((place) => convolved[filter * high * wide + place]);
        out[(filter * rows + row) * columns + column] = pooled(mode, values, poolsize[0] * poolsize[1]);
      }
    }
  }
  return out;
}

// gamma (x - mean) / sqrt(variance + epsilon) + beta, of each feature
function normalize(layer, x, epsilon) {
  const { gamma, b, mean, variance } = layer.weights;
  const area = x.length / gamma.length;
  return x.map((value, k) => {
    const feature = Math.floor(k / area);
    return (gamma[feature] * (value - mean[feature])) / Math.sqrt(variance[feature] + epsilon) + b[feature];
  });
}

function convPool(layer, x) {
  const { batch_norm, activation_fn, epsilon } = layer.config;
  const convolved = convolve(layer, x);
  const pooledMaps = pool(layer, convolved);
  const area = layer.output_shape[1] * layer.output_shape[2];
  const z = batch_norm
    ? normalize(layer, pooledMaps, epsilon)
    : pooledMaps.map((value, k) => value + layer.weights.b[Math.floor(k / area)]);
  return { convolved, pooled: pooledMaps, z, output: activate(activation_fn, z, layer.output_shape[2]) };
}

function batchNorm(layer, x) {
  const z = normalize(layer, x, layer.config.epsilon);
  return { z, output: activate(layer.config.activation_fn, z, layer.output_shape.at(-1)) };
}

function globalPool(layer, x) {
  const area = sizeOf(layer.input_shape.slice(1));
  const output = Float64Array.from({ length: layer.input_shape[0] }, (_, map) =>
    pooled(layer.config.pool, x.subarray(map * area, (map + 1) * area), area),
  );
  return { output };
}

const dropout = (layer, x) => ({ output: x.map((value) => (1 - layer.config.p_dropout) * value) });

export const LAYERS = {
  BatchNormLayer: batchNorm,
  ConvPoolLayer: convPool,
  DropoutLayer: dropout,
  FullyConnectedLayer: dense,
  GlobalPoolLayer: globalPool,
  RegressionLayer: dense,
  SoftmaxLayer: dense,
};
