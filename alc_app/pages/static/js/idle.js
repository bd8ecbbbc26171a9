import { pause } from "./dom.js";

const LOOK_EVERY_MS = 500;
const LEAVES_WITHIN_MS = 10_000;                          // after that the page somebody went to has not come
const BUSY = "dialog[open], [aria-busy=true], input:focus";

let leaving = -Infinity;
addEventListener("beforeunload", () => {
  leaving = performance.now();
});

const isLeaving = () => performance.now() < leaving + LEAVES_WITHIN_MS;

/** Waits while somebody types, answers, waits, or is on the way to another page: a reload would call them back. */
export async function idle() {
  while (isLeaving() || document.querySelector(BUSY)) await pause(LOOK_EVERY_MS);
}
