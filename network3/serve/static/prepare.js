// A drawing in the form of MNIST: 28 x 28 grey levels, scaled to a box of 20 x 20, its centre of mass in the middle.
//
// The same numbers as preprocess_digit in Python for light ink on an empty field (datasets/photos); what that function
// does for photographs, such as finding the sheet of paper, is not here.

import { cropped, findInk, withoutSpecks } from "./ink.js";
import { overDisk, squaredDistances } from "./morphology.js";
import { resize } from "./resize.js";
import { columnSums, largest, pairwiseSum, roundHalfEven, rowSums, upperQuartile } from "./rounding.js";

const [MNIST_FIELD, BOX] = [28, 20];
const STROKE_WIDTH = 2.2; // pixels in the box, about that of MNIST's strokes
const MAX_THINNING_SIDE = 128;
const FAINT = 0.1; // darkness of what is no ink

// The grey levels (uint8, 28 x 28) of a drawing {values, height, width} of grey levels; null if there is no digit.
export function prepare(drawing) {
  const ink = findInk(drawing);
  const strokes = ink && withoutSpecks(ink);
  if (!strokes) return null;
  const digit = normalizeStroke(cropped(strokes, FAINT));
  return centreInField(scaleToBox(cropped(digit, 0.1)));
}

// Thicken or thin strokes whose width is far from that of MNIST.
function normalizeStroke(ink) {
  const side = Math.max(ink.height, ink.width);
  const expected = (STROKE_WIDTH * side) / BOX;
  const width = strokeWidth(ink);
  let radius = width < expected ? (expected - width) / 2 : (1.8 * expected - width) / 2;
  if (Math.abs(radius) < 0.5 || expected < 0.8 * STROKE_WIDTH || (width >= expected && radius > 0)) return ink;
  if (radius < 0 && side > MAX_THINNING_SIDE) return normalizeStroke(clipped(scaled(ink, MAX_THINNING_SIDE / side)));
  radius = Math.max(radius, -expected);
  const changed = overDisk(ink, Math.abs(radius), radius > 0 ? Math.max : Math.min);
  return radius > 0 || largest(changed.values) > 0.5 ? changed : ink;
}

// In a stroke of width w, the mean distance to its edge is w / 4.
function strokeWidth(ink) {
  const inside = Uint8Array.from(ink.values, (value) => (value > 0.5 ? 1 : 0));
  const distances = squaredDistances({ ...ink, values: inside });
  let [sum, count] = [0, 0];
  inside.forEach((is, place) => {
    if (!is) return;
    sum += Math.sqrt(distances[place]);
    count += 1;
  });
  return (4 * sum) / Math.max(1, count) - 1;
}

// The digit in the size of the box, its strokes at full brightness.
function scaleToBox(ink) {
  const small = clipped(scaled(ink, BOX / Math.max(ink.height, ink.width)));
  const least = largest(small.values) / 4;
  const core = upperQuartile(small.values.filter((value) => value > least));
  return { ...small, values: small.values.map((value) => Math.min(1, Math.max(0, value / core))) };
}

function scaled(ink, scale) {
  const [height, width] = [ink.height, ink.width].map((side) => Math.max(1, roundHalfEven(side * scale)));
  return resize(ink, height, width);
}

const clipped = (image) => ({ ...image, values: image.values.map((value) => Math.min(1, Math.max(0, value))) });

function centreInField(ink) {
  const field = new Uint8Array(MNIST_FIELD * MNIST_FIELD);
  const masses = [rowSums(ink), columnSums(ink)];
  const [top, left] = masses.map((mass) => {
    const moment = mass.reduce((sum, value, place) => sum + value * place, 0);
    const offset = roundHalfEven(MNIST_FIELD / 2 - moment / pairwiseSum(mass));
    return Math.min(Math.max(0, offset), MNIST_FIELD - mass.length);
  });
  ink.values.forEach((value, place) => {
    const level = roundHalfEven(Math.fround(255 * value));
    const row = top + Math.floor(place / ink.width);
    field[row * MNIST_FIELD + left + (place % ink.width)] = level < 8 ? 0 : level;
  });
  return field;
}
