import { alone, fill } from "./dom.js";
import { getJson } from "./http.js";

const strip = document.getElementById("strip");
let before = null;

/** The strip that leads back to the tutorial says what was seen last, and what is next. */
const refresh = alone(async () => {
  const { steps, panel: { id, text }, done } = await getJson("/tutorial/state.json");
  const seen = steps.filter((step, at) => step.state === "done" && before && before[at].state !== "done");
  before = steps;
  fill(strip, { id, text, done: String(done) });
  if (seen.length) fill(strip, { saw: seen.at(-1).saw });
});

if (strip) {
  refresh();
  document.addEventListener("alc:exchange", refresh);
}
