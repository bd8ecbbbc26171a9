import { copy, fill } from "./dom.js";
import { keepAside } from "./exchanges.js";
import { peek } from "./peek.js";
import { Sequence } from "./sequence.js";

/** What both sides of a lab send and receive, and how it ends. */
const SIDES = ["naive", "ours"];
const sides = document.getElementById("sides");
const ends = document.getElementById("ends");
const rows = ends?.querySelector("tbody");
let drawings = {};

export const columnOf = (side) => sides.querySelector(`[data-side="${side}"]`);

export function clearSides(shown) {
  drawings = {};
  for (const side of SIDES) {
    columnOf(side).hidden = !shown.includes(side);
    columnOf(side).querySelector(".sequence").hidden = true;
  }
  rows.replaceChildren();
  ends.hidden = true;
}

/** Draw one message of a side. */
export function drawMessage({ side, message }) {
  if (!document.getElementById("lane")) return;          // without a log of exchanges nothing is drawn
  keepAside(message);
  if (drawings[side]) return drawings[side].add(message);
  const view = columnOf(side).querySelector(".sequence");
  view.hidden = false;
  drawings[side] = new Sequence(view.firstElementChild, JSON.parse(sides.dataset.participants), peek);
  drawings[side].draw([message]);
}

/** Mark the messages that one side alone has. */
export function markDifferences(only) {
  for (const side of SIDES) {
    for (const id of only[side]) {
      const button = columnOf(side).querySelector(`.arrow[data-id="${id}"]`);
      button?.setAttribute("data-only", "");
      button?.querySelector(".label").append(copy("only-here", {}));
    }
  }
}

/** Fill in a fact; the same fact of both sides is one row. */
export function addFact({ side, what, value, good }) {
  let row = [...rows.children].find((one) => one.dataset.what === what && !(side in one.dataset));
  if (!row) {
    row = copy("end-row", { what, differs: "" });
    row.dataset.what = what;
    for (const cell of row.querySelectorAll("td")) fill(cell, { value: "", bad: "" });
    rows.append(row);
  }
  row.dataset[side] = value;
  const cell = row.querySelector(`td[data-side="${side}"]`);
  fill(cell, { value, bad: good ? "" : "broken" });
  cell.dataset.good = good;
  ends.hidden = false;
}

/** Mark the rows in which both sides end differently. */
export function compareEnds(shown) {
  if (shown.length < 2) return;
  for (const row of rows.children) {
    if (row.dataset.naive !== row.dataset.ours) fill(row, { differs: "differs" });
  }
}
