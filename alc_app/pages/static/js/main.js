import "./actions.js";
import "./palette.js";
import "./time.js";
import { meta } from "./dom.js";
import { idle } from "./idle.js";
import { follow } from "./live.js";

const HANDLERS = { connection: onConnection, reset: reloadWhenIdle };

function onConnection({ status }) {
  for (const dot of document.querySelectorAll("[data-connection]")) dot.dataset.connection = status;
  if (document.querySelector("[data-refresh-on=connection]")) reloadWhenIdle();
}

/** Reload the page when that disturbs nobody. */
async function reloadWhenIdle() {
  await idle();
  location.reload();
}

function showState(state) {
  document.getElementById("live").dataset.state = state;
  if (state === "open") document.dispatchEvent(new Event("alc:live"));
}

function deliver({ kind, data }) {
  HANDLERS[kind]?.(data);
  document.dispatchEvent(new CustomEvent(`alc:${kind}`, { detail: data }));  // for the page's own module
}

const after = meta("events-after");
if (after) follow(after, deliver, showState);
performance.mark("app:ready");
