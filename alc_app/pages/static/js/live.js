import { pause } from "./dom.js";
import { EventLog } from "./event_log.js";

const POLL_MS = 2000;
const POLLS_BEFORE_NEXT_STREAM = 15;
const KINDS = ["record", "connection", "dead_letter", "workflow", "reset"];

/**
 * Follow the server's events from the id `after`, with one stream for the whole browser: it allows six connections
 * to a host, and an open stream in every tab would take them all. The tab that holds the lock reads the stream and
 * passes everything on; when it closes, the lock hands over to another.
 */
export function follow(after, deliver, showState) {
  const channel = new BroadcastChannel("alc-live");
  let leading = false;
  const log = new EventLog(after, (event) => {
    deliver(event);
    if (leading) channel.postMessage({ event });
  });
  const tell = (state) => {
    showState(state);
    if (leading) channel.postMessage({ state });
  };
  const note = (exchange) => {
    document.dispatchEvent(new CustomEvent("alc:exchange", { detail: exchange }));
    if (leading) channel.postMessage({ exchange });
  };
  channel.onmessage = ({ data: { event, state, exchange } }) => {
    if (exchange) note(exchange);
    else if (state) showState(state);
    else log.take(event);
  };
  const lead = () => {
    leading = true;
    return keepReading(log, tell, note);
  };
  catchUp(log, tell);
  // Locks need a secure context; on plain http from another machine every tab has a stream of its own.
  if (navigator.locks) navigator.locks.request("alc-live", lead);
  else lead();
}

/** Read the stream; while the server has no room for one, poll. Never ends. */
async function keepReading(log, tell, note) {
  for (;;) {
    await stream(log, tell, note);
    for (let polls = 0; polls < POLLS_BEFORE_NEXT_STREAM; polls++) {
      await catchUp(log, tell);
      await pause(POLL_MS);
    }
  }
}

/** Ends when the server refuses; a lost connection is the EventSource's own affair, which tries again. */
function stream(log, tell, note) {
  return new Promise((refused) => {
    const source = new EventSource("/events");
    for (const kind of KINDS) source.addEventListener(kind, ({ data }) => log.take(JSON.parse(data)));
    source.addEventListener("exchange", ({ data }) => note(JSON.parse(data)));
    source.onopen = () => catchUp(log, tell);           // what happened before it opened
    source.onerror = () => {
      tell("lost");
      if (source.readyState === EventSource.CLOSED) refused();
    };
  });
}

const catchUp = (log, tell) => log.catchUp().then(() => tell("open"), () => tell("lost"));
