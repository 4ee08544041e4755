// Lines over an axis, as SVG: few ticks, the last value beside each line's name.

import { element, shown } from "./dom.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [460, 190, 64, 24, 14];
const NAMESPACE = "http://www.w3.org/2000/svg";
const MOST_POINTS = 400;

function svg(tag, attributes, ...children) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A number of a logarithmic axis.
export const digits = (value) => (value >= 0.001 && value < 1e4 ? String(Number(value.toPrecision(2))) : shown(value, 2));

export class Plot {
  // `logarithmic` for values over several powers of ten; `form` turns a value into text, `tick` one of the axis; `least`
  // and `most` are limits of the vertical axis that are always in sight.
  constructor(title, { unit = "", logarithmic = false, form = (value) => shown(value, 2), tick = form, least = null, most = null } = {}) {
    Object.assign(this, { title, unit, logarithmic, form, tick, least, most, lines: [] });
    this.picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
    this.legend = element("ul", { class: "legend" });
    this.element = element("figure", { class: "plot" }, element("figcaption", {}, title), this.picture, this.legend);
  }

  // Show lines [{name, points: [[x, y], ...], dashed}]; values that are null or not finite are left out.
  show(lines) {
    this.lines = lines;
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.#draw();
    });
  }

  #draw() {
    const lines = this.lines.map((line) => ({ ...line, points: thinned(line.points.filter(([, y]) => this.#usable(y))) }));
    const points = lines.flatMap((line) => line.points);
    const words = lines.filter(({ points }) => points.length).map(({ name, points }) => `${name} ${this.form(points.at(-1)[1])}`);
    this.picture.setAttribute("aria-label", [this.title, ...words].join(", "));
    this.legend.replaceChildren(
      ...lines.map(({ name, points, dashed }, k) =>
        element("li", { class: `line${k % 8}${dashed ? " dashed" : ""}` }, `${name} `, element("b", {}, points.length ? this.form(points.at(-1)[1]) : "")),
      ),
    );
    if (!points.length) {
      this.picture.replaceChildren();
      return;
    }
    const across = scale(points.map(([x]) => x), LEFT, WIDTH - 8);
    const limits = [this.least, this.most].filter((limit) => limit !== null);
    const heights = [...points.map(([, y]) => y), ...limits].map((y) => this.#height(y));
    const up = scale(heights, HEIGHT - BOTTOM, TOP);
    const place = ([x, y]) => `${across.at(x).toFixed(1)},${up.at(this.#height(y)).toFixed(1)}`;
    this.picture.replaceChildren(
      ...this.#ticks(up),
      svg("text", { x: LEFT, y: HEIGHT - 6 }, across.least.toLocaleString("en")),
      svg("text", { x: WIDTH - 8, y: HEIGHT - 6, "text-anchor": "end" }, `${across.most.toLocaleString("en")} ${this.unit}`),
      ...lines.map(({ points, dashed }, k) =>
        points.length === 1
          ? svg("circle", { class: `line${k % 8}`, r: 2.5, cx: across.at(points[0][0]), cy: up.at(this.#height(points[0][1])) })
          : svg("polyline", { class: `line${k % 8}${dashed ? " dashed" : ""}`, points: points.map(place).join(" ") }),
      ),
    );
  }

  #ticks(up) {
    return [up.least, (up.least + up.most) / 2, up.most].flatMap((height) => {
      const y = up.at(height);
      const value = this.logarithmic ? 10 ** height : height;
      return [svg("line", { x1: LEFT, x2: WIDTH - 8, y1: y, y2: y }), svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, this.tick(value))];
    });
  }

  #usable(y) {
    return y !== null && Number.isFinite(y) && (!this.logarithmic || y > 0);
  }

  #height(y) {
    return this.logarithmic ? Math.log10(y) : y;
  }
}

function scale(values, from, to) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const span = most - least || Math.abs(most) || 1;
  return { least, most, at: (value) => from + ((value - least) / span) * (to - from) };
}

// Few enough points to draw: means of neighbours.
function thinned(points) {
  const each = Math.ceil(points.length / MOST_POINTS);
  if (each <= 1) return points;
  const groups = Math.ceil(points.length / each);
  return Array.from({ length: groups }, (_, k) => {
    const group = points.slice(k * each, (k + 1) * each);
    return [group.at(-1)[0], group.reduce((sum, [, y]) => sum + y, 0) / group.length];
  });
}
