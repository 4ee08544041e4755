// A layer as pictures: its maps, or its neurons, with the value of each as a shade; and its filters.

import { extent, paint, paintMosaic, theme } from "./colours.js";
import { element, shown } from "./dom.js";
import { placeOf } from "./field.js";
import { tap } from "./layers.js";
import { NeuronGrid } from "./neuron_grid.js";
import { strings } from "./strings.js";

export class LayerView {
  // `picked(unit)` is called with the flat index of a neuron or place that the reader touches.
  constructor(network, index, picked) {
    [this.network, this.index, this.picked] = [network, index, picked];
    this.layer = network.layers[index];
    this.shape = this.layer.output_shape;
    this.unit = null;
    this.legend = element("span", { class: "legend" });
    const description = describe(this.layer);
    this.units = element("div", {
      class: this.shape.length === 3 ? "units maps" : "units",
      tabindex: 0,
      role: "application",
      "aria-label": strings.unitsLabel(title(this.layer, index), description[0]),
      onkeydown: (event) => this.step(event.key) && event.preventDefault(),
    });
    if (this.shape.length === 3) this.tiles = this.#makeTiles();
    else this.grid = new NeuronGrid(network, index, (unit) => this.picked(unit));
    this.units.append(...(this.tiles?.map(({ tile }) => tile) ?? [this.grid.canvas]));
    this.element = element(
      "section",
      { class: "layer" },
      element(
        "h3",
        {},
        element("span", { class: "ordinal" }, strings.layer(index)),
        strings.kinds[this.layer.kind],
      ),
      element("p", { class: "note" }, [...description, ""].join(" · "), this.legend),
      this.units,
      this.layer.kind === "ConvPoolLayer" ? this.#filters() : null,
    );
  }

  show(output) {
    this.output = output;
    const { least, most, largest, signed } = output ? extent(output) : { least: 0, most: 0, largest: 0, signed: false };
    this.legend.textContent = output ? strings.scale(shown(signed ? least : 0, 2), shown(most, 2)) : "";
    const values = output ?? new Float64Array(this.count);
    const [, rows, columns] = this.shape;
    this.tiles?.forEach(({ canvas }, map) => {
      paint(canvas, values.subarray(map * rows * columns, (map + 1) * rows * columns), rows, columns, largest, signed);
    });
    this.grid?.show(values, largest, signed, this.unit);
    if (this.filtersOf !== this.layer.weights || this.filtersTheme !== theme()) this.#paintFilters();
  }

  // Mark a unit, or none.
  mark(unit) {
    this.unit = unit;
    const place = unit === null ? [null] : placeOf(this.shape, unit);
    const box = { top: place[1], bottom: place[1], left: place[2], right: place[2] };
    this.tiles?.forEach(({ cursor }, map) => this.#put(cursor, map === place[0] ? box : null));
    // On a small screen the explanation covers the lower half.
    if (unit !== null) (this.tiles?.[place[0]].tile ?? this.grid.canvas).scrollIntoView({ block: "nearest" });
    if (this.grid && this.output) this.show(this.output);
  }

  // Mark what the next layer's unit looks at: a box of the maps from `first` up to `end`.
  markPatch(box, [first, end]) {
    this.tiles?.forEach(({ patch }, map) => this.#put(patch, map >= first && map < end ? box : null));
  }

  #put(mark, box) {
    mark.hidden = !box;
    if (box) placeBox(mark, box, this.shape.slice(1));
  }

  #makeTiles() {
    const [maps, rows, columns] = this.shape;
    return Array.from({ length: maps }, (_, map) => {
      const canvas = element("canvas", { width: columns, height: rows });
      const [cursor, patch] = [
        element("span", { class: "cursor", hidden: true }),
        element("span", { class: "patch", hidden: true }),
      ];
      const pick = (event) => {
        const box = canvas.getBoundingClientRect();
        const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
        const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
        if (row >= 0 && row < rows && column >= 0 && column < columns)
          this.picked((map * rows + row) * columns + column);
      };
      const drag = (event) => event.buttons && event.pointerType === "mouse" && pick(event);
      const tile = element("span", { class: "tile", onclick: pick, onpointermove: drag }, canvas, patch, cursor);
      return { tile, canvas, cursor, patch };
    });
  }

