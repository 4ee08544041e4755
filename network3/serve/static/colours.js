// Numbers as colours: activations from paper to ink, weights from orange (negative) over paper to blue (positive).
// Orange and blue are told apart with every kind of colour vision, and by their sign in the numbers beside them.

const THEMES = {
  light: { paper: [247, 245, 240], ink: [22, 40, 58], negative: [190, 84, 18], positive: [20, 96, 160] },
  dark: { paper: [27, 33, 41], ink: [238, 242, 246], negative: [240, 145, 70], positive: [95, 175, 240] },
};

export function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

const mixed = (from, to, share) => from.map((value, k) => value + (to[k] - value) * share);

// The colour [r, g, b] of a value, on a scale to `most`; with `signed`, negative values have a colour of their own.
export function colour(value, most, signed) {
  const { paper, ink, negative, positive } = THEMES[theme()];
  const share = most > 0 ? Math.min(1, Math.abs(value) / most) : 0;
  if (Number.isNaN(value)) return NOT_A_NUMBER.slice(0, 3);
  if (!signed) return mixed(paper, ink, value > 0 ? share : 0);
  return mixed(paper, value < 0 ? negative : positive, share);
}

export const css = (rgb) => `rgb(${rgb.map(Math.round).join(" ")})`;

export function extent(values) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most, largest: Math.max(Math.abs(least), Math.abs(most)), signed: least < 0 };
}

// Paint values of `height` rows, a pixel each; the style of the page enlarges the canvas. Null stays transparent.
export function paint(canvas, values, height, width, most, signed) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const shades = shadesOf(signed);
  for (let place = 0; place < width * height; place++) {
    const value = values[place];
    if (value === null) continue;
    const share = most > 0 ? Math.min(1, Math.max(-1, value / most)) : 0;
    image.data.set(Number.isNaN(value) ? NOT_A_NUMBER : shades[Math.round(255 * share) + 255], 4 * place);
  }
  context.putImageData(image, 0, 0);
}

const NOT_A_NUMBER = [200, 30, 120, 255];
const tables = new Map();

// The colours of the shares from -1 to 1, in steps of 1/255, in the present theme.
function shadesOf(signed) {
  const key = `${theme()} ${signed}`;
  if (!tables.has(key)) {
    const colours = Array.from({ length: 511 }, (_, step) => colour((step - 255) / 255, 1, signed));
    tables.set(
      key,
      colours.map((rgb) => Uint8Array.from([...rgb.map(Math.round), 255])),
    );
  }
  return tables.get(key);
}

// Pictures of `height` x `width` side by side, `across` in a row, with a transparent pixel between them.
export function paintMosaic(canvas, pictures, height, width, across, most, signed) {
  const down = Math.ceil(pictures.length / across);
  const [high, wide] = [down * (height + 1) - 1, Math.min(across, pictures.length) * (width + 1) - 1];
  const values = new Array(high * wide).fill(null);
  pictures.forEach((picture, number) => {
    const [top, left] = [Math.floor(number / across) * (height + 1), (number % across) * (width + 1)];
    picture.forEach((value, place) => {
      values[(top + Math.floor(place / width)) * wide + left + (place % width)] = value;
    });
  });
  paint(canvas, values, high, wide, most, signed);
}
