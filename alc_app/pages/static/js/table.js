import "./offer.js";
import "./record.js";
import { clear, toggle } from "./selection.js";

const STEPS = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 };
const ENDS = { Home: 0, End: -1 };
const search = document.querySelector(".search input");

const rows = () => [...document.querySelectorAll("tbody th a")];
const rowOf = (element) => element.closest("tbody tr");

/** Move the focus through the rows (j, k or the arrows). Enter follows the focused link. */
function move(step, growing) {
  const all = rows();
  const at = all.indexOf(rowOf(document.activeElement)?.querySelector("th a"));
  const target = all[Math.max(0, Math.min(all.length - 1, at + step))];
  if (growing && at >= 0) reach(all[at], target);
  target.focus();
}

/** Extend the selection to these rows (Shift). */
function reach(...links) {
  for (const link of links) toggle(rowOf(link).querySelector(".select input"), true, false);
}

function keyed(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const row = rowOf(document.activeElement);
  const moves = key in STEPS && rows().length && (row || key.length === 1);  // arrows scroll until a row has the focus
  if (key === "/" && search) search.focus();
  else if (moves) move(STEPS[key], event.shiftKey);
  else if (["x", " "].includes(key) && row && !event.target.matches("input")) flip(row.querySelector(".select input"), event.shiftKey);
  else if (key in ENDS && row) rows().at(ENDS[key]).focus();
  else if (key !== "Escape" || !clear()) return;
  event.preventDefault();
}

const flip = (box, reaching) => toggle(box, !box.checked, reaching);

document.addEventListener("keydown", (event) => {
  const busyElsewhere = event.metaKey || event.ctrlKey || event.altKey || event.isComposing;
  if (busyElsewhere || document.querySelector("dialog[open]")) return;
  if (event.target.matches("input:not([type=checkbox]), select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  keyed(event);
});
