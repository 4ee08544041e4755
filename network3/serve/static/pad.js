// The area for drawing, for finger, pen, mouse and keyboard, and what it shows: the strokes, or a test image.

import { css, colour, paint } from "./colours.js";
import { element } from "./dom.js";
import { Drawing, MARGIN, PEN, SIDE } from "./drawing.js";
import { strings } from "./strings.js";

const STEP = 0.02; // of the side, of an arrow key

export class Pad {
  // `changed` is called after every change of the drawing; `announce` with words for a screen reader.
  constructor(changed, announce) {
    this.drawing = new Drawing();
    [this.changed, this.announce] = [changed, announce];
    this.cursor = [0.5, 0.5];
    this.keyboard = { used: false, down: false };
    this.example = null;
    this.canvas = element("canvas", {
      class: "pad",
      tabindex: 0,
      role: "application",
      "aria-label": strings.padLabel,
      onpointerdown: (event) => this.#press(event),
      onpointermove: (event) => this.#move(event),
      onpointerup: () => (this.pointer = null),
      onpointercancel: () => (this.pointer = null),
      onkeydown: (event) => this.#key(event),
      onblur: () => this.#lift(),
    });
    const button = (name, act) => element("button", { type: "button", onclick: act }, name);
    this.element = element(
      "div",
      {},
      this.canvas,
      element(
        "div",
        { class: "buttons" },
        button(strings.undo, () => this.#edit(() => this.drawing.undo())),
        button(strings.clear, () => this.clear()),
      ),
    );
  }

  clear() {
    this.#edit(() => this.drawing.clear());
  }

  // Show a test image of 28 x 28 grey levels instead of a drawing.
  showExample(levels) {
    this.drawing.clear();
    this.example = levels;
    this.show();
  }

  show() {
    if (this.example) {
      paint(this.canvas, this.example, 28, 28, 255, false);
      return;
    }
    const size = Math.round(this.canvas.clientWidth * (globalThis.devicePixelRatio || 1)) || 280;
    [this.canvas.width, this.canvas.height] = [size, size];
    const context = this.canvas.getContext("2d");
    const scale = size / SIDE;
    context.fillStyle = css(colour(0, 1, false));
    context.fillRect(0, 0, size, size);
    context.strokeStyle = context.fillStyle = css(colour(1, 1, false));
    context.lineWidth = 2 * PEN * scale;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.drawing.strokes) {
      const points = stroke.map((point) => point.map((part) => inside(part) * size));
      context.beginPath();
      points.forEach(([x, y]) => context.lineTo(x, y));
      if (points.length === 1) context.lineTo(points[0][0], points[0][1] + 0.01);
      context.stroke();
    }
    this.#hint(context, size);
  }

  #hint(context, size) {
    if (this.drawing.empty && !this.keyboard.used) {
      context.globalAlpha = 0.55;
      context.font = `${size * 0.07}px system-ui, sans-serif`;
      context.textAlign = "center";
      context.fillText(strings.padHint, size / 2, size / 2);
      context.globalAlpha = 1;
    }
    if (this.keyboard.used) {
      context.strokeStyle = css(colour(1, 1, true));
      context.lineWidth = size / 100;
      context.beginPath();
      context.arc(...this.cursor.map((part) => inside(part) * size), (PEN * size) / SIDE, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  #edit(change) {
    this.example = null;
    change();
    this.show();
    this.changed();
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  #press(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture?.(event.pointerId);
    this.pointer = event.pointerId;
    this.keyboard = { used: false, down: false };
    this.#edit(() => this.drawing.begin(this.#point(event)));
  }

  #move(event) {
    if (this.pointer !== event.pointerId) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.#edit(() => (events.length ? events : [event]).forEach((each) => this.drawing.extend(this.#point(each))));
  }

  #key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === " ") {
      event.preventDefault();
      this.keyboard = { used: true, down: !this.keyboard.down };
      this.announce(this.keyboard.down ? strings.penDown : strings.penUp);
      if (this.keyboard.down) this.#edit(() => this.drawing.begin(this.cursor));
      else this.show();
    } else if (event.key in moves) {
      event.preventDefault();
      this.keyboard.used = true;
      this.cursor = this.cursor.map((part, axis) => Math.min(1, Math.max(0, part + STEP * moves[event.key][axis])));
      if (this.keyboard.down) this.#edit(() => this.drawing.extend(this.cursor));
      else this.show();
    }
  }

  #lift() {
    if (!this.keyboard.used) return;
    this.keyboard = { used: false, down: false };
    this.show();
  }
}

const inside = (part) => Math.min(1 - PEN / SIDE, Math.max(PEN / SIDE, part));
