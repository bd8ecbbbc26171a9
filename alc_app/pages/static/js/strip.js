import { singleFlight, fill, pause } from "./dom.js";
import { getJson } from "./http.js";

const WRITES = ["Usage 9", "Later 11"];                  // steps that change the status of a record
const HOLD_MS = 2000;
const strip = document.getElementById("strip");
let before = null;

/** Show the step that happened last and the next one in the strip that leads back to the tutorial. */
const refresh = singleFlight(async () => {
  const { steps, strip: texts } = await getJson("/tutorial/state.json");
  const seen = steps.filter((step, at) => step.state === "done" && before && before[at].state !== "done").at(-1);
  if (WRITES.includes(seen?.id)) await shownOnRecord(seen.saw);
  before = steps;
  fill(strip, { ...texts, ...(seen && { saw: `✓ ${seen.saw}` }) });
  drawLinks(texts);
});

/** `data-asks` lets the style sheet point at the button on this page. */
function drawLinks({ action, slug }) {
  strip.dataset.asks = action;
  for (const link of strip.querySelectorAll("[data-for]")) link.hidden = link.dataset.for !== action;
  strip.querySelector("[data-shows]").href = `/tutorial?step=${slug}`;
}

/** Wait until the record on this page, if there is one, shows the status that the sentence names. */
async function shownOnRecord(sentence) {
  const until = performance.now() + HOLD_MS;
  const status = document.querySelector("article[data-record] .status");
  while (status && !sentence.includes(status.textContent || "—") && performance.now() < until) await pause(50);
}

if (strip) {
  refresh();
  document.addEventListener("alc:exchange", refresh);
}
