// What is trained, how, and the buttons: the server is asked, and its state is shown.

import { element } from "./dom.js";
import { get, latest, post } from "./live_api.js";
import { Composer } from "./live_compose.js";
import { button, choice, number, rate } from "./live_inputs.js";
import { words } from "./live_strings.en.js";

const OWN = "own network";
const AGAIN = "again";
const ACTIVE = ["preparing", "running", "paused"];
const SETTINGS = { epochs: 10, mini_batch_size: 10, eta: 0.1, lmbda: 0, images: 50000, seed: 0 };

export class Controls {
  constructor(catalogue) {
    this.catalogue = Object.fromEntries(catalogue.map((run) => [run.name, run]));
    this.settings = { ...SETTINGS };
    this.composer = new Composer();
    this.status = element("p", { class: "status", role: "status" });
    this.problem = element("p", { class: "problem", role: "alert", hidden: true });
    this.note = element("p", { class: "note" });
    this.what = choice(words.what, this.#options(), OWN, (name) => this.choose(name));
    this.fields = Object.fromEntries(
      Object.keys(SETTINGS).map((name) => [name, number(words.settings[name], SETTINGS[name], (value) => (this.settings[name] = value))]),
    );
    const asked = (path, values) => () => this.#ask(() => post(path, typeof values === "function" ? values() : values));
    this.buttons = {
      start: button(words.start, asked("start", () => this.#request()), { class: "primary" }),
      pause: button(words.pause, asked("pause")),
      resume: button(words.resume, asked("resume"), { class: "primary" }),
      stop: button(words.stop, asked("stop")),
    };
    const sent = latest((name, value) => this.#ask(() => post("rates", { [name]: value })));
    this.rates = {
      eta: rate(words.settings.eta, 0.1, (value) => sent("eta", value), 1e-4, 10),
      lmbda: rate(words.settings.lmbda, 0, (value) => sent("lmbda", value), 1e-4, 100),
    };
    this.name = element("input", { type: "text", value: "my-network", "aria-label": words.saveName, maxlength: 40, spellcheck: false });
    this.live = element("fieldset", { class: "live" }, element("legend", {}, words.live), this.rates.eta.element, this.rates.lmbda.element, element("p", { class: "note" }, words.liveNote));
    this.keep = element(
      "div",
      { class: "row keep" },
      this.name,
      button(words.save, () => this.#ask(async () => this.#tell(await post("save", { name: this.name.value })))),
      element("a", { href: "page.html", download: "" }, words.exported),
    );
    this.element = element(
      "div",
      { class: "controls" },
      element("div", { class: "row" }, this.what.element),
      this.note,
      this.composer.element,
      element("div", { class: "row settings" }, ...Object.values(this.fields).map((field) => field.element)),
      element("div", { class: "row actions" }, ...Object.values(this.buttons)),
      this.status,
      this.problem,
      this.live,
      this.keep,
    );
    this.choose(OWN);
  }

  // Choose a run by name, as if the reader had.
  choose(name) {
    this.chosen = name;
    this.what.input.value = name;
    const run = this.catalogue[name];
    this.composer.element.hidden = name !== OWN;
    this.note.textContent = run?.description ?? "";
    this.settings = { ...SETTINGS, ...run?.settings };
    for (const [key, field] of Object.entries(this.fields)) field.input.value = this.settings[key];
  }

  // Show the state of the server.
  show(state) {
    const active = ACTIVE.includes(state.status);
    this.status.textContent = words.status[state.status];
    this.status.dataset.status = state.status;
    const hidden = { start: active, pause: state.status !== "running", resume: state.status !== "paused", stop: !active };
    const focused = Object.values(this.buttons).includes(document.activeElement);
    for (const [name, hides] of Object.entries(hidden)) this.buttons[name].hidden = hides;
    if (focused && document.activeElement?.hidden) Object.values(this.buttons).find((one) => !one.hidden)?.focus();
    this.live.hidden = !active;
    this.keep.hidden = !state.layers.length;
    for (const part of [this.what.element, this.note, this.composer.element, this.fields.epochs.element.parentElement]) part.inert = active;
    this.composer.element.hidden = active || this.chosen !== OWN;
    const again = [...this.what.input.options].find((option) => option.value === AGAIN);
    again.disabled = !state.layers.length;
    for (const [name, slider] of Object.entries(this.rates)) {
      if (name in state.settings && document.activeElement !== slider.input) slider.show(state.settings[name]);
    }
    this.#fail(state.status === "failed" ? state.message : "");
  }

  #options() {
    const runs = Object.values(this.catalogue).map((run) => [run.name, words.ofCatalogue(run.row, run.name)]);
    return { [OWN]: words.own, [AGAIN]: words.again, ...Object.fromEntries(runs) };
  }

  #request() {
    const what = this.chosen === OWN ? this.composer.request : this.chosen === AGAIN ? { again: true } : { run: this.chosen };
    return { ...what, settings: this.settings };
  }

  #tell({ folder, files }) {
    this.status.textContent = words.saved(folder, files);
  }

  async #ask(request) {
    this.#fail("");
    try {
      await request();
    } catch (error) {
      this.#fail(error.message);
    }
  }

  #fail(message) {
    this.problem.textContent = message;
    this.problem.hidden = !message;
  }
}

export const loadControls = async () => new Controls(await get("catalogue"));
