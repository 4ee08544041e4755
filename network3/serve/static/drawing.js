// A drawing: strokes of a round pen, as grey levels on an empty field with a margin that no stroke enters.
//
// The margin is as wide as it must be for preprocess_digit in Python to see neither a cut-off digit nor ruled paper.

export const SIDE = 200; // pixels of the area for drawing
export const MARGIN = 40;
export const FIELD = SIDE + 2 * MARGIN;
export const PEN = 8; // pixels, radius
const LEAST = 16; // grey levels; fainter pixels at the edge of a stroke stay empty

export class Drawing {
  constructor() {
    this.strokes = []; // lists of points [x, y] from 0 to 1
    this.levels = new Uint8Array(FIELD * FIELD);
  }

  get empty() {
    return this.strokes.length === 0;
  }

  begin(point) {
    this.strokes.push([point]);
    this.#line(point, point);
  }

  extend(point) {
    const stroke = this.strokes.at(-1);
    this.#line(stroke.at(-1), point);
    stroke.push(point);
  }

  undo() {
    this.replace(this.strokes.slice(0, -1));
  }

  clear() {
    this.replace([]);
  }

  replace(strokes) {
    this.strokes = [];
    this.levels.fill(0);
    for (const [first, ...others] of strokes) {
      this.begin(first);
      others.forEach((point) => this.extend(point));
    }
  }

  // Darken the pixels near the line between two points, by their distance from it.
  #line(from, to) {
    const [[x0, y0], [x1, y1]] = [from, to].map((point) => point.map(toPixels));
    const [dx, dy] = [x1 - x0, y1 - y0];
    const length = dx * dx + dy * dy;
    const reach = PEN + 1;
    for (let y = Math.floor(Math.min(y0, y1) - reach); y <= Math.max(y0, y1) + reach; y++) {
      for (let x = Math.floor(Math.min(x0, x1) - reach); x <= Math.max(x0, x1) + reach; x++) {
        const along = length ? Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length)) : 0;
        const distance = Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
        const level = Math.round(255 * Math.min(1, Math.max(0, PEN + 0.5 - distance)));
        const place = y * FIELD + x;
        if (level >= LEAST && level > this.levels[place]) this.levels[place] = level;
      }
    }
  }
}

// A coordinate from 0 to 1 as the pixel of the field where the pen's centre is, the pen's width away from the margin.
function toPixels(coordinate) {
  const inside = Math.min(1, Math.max(0, coordinate));
  return MARGIN - 0.5 + Math.min(SIDE - PEN, Math.max(PEN, inside * SIDE));
}
