import { getJson } from "./http.js";

/** The messages that this page shows, by number: all of them, or those of one run. Each listener gets each once. */
const messages = new Map();
const listeners = [];
let all = false;
let run = "";
let last = 0;
let queue = Promise.resolve();

function add(message) {
  if (messages.has(message.id)) return;
  messages.set(message.id, message);
  last = Math.max(last, message.id);
  for (const listen of listeners) listen(message);
}

/** Load the messages after the last known one, at first the newest ones, and keep all that come. */
export function catchUp() {
  all = true;
  queue = queue.then(async () => {
    const found = await getJson(last ? `/exchanges.json?after=${last}` : "/exchanges.json");
    found.messages.forEach(add);
  }).catch(() => {});                                    // the next message or connection tries again
  return queue;
}

/** Load the messages of one run, and keep those that come. */
export async function loadRun(traceId) {
  if (run !== traceId && !all) messages.clear();
  run = traceId;
  const found = await getJson(`/exchanges.json?trace=${traceId}`);
  if (run === traceId) found.messages.forEach(add);
}

/** Call `listen` with every message, also with those received before. */
export function onMessage(listen) {
  listeners.push(listen);
  for (const message of messages.values()) listen(message);
}

/** Take messages that were loaded elsewhere; return the one with this number. */
export function learn(found, number) {
  found.forEach(add);
  return messages.get(number);
}

/** The messages of one run, in order. */
export function ofTrace(traceId) {
  return [...messages.values()].filter((message) => message.trace_id === traceId).sort((one, other) => one.id - other.id);
}

/** The answer of a call, or the call of an answer. */
export function partner({ call, kind }) {
  return call ? [...messages.values()].find((other) => other.call === call && other.kind !== kind) : undefined;
}

document.addEventListener("alc:exchange", ({ detail }) => {
  if (all || detail.trace_id === run) add(detail);
});
document.addEventListener("alc:live", () => all && catchUp());
