import { pause } from "./dom.js";
import { EventLog } from "./event_log.js";

const POLL_MS = 2000;
const POLLS_BEFORE_NEXT_STREAM = 15;
const KINDS = ["record", "connection", "dead_letter", "workflow", "reset"];

/**
 * Follow the server's events after the id `after`, with one stream for all tabs: browsers allow six HTTP/1.1
 * connections to a host, and a stream in every tab would use them up. The tab that holds the lock reads the stream
 * and broadcasts everything; when it closes, another tab gets the lock.
 */
export function follow(after, deliver, showState) {
  const channel = new BroadcastChannel("alc-live");
  let leading = false;
  const log = new EventLog(after, (event) => {
    deliver(event);
    if (leading) channel.postMessage({ event });
  });
  const setState = (state) => {
    showState(state);
    if (leading) channel.postMessage({ state });
  };
  const passOn = (exchange) => {
    document.dispatchEvent(new CustomEvent("alc:exchange", { detail: exchange }));
    if (leading) channel.postMessage({ exchange });
  };
  channel.onmessage = ({ data: { event, state, exchange } }) => {
    if (exchange) passOn(exchange);
    else if (state) showState(state);
    else log.receive(event);
  };
  const lead = () => {
    leading = true;
    return keepReading(log, setState, passOn);
  };
  catchUp(log, setState);
  // Locks need a secure context: over plain http from another machine every tab has its own stream.
  if (navigator.locks) navigator.locks.request("alc-live", lead);
  else lead();
}

/** Read the stream; while the server refuses one, poll. Never resolves. */
async function keepReading(log, setState, passOn) {
  for (;;) {
    await stream(log, setState, passOn);
    for (let polls = 0; polls < POLLS_BEFORE_NEXT_STREAM; polls++) {
      await catchUp(log, setState);
      await pause(POLL_MS);
    }
  }
}

/** Resolves when the server refuses a stream; after a lost connection the EventSource reconnects by itself. */
function stream(log, setState, passOn) {
  return new Promise((refused) => {
    const source = new EventSource("/events");
    for (const kind of KINDS) source.addEventListener(kind, ({ data }) => log.receive(JSON.parse(data)));
    source.addEventListener("exchange", ({ data }) => passOn(JSON.parse(data)));
    source.onopen = () => catchUp(log, setState);           // events from before it opened
    source.onerror = () => {
      setState("lost");
      if (source.readyState === EventSource.CLOSED) refused();
    };
  });
}

const catchUp = (log, setState) => log.catchUp().then(() => setState("open"), () => setState("lost"));
