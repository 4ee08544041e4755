// Neurons as squares in rows, the shade of each its value; those of the last layer have labels.

import { colour, css } from "./colours.js";
import { element } from "./dom.js";

export class NeuronGrid {
  constructor(network, index, picked) {
    const last = index === network.layers.length - 1;
    this.count = network.layers[index].output_shape[0];
    this.labels = last && this.count <= 20 ? network.labels : null;
    this.cell = this.count <= 20 ? 27 : this.count <= 200 ? 24 : 16; // pixels of the page, the gap included
    this.columns = 1;
    const pick = (event) => {
      const unit = this.#unitAt(event);
      if (unit !== null) picked(unit);
    };
    const drag = (event) => event.buttons && event.pointerType === "mouse" && pick(event);
    this.canvas = element("canvas", { class: "neurons", onclick: pick, onpointermove: drag });
  }

  show(values, most, signed, marked) {
    const width = this.canvas.parentElement?.clientWidth || 320;
    const fitting = Math.max(1, Math.min(this.count, Math.floor(width / this.cell), this.count > 20 ? 25 : 20));
    this.columns = fitting > 10 && fitting < this.count ? fitting - (fitting % 5) : fitting;
    this.high = this.cell + (this.labels ? 16 : 0);
    const [wide, high] = [this.columns * this.cell, Math.ceil(this.count / this.columns) * this.high];
    const ratio = globalThis.devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [Math.round(wide * ratio), Math.round(high * ratio)];
    Object.assign(this.canvas.style, { width: `${wide}px`, height: `${high}px` });
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const size = this.cell - 3;
    for (let unit = 0; unit < this.count; unit++) {
      const [x, y] = [(unit % this.columns) * this.cell + 1.5, Math.floor(unit / this.columns) * this.high + 1.5];
      context.fillStyle = css(colour(values[unit], most, signed));
      context.strokeStyle = css(colour(0.3, 1, false));
      context.lineWidth = 1;
      context.beginPath();
      context.roundRect(x, y, size, size, 3);
      context.fill();
      context.stroke();
      if (unit === marked) {
        context.strokeStyle = css(colour(-1, 1, true));
        context.lineWidth = 2.5;
        context.stroke();
      }
      if (this.labels) {
        context.fillStyle = css(colour(0.8, 1, false));
        context.font = "12px system-ui, sans-serif";
        context.textAlign = "center";
        context.fillText(this.labels[unit], x + size / 2, y + size + 13);
      }
    }
  }

  #unitAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / this.cell);
    const unit = Math.floor((event.clientY - box.top) / this.high) * this.columns + column;
    return column >= 0 && column < this.columns && unit >= 0 && unit < this.count ? unit : null;
  }
}
