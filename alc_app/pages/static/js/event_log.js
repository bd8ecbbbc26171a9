import { getJson } from "./http.js";

/** Parse an event id, "<boot>:<n>": n increases by one, until the log starts over under another boot. */
function parse(id) {
  const at = id.lastIndexOf(":");
  return { boot: id.slice(0, at), n: Number(id.slice(at + 1)) };
}

/** Delivers each event once and in order; fetches missing events from the server's log. */
export class EventLog {
  #queue = Promise.resolve();

  constructor(after, deliver) {
    this.last = parse(after);
    this.deliver = deliver;
  }

  /** Receive an event from the stream or from another tab. */
  receive(event) {
    this.#next(() => {
      const { boot, n } = parse(event.id);
      if (boot === this.last.boot && n > this.last.n + 1) return this.#fetch();
      this.#accept(event);
    }).catch(() => {});                                 // the next opening of the stream fills the gap
  }

  /** Fetch all events after the last one; rejects if the server cannot be reached. */
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
    if (parse(last).boot !== this.last.boot) this.#reset(parse(last));
  }

  #accept(event) {
    const { boot, n } = parse(event.id);
    if (boot !== this.last.boot) return this.#reset({ boot, n });
    if (n <= this.last.n) return;
    this.last.n = n;
    this.deliver(event);
  }

  /** Another boot: events may be missing, so the page must be reloaded. */
  #reset(at) {
    this.last = at;
    this.deliver({ id: `${at.boot}:${at.n}`, kind: "reset", data: {} });
  }
}
