import "./actions.js";
import "./dock.js";
import "./inspector.js";
import "./palette.js";
import "./table.js";
import "./time.js";
import { onDeadLetter } from "./doctor.js";
import { meta, pause } from "./dom.js";
import { follow } from "./live.js";
import { onRecord } from "./record.js";

const HANDLERS = { record: onRecord, connection: onConnection, dead_letter: onDeadLetter, reset: reloadWhenIdle };

function onConnection({ status }) {
  for (const dot of document.querySelectorAll("[data-connection]")) dot.dataset.connection = status;
  if (document.querySelector("[data-refresh-on=connection]")) reloadWhenIdle();
}

/** Draw the page again, but not under the hands of somebody who is typing, answering or waiting. */
async function reloadWhenIdle() {
  while (document.querySelector("dialog[open], [aria-busy=true], input:focus")) await pause(500);
  location.reload();
}

function showState(state) {
  document.getElementById("live").dataset.state = state;
  if (state === "open") document.dispatchEvent(new Event("alc:live"));
}

const after = meta("events-after");
if (after) follow(after, ({ kind, data }) => HANDLERS[kind]?.(data), showState);
performance.mark("app:ready");
