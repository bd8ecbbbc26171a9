import { getJson } from "./http.js";

/** All messages that this page knows, by number; each listener gets each message once, in order. */
const messages = new Map();
const listeners = [];
let last = 0;
let queue = Promise.resolve();

function add(message) {
  if (messages.has(message.id)) return;
  messages.set(message.id, message);
  last = Math.max(last, message.id);
  for (const listen of listeners) listen(message);
}

/** Fetch the messages after the last known one; at first, the newest ones. */
export function catchUp() {
  queue = queue.then(async () => {
    const found = await getJson(last ? `/exchanges.json?after=${last}` : "/exchanges.json");
    found.messages.forEach(add);
  }).catch(() => {});                                    // the next message or connection tries again
  return queue;
}

/** Call `listen` with every message, also with those received before. */
export function onMessage(listen) {
  listeners.push(listen);
  for (const message of messages.values()) listen(message);
}

/** The messages of one run, in order. */
export const ofTrace = (traceId) => [...messages.values()].filter((message) => message.trace_id === traceId);

/** The answer of a call, or the call of an answer. */
export function partner({ call, kind }) {
  return call ? [...messages.values()].find((other) => other.call === call && other.kind !== kind) : undefined;
}

document.addEventListener("alc:exchange", ({ detail }) => add(detail));
document.addEventListener("alc:live", () => document.getElementById("dock") && catchUp());   // members have none
