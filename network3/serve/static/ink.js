// The ink of a drawing: its darkness, without specks, and the box around it.

import { largest, upperQuartile } from "./rounding.js";

const SPECK = 0.04; // area of a part of a digit, relative to the largest part

// The darkness of each pixel, from 0 to 1, of a drawing of grey levels; null if it is empty.
export function findInk(drawing) {
  const darkest = largest(drawing.values);
  if (darkest < 20) return null;
  const full = upperQuartile(Float64Array.from(drawing.values).filter((level) => level > darkest / 2));
  return { ...drawing, values: Float64Array.from(drawing.values, (level) => Math.min(1, level / full)) };
}

// The ink of the parts that are large enough, with their soft edges: what is within two pixels of them. Null if there
// is none.
export function withoutSpecks(ink) {
  const { labels, sizes } = connectedParts(ink);
  const most = Math.max(0, ...sizes);
  if (most < 6) return null;
  const near = new Uint8Array(labels.length);
  labels.forEach((label, place) => {
    if (label && sizes[label] >= Math.max(3, SPECK * most)) paintNeighbours(near, ink, place, 2);
  });
  return { ...ink, values: ink.values.map((value, place) => (near[place] ? value : 0)) };
}

function paintNeighbours(mask, { height, width }, place, distance) {
  const [row, column] = [Math.floor(place / width), place % width];
  for (let y = Math.max(0, row - distance); y <= Math.min(height - 1, row + distance); y++) {
    mask.fill(1, y * width + Math.max(0, column - distance), y * width + Math.min(width - 1, column + distance) + 1);
  }
}

// Labels from 1 of the parts whose pixels touch, also at corners, and their sizes.
function connectedParts({ values, height, width }) {
  const labels = new Int32Array(values.length);
  const sizes = [0];
  for (let start = 0; start < values.length; start++) {
    if (labels[start] || values[start] <= 0.35) continue;
    const label = sizes.push(0) - 1;
    const open = [start];
    labels[start] = label;
    while (open.length) {
      const place = open.pop();
      sizes[label] += 1;
      const [row, column] = [Math.floor(place / width), place % width];
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          const next = y * width + x;
          if (labels[next] || values[next] <= 0.35) continue;
          labels[next] = label;
          open.push(next);
        }
      }
    }
  }
  return { labels, sizes };
}

// The box around what is darker than `least`.
export function cropped({ values, height, width }, least) {
  let [top, bottom, left, right] = [height, -1, width, -1];
  values.forEach((value, place) => {
    if (!(value > least)) return;
    const [row, column] = [Math.floor(place / width), place % width];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
  });
  const [high, wide] = [bottom - top + 1, right - left + 1];
  const out = new values.constructor(high * wide);
  for (let row = 0; row < high; row++) {
    const start = (top + row) * width + left;
    out.set(values.subarray(start, start + wide), row * wide);
  }
  return { values: out, height: high, width: wide };
}
