// Rounding, sums and percentiles as NumPy and Python compute them, so that prepared drawings agree to the last level.

// The 75th percentile, between two values by NumPy's linear interpolation, in the precision of `values`.
export function upperQuartile(values) {
  const sorted = values.slice().sort();
  const round = values instanceof Float32Array ? Math.fround : (value) => value;
  const place = 0.75 * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  const [share, difference] = [place - Math.floor(place), round(above - below)];
  return share >= 0.5 ? round(above - round(difference * (1 - share))) : round(below + round(difference * share));
}

export function roundHalfEven(value) {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

export const largest = (values) => values.reduce((most, value) => Math.max(most, value), 0);

// Sums in float32 in NumPy's order: a symmetric digit lies exactly between two pixels, and the rounding decides.
export function rowSums({ values, height, width }) {
  return Float32Array.from({ length: height }, (_, row) =>
    pairwiseSum(values.subarray(row * width, (row + 1) * width)),
  );
}

export function columnSums({ values, width }) {
  const sums = values.slice(0, width);
  for (let place = width; place < values.length; place++) sums[place % width] += values[place];
  return sums;
}

export function pairwiseSum(values) {
  const eighths = values.length - (values.length % 8);
  let sum = 0;
  if (eighths) {
    const r = values.slice(0, 8);
    for (let place = 8; place < eighths; place++) r[place % 8] += values[place];
    const add = (a, b) => Math.fround(a + b);
    sum = add(add(add(r[0], r[1]), add(r[2], r[3])), add(add(r[4], r[5]), add(r[6], r[7])));
  }
  return values.subarray(eighths).reduce((total, value) => Math.fround(total + value), sum);
}
