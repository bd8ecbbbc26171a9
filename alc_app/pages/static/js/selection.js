import { announce, fill } from "./dom.js";
import { run } from "./actions.js";

const bar = document.getElementById("selection");
const all = document.getElementById("select-all");
const boxes = [...document.querySelectorAll("tbody .select input")];
const KEY = "selected-people";
const remembered = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
const selected = new Set(remembered);                   // ids, also of other pages of the table
let last = null;

const idOf = (box) => box.closest("[data-record]").dataset.record;

function choose(those, checked) {
  for (const box of those) selected[checked ? "add" : "delete"](idOf(box));
  show();
  announce(selected.size ? `${selected.size} selected` : "Nothing selected.");
}

function show() {
  sessionStorage.setItem(KEY, JSON.stringify([...selected]));
  for (const box of boxes) box.checked = selected.has(idOf(box));
  const here = boxes.filter((box) => box.checked).length;
  if (all) all.checked = here === boxes.length;
  if (all) all.indeterminate = here > 0 && here < boxes.length;
  if (bar) bar.hidden = !selected.size;
  const elsewhere = selected.size - here;
  const texts = { count: String(selected.size), elsewhere: elsewhere ? `, ${elsewhere} not on this page` : "" };
  for (const place of document.querySelectorAll("#selection, [data-for-selection]")) fill(place, texts);
  for (const group of document.querySelectorAll("[data-for-selection]")) group.hidden = !selected.size;
}

/** Select or deselect a row; with `reach`, all rows from the last one that was toggled. */
export function toggle(box, checked, reach) {
  const from = boxes.indexOf(last);
  const to = boxes.indexOf(box);
  const range = reach && from >= 0 ? boxes.slice(Math.min(from, to), Math.max(from, to) + 1) : [box];
  last = box;
  choose(range, checked);
}

/** Deselect everything; return whether anything was selected. */
export function clear() {
  const any = selected.size > 0;
  selected.clear();
  if (any) choose([], false);
  return any;
}

async function runBulk(url) {
  addEventListener("beforeunload", stay);
  const done = await run(url, { record_ids: [...selected] });
  removeEventListener("beforeunload", stay);
  if (done) clear();
}

/** Ask before leaving the page, because that would cancel the remaining batches. */
const stay = (event) => event.preventDefault();

document.addEventListener("click", (event) => {
  const box = event.target.closest("tbody .select input");
  if (box) toggle(box, box.checked, event.shiftKey);
  if (event.target === all) choose(boxes, all.checked);
  if (event.target.closest("#unselect")) clear();
  const control = event.target.closest("[data-bulk-action]");
  if (control && control.ariaBusy !== "true") runBulk(control.dataset.bulkAction);
});

// A page restored from the back-forward cache must show the current selection.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
show();
