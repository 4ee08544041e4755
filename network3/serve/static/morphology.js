// Distances and neighbourhoods in images {values, height, width}.

import { transpose } from "./resize.js";

// The squared distance of each pixel that is 1 from the nearest that is 0, or from outside of the image.
export function squaredDistances(mask) {
  const { height, width } = mask;
  const vertical = verticalDistances(mask);
  const out = new Float64Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const place = row * width + column;
      if (!mask.values[place]) continue;
      let best = Math.min(column + 1, width - column) ** 2;
      for (let x = 0; x < width; x++) {
        const squared = (x - column) ** 2 + vertical[row * width + x] ** 2;
        if (squared < best) best = squared;
      }
      out[place] = best;
    }
  }
  return out;
}

// The distance of each pixel from the nearest 0 in its column, or from the end of the column.
function verticalDistances(mask) {
  const { values, height, width } = transpose(mask); // rows are the mask's columns
  const out = new Float64Array(values.length);
  for (let start = 0; start < values.length; start += width) {
    for (let k = 0, run = 0; k < width; k++) out[start + k] = run = values[start + k] ? run + 1 : 0;
    for (let k = width - 1, run = 0; k >= 0; k--) {
      run = values[start + k] ? run + 1 : 0;
      out[start + k] = Math.min(out[start + k], run);
    }
  }
  return transpose({ values: out, height, width }).values;
}

// The largest or smallest value within a disk around each pixel; the image grows by the radius, with 0 outside.
export function overDisk({ values, height, width }, radius, choose) {
  const reach = Math.ceil(radius);
  const [high, wide] = [height + 2 * reach, width + 2 * reach];
  const out = new values.constructor(high * wide);
  const offsets = [];
  for (let y = -reach; y <= reach; y++) {
    for (let x = -reach; x <= reach; x++) if (x * x + y * y <= radius * radius) offsets.push([y, x]);
  }
  const at = (y, x) => (y < 0 || y >= height || x < 0 || x >= width ? 0 : values[y * width + x]);
  for (let row = 0; row < high; row++) {
    for (let column = 0; column < wide; column++) {
      let chosen = at(row - reach, column - reach);
      for (const [y, x] of offsets) chosen = choose(chosen, at(row - reach + y, column - reach + x));
      out[row * wide + column] = chosen;
    }
  }
  return { values: out, height: high, width: wide };
}
