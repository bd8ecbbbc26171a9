import { alone, fill } from "./dom.js";
import { getJson } from "./http.js";

const strip = document.getElementById("strip");
let before = null;

/** The strip that leads back to the tutorial says what was seen last, and what is next. */
const refresh = alone(async () => {
  const { steps, strip: told } = await getJson("/tutorial/state.json");
  const seen = steps.filter((step, at) => step.state === "done" && before && before[at].state !== "done").at(-1);
  before = steps;
  fill(strip, told);
  if (seen) fill(strip, { saw: `✓ ${seen.id}: ${seen.saw}` });
});

if (strip) {
  refresh();
  document.addEventListener("alc:exchange", refresh);
}
