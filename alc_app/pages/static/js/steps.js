import "./dock.js";
import { announce, pause } from "./dom.js";
import { getJson } from "./http.js";
import { idle } from "./idle.js";

const POLL_MS = 200;
const list = document.querySelector("[data-steps]");

/** Draw the steps of the connect run as they finish, then open the page with the result. */
async function follow() {
  for (;;) {
    const run = await getJson(list.dataset.steps).catch(() => null);  // the next poll tries again
    run?.steps.forEach(show);
    if (run?.is_over) return idle().then(() => location.replace(list.dataset.then));
    await pause(POLL_MS);
  }
}

function show({ title, state, ms }, index) {
  const item = list.children[index];
  if (item.dataset.state === state) return;
  item.dataset.state = state;
  item.querySelector(".took").textContent = ms === null ? "" : `${Math.round(ms)} ms`;
  if (state === "done") announce(`${title}: done`);
}

if (list) follow();
