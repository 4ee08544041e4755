// The page: a drawing, what the networks make of it, and the explanation of any value.
//
// start(root, {networks, examples, header}) fills an element; `header` is false where the page has a title of its own. A
// live page calls replaceNetwork(place, description) and setWeights(place, weights) of what it returns; setInput(levels)
// shows an image of 28 x 28 grey levels, and setTheme("dark" or "light") overrides the system's.

import { paint, theme } from "./colours.js";
import { element } from "./dom.js";
import { FIELD } from "./drawing.js";
import { Inspector } from "./inspector.js";
import { placeBox } from "./layer_view.js";
import { decodeLevels, fromLevels } from "./network.js";
import { NetworkView } from "./network_view.js";
import { Pad } from "./pad.js";
import { prepare } from "./prepare.js";
import { strings } from "./strings.js";

export const start = (root, given) => new Page(root, given);

class Page {
  constructor(root, { networks, examples = [], header = true }) {
    this.descriptions = networks;
    this.shownPlaces = networks.length > 1 ? [0, 1] : [0];
    this.levels = null;
    this.selected = null; // {view, index, unit}
    this.announcer = element("p", { class: "unseen", "aria-live": "polite" });
    this.pad = new Pad(
      () => this.#later(),
      (words) => this.#announce(words),
    );
    this.inspector = new Inspector(
      () => this.#select(null),
      (key) => this.selected.view.layers[this.selected.index].step(key),
    );
    this.answers = element("div", { class: "answers" });
    this.networks = element("div", { class: "networks" });
    this.choices = element("div", { class: "choices" });
    root.lang = strings.language;
    root.classList.add("network3-page");
    root.addEventListener("keydown", (event) => event.key === "Escape" && this.#select(null));
    root.replaceChildren(...(header ? [this.#header()] : []), this.#main(examples), this.announcer);
    this.#build();
    this.pad.show();
    addEventListener("resize", () => this.#repaint());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#repaint());
  }

  setInput(levels) {
    this.levels = levels;
    this.pad.showExample(levels);
    this.#update();
  }

  replaceNetwork(place, description) {
    this.descriptions[place] = description;
    this.#build();
  }

  setWeights(place, weights) {
    this.views.filter((view) => view.place === place).forEach((view) => view.network?.setWeights(weights));
    this.#update();
  }

  setTheme(name) {
    document.documentElement.dataset.theme = name;
    this.#repaint();
  }

  #header() {
    const toggle = () => this.setTheme(theme() === "dark" ? "light" : "dark");
    return element(
      "header",
      {},
      element("a", { class: "skip", href: "#layers" }, strings.skip),
      element("div", {}, element("h1", {}, strings.title), element("p", { class: "lead" }, strings.lead)),
      element("button", { type: "button", class: "theme", onclick: toggle, "aria-label": strings.theme }, "◐"),
    );
  }

  #main(examples) {
    this.seen = element("canvas", { width: 28, height: 28, role: "img", "aria-label": strings.seenLabel });
    this.field = element("span", { class: "cursor", hidden: true });
    const buttons = examples.map(({ label, levels }) =>
      element(
        "button",
        { type: "button", "aria-label": strings.example(label), onclick: () => this.setInput(decodeLevels(levels)) },
        label,
      ),
    );
    return element(
      "main",
      {},
      element(
        "section",
        { class: "top" },
        element("div", { class: "drawing" }, element("h2", {}, strings.draw), this.pad.element),
        element(
          "div",
          { class: "seen" },
          element("h2", {}, strings.seen),
          element("span", { class: "tile" }, this.seen, this.field),
          element("p", { class: "note" }, strings.seenNote),
          buttons.length
            ? element("div", { class: "examples" }, element("p", { class: "note" }, strings.examples), ...buttons)
            : null,
        ),
        element("div", { class: "result-column" }, element("h2", {}, strings.answer), this.choices, this.answers),
      ),
      element(
        "div",
        { class: "below" },
        element("div", { id: "layers", tabindex: -1 }, element("h2", {}, strings.layers), this.networks),
        this.inspector.element,
      ),
    );
  }

  // Make the views of the networks that are shown.
  #build() {
    this.selected = null;
    this.inspector.clear();
    const named = this.shownPlaces.length > 1;
    this.views = this.shownPlaces.map(
      (place) =>
        new NetworkView(this.descriptions[place], place, named, (view, index, unit) =>
          this.#select({ view, index, unit }),
        ),
    );
    this.answers.replaceChildren(...this.views.map((view) => view.answerElement));
    this.networks.replaceChildren(...this.views.map((view) => view.layersElement));
    this.choices.replaceChildren(...(this.descriptions.length > 1 ? this.#selects() : []));
    this.networks.classList.toggle("two", named);
    this.#update();
  }

  #selects() {
    const options = (chosen, none) => [
      ...(none ? [element("option", { value: -1, selected: chosen === undefined }, strings.nothing)] : []),
      ...this.descriptions.map(({ name }, place) =>
        element("option", { value: place, selected: place === chosen }, name),
      ),
    ];
    const choose = (slot) => (event) => {
      const places = [...this.shownPlaces];
      places[slot] = Number(event.target.value);
      this.shownPlaces = places.filter((place) => place >= 0);
      this.#build();
      this.choices.querySelectorAll("select")[slot].focus();
    };
    return [strings.network, strings.compareWith].map((words, slot) =>
      element(
        "label",
        {},
        `${words} `,
        element("select", { onchange: choose(slot) }, ...options(this.shownPlaces[slot], slot === 1)),
      ),
    );
  }

  // Update once before the next picture of the screen, however many points a stroke got.
  #later() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      const { drawing, example } = this.pad;
      this.levels =
        example ?? (drawing.empty ? null : prepare({ values: drawing.levels, height: FIELD, width: FIELD }));
      this.#update();
    });
  }

  #update() {
    const values = this.levels && fromLevels(this.levels);
    paint(this.seen, this.levels ?? new Uint8Array(784), 28, 28, 255, false);
    const words = this.views.map((view) => view.show(values));
    this.#announce(words.join(". "));
    if (this.selected && values) this.#explain(false);
    else if (!values) this.#select(null);
  }

  #select(selected) {
    this.selected = selected;
    this.views?.forEach((view) => view.mark(selected?.view === view ? selected : null));
    if (selected && this.levels) {
      this.#announce(this.#explain(true));
      return;
    }
    this.selected = null;
    this.inspector.clear();
    this.field.hidden = true;
  }

  #explain(fresh) {
    const { view, index, unit } = this.selected;
    const { field, words } = this.inspector.show(view, index, unit, fresh);
    this.field.hidden = false;
    placeBox(this.field, field, [28, 28]);
    return words;
  }

  #repaint() {
    this.pad.show();
    this.#update();
  }

  #announce(words) {
    clearTimeout(this.speaking); // only the last of many changes is read out
    this.speaking = setTimeout(() => (this.announcer.textContent = words), 400);
  }
}