  #filters() {
    const { filter_shape } = this.layer.config;
    const [, maps, rows, columns] = filter_shape;
    this.filterCanvas = element("canvas", {
      class: maps > 1 ? "filters" : "filters few",
      role: "img",
      "aria-label": strings.filtersOf(filter_shape),
    });
    const scale = maps > 1 ? 3 : 6;
    this.filterCanvas.style.width = `${scale * ((maps > 1 ? maps : Math.min(10, filter_shape[0])) * (columns + 1) - 1)}px`;
    this.details = element(
      "details",
      { open: maps <= 3, ontoggle: () => this.#paintFilters() },
      element("summary", {}, strings.filters),
      maps > 1 ? element("p", { class: "note" }, strings.filtersNote) : null,
      element(
        "div",
        { class: "scrolling", tabindex: 0, role: "group", "aria-label": strings.filters },
        this.filterCanvas,
      ),
    );
    return this.details;
  }

  #paintFilters() {
    if (!this.details?.open) return;
    [this.filtersOf, this.filtersTheme] = [this.layer.weights, theme()]; // painted anew when one of them changes
    const [filters, maps, rows, columns] = this.layer.config.filter_shape;
    const pictures = Array.from({ length: filters * maps }, (_, number) =>
      Array.from({ length: rows * columns }, (_, place) =>
        tap(this.layer, Math.floor(number / maps), number % maps, Math.floor(place / columns), place % columns),
      ),
    );
    const { largest } = extent(this.layer.weights.w);
    paintMosaic(this.filterCanvas, pictures, rows, columns, maps > 1 ? maps : 10, largest, true);
  }

  // The directions in which there are other neurons or places.
  get directions() {
    const several = this.shape.length === 3 || this.count > this.grid.columns;
    return ["ArrowLeft", "ArrowRight", ...(several ? ["ArrowUp", "ArrowDown"] : [])];
  }

  get count() {
    return this.shape.reduce((product, size) => product * size, 1);
  }

  // Pick the neuron or place in the direction of a key; returns whether the key has one.
  step(key) {
    const area = this.shape.length === 3 ? this.shape[1] * this.shape[2] : 1;
    const width = this.shape.length === 3 ? this.shape[2] : this.grid.columns;
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width, PageUp: -area, PageDown: area };
    if (!(key in moves)) return false;
    this.picked(this.unit === null ? 0 : Math.min(this.count - 1, Math.max(0, this.unit + moves[key])));
    return true;
  }
}

// Lay a mark over a box {top, bottom, left, right} of a picture of [rows, columns].
export function placeBox(mark, { top, bottom, left, right }, [rows, columns]) {
  Object.assign(mark.style, {
    top: `${(100 * top) / rows}%`,
    left: `${(100 * left) / columns}%`,
    height: `${(100 * (bottom - top + 1)) / rows}%`,
    width: `${(100 * (right - left + 1)) / columns}%`,
  });
}

export const title = (layer, index) => `${strings.layer(index)}, ${strings.kinds[layer.kind]}`;

function describe(layer) {
  const { output_shape: shape, config } = layer;
  const units = shape.length === 3 ? strings.maps(shape) : strings.neurons(shape[0]);
  if (layer.kind === "GlobalPoolLayer") return [units, strings.pools[config.pool]];
  if (layer.kind !== "ConvPoolLayer") return [units, ...(config.activation_fn ? [config.activation_fn] : [])];
  const pool = config.poolsize[0] * config.poolsize[1] > 1 ? [strings.poolOf(config.pool, config.poolsize)] : [];
  return [units, strings.filtersOf(config.filter_shape.slice(2)), ...pool, config.activation_fn];
}
