// Which part of the input a neuron looks at: its receptive field, a box of rows and columns.

import { convolvedSize } from "./layers.js";

// The place [map, row, column] or [neuron] of a flat index.
export function placeOf(shape, unit) {
  if (shape.length === 1) return [unit];
  const [, rows, columns] = shape;
  return [Math.floor(unit / (rows * columns)), Math.floor(unit / columns) % rows, unit % columns];
}

// The box {top, bottom, left, right}, all included, of the network's input that the unit of a layer looks at.
export function receptiveField(network, index, unit) {
  let box = inputBox(network.layers[index], unit);
  for (let k = index - 1; k >= 0; k--) box = boxBefore(network.layers[k], box);
  const [rows, columns] = network.inputShape.slice(-2);
  return box ?? { top: 0, bottom: rows - 1, left: 0, right: columns - 1 };
}

// The box of the layer's own input that a unit looks at; null for all of it.
export function inputBox(layer, unit) {
  const [, row, column] = placeOf(layer.output_shape, unit);
  return boxBefore(
    layer,
    layer.output_shape.length === 3 ? { top: row, bottom: row, left: column, right: column } : null,
  );
}

// The maps of the layer's input that a unit looks at: from the first up to the end, which is excluded.
export function mapsSeen(layer, unit) {
  const [map] = placeOf(layer.output_shape, unit);
  if (layer.kind !== "ConvPoolLayer") return [map, map + 1];
  const { filter_shape, groups } = layer.config;
  const first = Math.floor((map * groups) / filter_shape[0]) * filter_shape[1];
  return [first, first + filter_shape[1]];
}

// The box of a layer's input that a box of its output looks at; null for all of it.
function boxBefore(layer, box) {
  if (layer.kind === "BatchNormLayer" || layer.kind === "DropoutLayer") return box;
  if (layer.kind !== "ConvPoolLayer" || box === null) return null;
  const [rows, columns] = [0, 1].map((axis) =>
    alongAxis(layer, axis, axis ? [box.left, box.right] : [box.top, box.bottom]),
  );
  return { top: rows[0], bottom: rows[1], left: columns[0], right: columns[1] };
}

function alongAxis(layer, axis, [first, last]) {
  const { filter_shape, padding, stride, dilation, poolsize, pool_stride, pool_padding } = layer.config;
  const before = pool_padding[axis][0];
  const start = Math.max(0, first * pool_stride[axis] - before);
  const end = Math.min(convolvedSize(layer)[axis] - 1, last * pool_stride[axis] + poolsize[axis] - 1 - before);
  const reach = (filter_shape[2 + axis] - 1) * dilation[axis];
  const inside = (pixel) => Math.min(layer.input_shape[1 + axis] - 1, Math.max(0, pixel));
  return [inside(start * stride[axis] - padding[axis][0]), inside(end * stride[axis] + reach - padding[axis][0])];
}
