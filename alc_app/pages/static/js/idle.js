import { pause } from "./dom.js";

const POLL_MS = 500;
const LEAVES_WITHIN_MS = 10_000;                          // after that, the navigation has failed
const BUSY = "dialog[open], [aria-busy=true], input:focus";

let leaving = -Infinity;
addEventListener("beforeunload", () => {
  leaving = performance.now();
});

const isLeaving = () => performance.now() < leaving + LEAVES_WITHIN_MS;

/** Resolve when a reload disturbs nobody: no open dialog, no busy element, no typing, no navigation under way. */
export async function idle() {
  while (isLeaving() || document.querySelector(BUSY)) await pause(POLL_MS);
}
