import { announce, copy } from "./dom.js";
import { getJson } from "./http.js";
import { localise } from "./time.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Show a record's values in all fields of `place`, and say so if its status has changed. */
export function showValues(place, values) {
  const changed = Object.entries(values).map(([slug, value]) => setField(place, slug, value ?? "")).some(Boolean);
  if (changed && values.alc_status) announce(`ALC status of ${nameOf(place)}: ${values.alc_status}`);
}

function setField(place, slug, value) {
  const fields = [...place.querySelectorAll(`[data-field="${CSS.escape(slug)}"]`)];
  const stale = fields.filter((field) => field.textContent !== shownAs(field, value));
  for (const field of stale) {
    field.textContent = shownAs(field, value);
    if (field.matches(".status")) field.dataset.status = value;
    field.animate({ scale: [1, 1.06, 1] }, { duration: calm.matches ? 0 : 400 });
  }
  return stale.length > 0;
}

/** Fetch a record's activity; resolves to a function that draws it. */
export async function loadActivity(list, recordId) {
  const { changes } = await getJson(`/people/${recordId}/activity.json`);
  return () => list.replaceChildren(...changes.map(entry), list.lastElementChild);
}

function entry({ at, actor, did, attribute, value, is_status: isStatus }) {
  const item = copy("activity-entry", { actor, did, attribute, value });
  item.querySelector(".set").hidden = Boolean(did);
  const shown = item.querySelector("[data-slot=value]");
  shown.className = isStatus ? "status" : "value";
  if (isStatus) shown.dataset.status = value;
  const time = item.querySelector("time");
  time.dateTime = at;
  localise(time);
  return item;
}

export const nameOf = (place) => place.querySelector("th bdi, h1").textContent;
const shownAs = (field, value) => (field.matches(".words") ? value.replaceAll("_", " ") : value);

/** Rows of a table change at once. A record's own page waits for what else it shows of the change (widgets.js). */
document.addEventListener("alc:record", ({ detail: { record_id: recordId, values } }) => {
  for (const row of document.querySelectorAll(`tr[data-record="${CSS.escape(recordId)}"]`)) showValues(row, values);
});
