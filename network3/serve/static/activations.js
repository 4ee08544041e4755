// Activation functions, as in layers/activations.py: element by element, and the softmax of each row.

export const ACTIVATIONS = {
  linear: (z) => z,
  step: (z) => (z <= 0 ? 0 : z > 0 ? 1 : z),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
  ReLU: (z) => (z <= 0 ? 0 : z),
};

// e^z / sum of e^z over each row of `width` values.
export function softmax(z, width) {
  const a = new Float64Array(z.length);
  for (let start = 0; start < z.length; start += width) {
    const row = z.subarray(start, start + width);
    const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
    let sum = 0;
    for (let j = 0; j < width; j++) sum += a[start + j] = Math.exp(row[j] - largest);
    for (let j = 0; j < width; j++) a[start + j] /= sum;
  }
  return a;
}

// The activations of `z`, a Float64Array; `width` is the length of the last axis.
export function activate(name, z, width) {
  if (name === "softmax") return softmax(z, width);
  if (!(name in ACTIVATIONS)) throw new Error(`unknown activation: ${name}`);
  return z.map(ACTIVATIONS[name]);
}
