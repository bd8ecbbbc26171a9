import { idle } from "./idle.js";

const SETTLED_MS = 400;                                  // messages come in groups
const page = document.querySelector("[data-trace]");
let timer = null;

/** The run goes on: draw it again. */
document.addEventListener("alc:exchange", ({ detail }) => {
  if (detail.trace_id !== page.dataset.trace) return;
  clearTimeout(timer);
  timer = setTimeout(() => idle().then(() => location.reload()), SETTLED_MS);
});

/** It was run again: open the new run when the action is over. */
document.addEventListener("alc:run", ({ detail }) => idle().then(() => location.assign(`/runs/${detail}`)));
