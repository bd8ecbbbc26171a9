import { getJson } from "./http.js";

/** "<boot>:<n>": n counts up without end, until the log begins anew under another boot. */
function parse(id) {
  const at = id.lastIndexOf(":");
  return { boot: id.slice(0, at), n: Number(id.slice(at + 1)) };
}

/** Delivers events in their order, each once: the next one at once, and after a gap what the server's log has. */
export class EventLog {
  #queue = Promise.resolve();

  constructor(after, deliver) {
    this.last = parse(after);
    this.deliver = deliver;
  }

  /** Take an event that arrived, from the stream or from another tab. */
  take(event) {
    this.#next(() => {
      const { boot, n } = parse(event.id);
      if (boot === this.last.boot && n > this.last.n + 1) return this.#fetch();
      this.#accept(event);
    }).catch(() => {});                                 // the gap is filled when the stream opens again
  }

  /** Fetch what is newer than the last event; rejects when the server cannot be reached. */
  catchUp() {
    return this.#next(() => this.#fetch());
  }

  #next(step) {
    const done = this.#queue.then(step);
    this.#queue = done.catch(() => {});
    return done;
  }

  async #fetch() {
    const { events, last } = await getJson(`/events.json?after=${encodeURIComponent(`${this.last.boot}:${this.last.n}`)}`);
    events.forEach((event) => this.#accept(event));
    if (parse(last).boot !== this.last.boot) this.#begin(parse(last));
  }

  #accept(event) {
    const { boot, n } = parse(event.id);
    if (boot !== this.last.boot) return this.#begin({ boot, n });
    if (n <= this.last.n) return;
    this.last.n = n;
    this.deliver(event);
  }

  /** Another boot: nothing is known of what happened between, so the page must be drawn again. */
  #begin(at) {
    this.last = at;
    this.deliver({ id: `${at.boot}:${at.n}`, kind: "reset", data: {} });
  }
}
