import { copyText, fill, pause, singleFlight } from "./dom.js";
import { Frame } from "./dock_frame.js";
import { loadRun, ofTrace, onMessage } from "./exchanges.js";
import { getJson } from "./http.js";
import { toMermaid } from "./mermaid.js";
import { close, peek } from "./peek.js";
import { Sequence } from "./sequence.js";
import { showAgo } from "./time.js";

/*
 * The runs of this page. Closed, the dock shows the last one in a line and loads nothing; opened, it loads and draws
 * one run.
 */

const REST_MS = 300;                                     // between two requests for the list
const BEGUN = "alc-run-begun";
const BEGUN_FOR_MS = 120_000;                            // a click on Connect comes back here by way of ALC
const NAVIGATING = 'a[href^="/connections/alc/connect"], form[action="/connections/alc/disconnect"]';
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

const dock = document.getElementById("dock");
const view = document.getElementById("sequence");
const chooser = document.getElementById("dock-run");
const line = document.getElementById("dock-last");

class Dock {
  constructor() {
    this.participants = JSON.parse(dock.dataset.participants);
    this.sequence = new Sequence(document.getElementById("drawing"), this.participants, peek);
    this.newest = dock.dataset.last;
    this.shown = "";
    this.expecting = false;                              // the next run that begins is this person's
    this.refresh = singleFlight(() => this.load());
    this.frame = new Frame(dock, () => this.refresh());
  }

  /** Load the last run for the line, or the list and a run if the dock is open. */
  async load() {
    const { runs } = await getJson(`${dock.dataset.runs}${this.frame.isOpen ? "" : "&limit=1"}`);
    if (!runs.length) return;
    this.newest = runs[0].trace_id;
    drawLine(runs[0]);
    if (this.frame.isOpen) {
      drawOptions(runs);
      if (!this.own || this.own === this.newest) this.own = "";
      await this.show(chooser.value || this.own || this.newest);
    }
    await pause(REST_MS);
  }

  async show(traceId) {
    if (traceId === this.shown) return;
    close();
    this.shown = traceId;
    await loadRun(traceId);
    if (traceId !== this.shown) return;
    this.sequence.draw(ofTrace(traceId));
    document.getElementById("dock-page").href = `/runs/${traceId}`;
    dock.classList.add("drawn");
    view.scrollTop = 0;
  }

  /** Show a run that the person has begun in this tab. */
  begin(traceId) {
    this.own = traceId;
    chooser.value = "";
    this.frame.offer();
    if (this.frame.isOpen) this.show(traceId).catch(() => {});   // the next message tries again
  }

  hear(message) {
    const { record } = dock.dataset;
    const begins = message.sender === "User" && (!record || message.detail.record_id === record);
    if (this.expecting && begins) this.begin(message.trace_id);
    if (begins) this.expecting = false;
    if (begins || message.trace_id === this.newest) this.refresh();
  }

  draw(message) {
    if (message.trace_id !== this.shown || !this.sequence.names) return;
    const sticks = view.scrollHeight - view.scrollTop - view.clientHeight < 120;   // the reader has not scrolled away
    this.sequence.add(message);
    if (sticks) view.scrollTop = view.scrollHeight;
  }

  copy(button) {
    copyText(toMermaid(ofTrace(this.shown), this.participants), button);
  }
}

function drawLine(run) {
  fill(line, { ...run, who: nameOf(run) });
  line.href = `/runs/${run.trace_id}`;
  line.querySelector(".run-status").dataset.tone = run.tone;
  const time = line.querySelector("time");
  time.dateTime = new Date(run.changed_at * 1000).toISOString();
  showAgo(time);
  line.hidden = false;
  dock.querySelector("header .none").hidden = true;
}

function drawOptions(runs) {
  const chosen = chooser.value;
  const options = runs.map((run) => {
    const about = [nameOf(run), run.what, run.status, clock.format(run.began_at * 1000)].filter(Boolean).join(" · ");
    return new Option(about, run.trace_id, false, run.trace_id === chosen);
  });
  chooser.replaceChildren(chooser.options[0], ...options);
}

const nameOf = (run) => run.who || dock.dataset.who;

/** Whether the person has just come back from a click on this page that left it, and a run has begun since. */
function cameBack() {
  const begun = JSON.parse(sessionStorage.getItem(BEGUN) ?? "null");
  return begun && Date.now() - begun.at < BEGUN_FOR_MS && dock.dataset.last && dock.dataset.last !== begun.last;
}

function leave(event) {
  if (event.target.closest(NAVIGATING)) sessionStorage.setItem(BEGUN, JSON.stringify({ last: dock.dataset.last, at: Date.now() }));
}

if (dock) {
  const runs = new Dock();
  runs.frame.restore();
  onMessage((message) => runs.draw(message));
  chooser.addEventListener("change", () => runs.refresh());
  document.getElementById("dock-copy").addEventListener("click", ({ currentTarget }) => runs.copy(currentTarget));
  document.addEventListener("alc:exchange", ({ detail }) => runs.hear(detail));
  document.addEventListener("alc:live", () => runs.shown && loadRun(runs.shown));
  document.addEventListener("alc:run", ({ detail }) => runs.begin(detail));
  document.addEventListener("alc:run-expected", () => { runs.expecting = true; });
  if (dock.dataset.page === "connect") {
    for (const kind of ["click", "submit"]) document.addEventListener(kind, leave);
    if (cameBack()) runs.begin(dock.dataset.last);
  }
}
