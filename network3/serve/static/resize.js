// Bicubic interpolation as Pillow computes it for images of float32: antialiased, rows first, then columns.

const A = -0.5; // of Keys's cubic kernel
const SUPPORT = 2;

function cubic(x) {
  const t = Math.abs(x);
  if (t < 1) return ((A + 2) * t - (A + 3)) * t * t + 1;
  return t < 2 ? (((t - 5) * t + 8) * t - 4) * A : 0;
}

// For each output pixel its first input pixel and the weights from there on.
function kernels(from, to) {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - SUPPORT * stretch + 0.5));
    const end = Math.min(from, Math.trunc(centre + SUPPORT * stretch + 0.5));
    const weights = [];
    let sum = 0;
    for (let x = first; x < end; x++) {
      weights.push(cubic((x - centre + 0.5) * (1 / stretch)));
      sum += weights.at(-1);
    }
    return { first, weights: weights.map((weight) => (sum === 0 ? weight : weight * (1 / sum))) };
  });
}

function resizeRows({ values, height, width }, wide) {
  const taps = kernels(width, wide);
  const out = new Float32Array(height * wide);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < wide; column++) {
      const { first, weights } = taps[column];
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += values[row * width + first + k] * weights[k];
      out[row * wide + column] = sum;
    }
  }
  return { values: out, height, width: wide };
}

export function transpose({ values, height, width }) {
  const out = new values.constructor(values.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) out[column * height + row] = values[row * width + column];
  }
  return { values: out, height: width, width: height };
}

// An image {values, height, width} in another size, as float32.
export function resize(image, height, width) {
  const rounded = { ...image, values: Float32Array.from(image.values) };
  const across = width === image.width ? rounded : resizeRows(rounded, width);
  return height === image.height ? across : transpose(resizeRows(transpose(across), height));
}
