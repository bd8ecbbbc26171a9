import { singleFlight, fill } from "./dom.js";
import { getJson } from "./http.js";

const strip = document.getElementById("strip");
let before = null;

/** Show the step that happened last and the next one in the strip that leads back to the tutorial. */
const refresh = singleFlight(async () => {
  const { steps, strip: texts } = await getJson("/tutorial/state.json");
  const seen = steps.filter((step, at) => step.state === "done" && before && before[at].state !== "done").at(-1);
  before = steps;
  fill(strip, texts);
  if (seen) fill(strip, { saw: `✓ ${seen.id}: ${seen.saw}` });
});

if (strip) {
  refresh();
  document.addEventListener("alc:exchange", refresh);
}
