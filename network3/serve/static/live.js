// The live page: a training and the network that it trains, and the experiments of chapters 4 and 5.

import { start } from "./app.js";
import { theme } from "./colours.js";
import { element } from "./dom.js";
import { follow, get, latest } from "./live_api.js";
import { Bumps, Fit } from "./live_chapter4.js";
import { Chain, Gradients } from "./live_chapter5.js";
import { loadControls } from "./live_controls.js";
import { button } from "./live_inputs.js";
import { TrainingProgress } from "./live_progress.js";
import { words } from "./live_strings.en.js";

const chapters = { chapter4: [new Bumps(), new Fit()], chapter5: [new Gradients(), new Chain()] };
const [live, below] = ["live", "network3"].map((id) => document.getElementById(id));
const controls = await loadControls();
const progress = new TrainingProgress();
const lost = element("p", { class: "problem lost", role: "alert", hidden: true }, words.lost);
const unshown = element("p", { class: "problem", role: "alert", hidden: true });
let [page, state, shownLayers] = [null, null, null];

const sections = {
  training: element("section", { class: "card training" }, controls.element, progress.element),
  chapter4: element("div", { class: "chapter" }, ...chapters.chapter4.map((part) => part.element)),
  chapter5: element("div", { class: "chapter" }, ...chapters.chapter5.map((part) => part.element)),
};
const tabs = Object.fromEntries(
  Object.keys(sections).map((name) => [name, button(words.tabs[name], () => open(name), { role: "tab", id: `tab-${name}` })]),
);
for (const [name, section] of Object.entries(sections)) {
  section.setAttribute("role", "tabpanel");
  section.setAttribute("aria-labelledby", `tab-${name}`);
}

function open(name) {
  for (const [other, section] of Object.entries(sections)) {
    section.hidden = other !== name;
    tabs[other].setAttribute("aria-selected", String(other === name));
  }
  below.hidden = name !== "training" || !page;
  chapters[name]?.forEach((part) => part.open());
  dispatchEvent(new Event("resize")); // what was hidden had no size to be painted in
}

function toggleTheme() {
  document.documentElement.dataset.theme = theme() === "dark" ? "light" : "dark";
  dispatchEvent(new Event("resize"));
}

// The network of the server in the page below; the server names a layer that the page does not have.
const showNetwork = latest(async () => {
  let described;
  try {
    described = await get("network");
  } catch (error) {
    [unshown.textContent, unshown.hidden] = [error.message, false];
    return;
  }
  unshown.hidden = true;
  below.hidden = sections.training.hidden;
  if (page) page.replaceNetwork(0, described);
  else page = start(below, { networks: [described], examples: await get("examples") });
});

const showWeights = latest(async () => page?.setWeights(0, await get("weights")));

follow(
  {
    state: (now) => {
      if (now.status === "preparing" && state?.status !== "preparing") progress.begin(now.layers);
      state = now;
      controls.show(now);
      const layers = JSON.stringify([now.name, now.layers]);
      if (now.layers.length && layers !== shownLayers) {
        shownLayers = layers;
        showNetwork();
      } else if (["stopped", "finished"].includes(now.status)) showWeights();
    },
    cost: (event) => {
      progress.cost(event, state?.settings.epochs ?? 0);
      if (!document.hidden) showWeights();
    },
    look: (event) => progress.look(event),
    epoch: (event) => progress.epoch(event),
  },
  (out) => (lost.hidden = !out),
);

live.replaceChildren(
  element(
    "header",
    {},
    element("div", {}, element("h1", {}, words.title), element("p", { class: "lead" }, words.lead)),
    button("◐", toggleTheme, { class: "theme", "aria-label": words.theme }),
  ),
  element("nav", { role: "tablist" }, ...Object.values(tabs)),
  lost,
  ...Object.values(sections),
  unshown,
);
const proposed = (await get("state")).name;
if (proposed in controls.catalogue && !state?.layers.length) controls.choose(proposed);
open("training");
