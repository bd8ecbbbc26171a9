import { getJson } from "./http.js";

/** The messages that this page shows, by number: those of one run, and those opened. Each listener gets each once. */
const messages = new Map();
const listeners = [];
let run = "";

function add(message) {
  if (messages.has(message.id)) return;
  messages.set(message.id, message);
  for (const listen of listeners) listen(message);
}

/** Load the messages of one run, and keep those that come. */
export async function loadRun(traceId) {
  if (run !== traceId) messages.clear();
  run = traceId;
  const found = await getJson(`/exchanges.json?trace=${traceId}&brief`);
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

/** Load what a brief message leaves out: its headers and bodies. */
export async function complete(message) {
  if (message?.is_brief) Object.assign(message, await getJson(`/exchanges/${message.id}.json`), { is_brief: false });
}

/** Messages that a lab draws itself; no listener gets them. */
const aside = [];
export const keepAside = (message) => aside.push(message);

/** The answer of a call, or the call of an answer. */
export function partner({ call, kind }) {
  return call ? [...messages.values(), ...aside].find((other) => other.call === call && other.kind !== kind) : undefined;
}

document.addEventListener("alc:exchange", ({ detail }) => {
  if (detail.trace_id === run) add(detail);
});
