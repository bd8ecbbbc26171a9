import { announce } from "./dom.js";
import { catchUp, ofTrace, onMessage } from "./exchanges.js";
import { toMermaid } from "./mermaid.js";
import { close, peek } from "./peek.js";
import { Sequence } from "./sequence.js";

const KEY = "alc-dock";
const SMALL = matchMedia("(max-width: 900px), (max-height: 640px)");
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const TITLES = {
  "Clicks button": "Send to ALC",
  "Clicks to install app": "Connect",
  "Removes the connection": "Disconnect",
  "Runs a workflow": "Run a workflow",
};
const MOST_RUNS = 40;

const dock = document.getElementById("dock");
const view = document.getElementById("sequence");
const handle = document.getElementById("dock-handle");
const toggle = document.getElementById("dock-toggle");
const chooser = document.getElementById("dock-run");
const saved = JSON.parse(localStorage.getItem(KEY) ?? "{}");

function save(change) {
  localStorage.setItem(KEY, JSON.stringify(Object.assign(saved, change)));
}

function setHeight(percent) {
  const height = Math.round(Math.max(15, Math.min(85, percent)));
  dock.style.setProperty("--height", `${height}dvh`);
  handle.setAttribute("aria-valuenow", height);
  save({ height });
}

function setOpen(open) {
  toggle.setAttribute("aria-expanded", open);
  if (!open) close();
}

function drag(event) {
  handle.setPointerCapture(event.pointerId);
  const move = ({ clientY }) => setHeight(((innerHeight - clientY) / innerHeight) * 100);
  handle.addEventListener("pointermove", move);
  handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", move), { once: true });
}

function nudge(event) {
  const by = { ArrowUp: 4, ArrowDown: -4 }[event.key];
  if (!by) return;
  event.preventDefault();
  setHeight(Number(handle.getAttribute("aria-valuenow")) + by);
}

/** Shows the chosen run, or the newest one. */
class Runs {
  constructor(sequence) {
    this.sequence = sequence;
    this.shown = "";
    this.options = new Map();
  }

  add(message) {
    if (!this.options.has(message.trace_id) && isInteresting(message)) this.offer(message);
    const follows = !chooser.value && isStartedByUser(message);
    if (message.trace_id === this.shown) this.sequence.add(message);
    else if (follows || (!this.shown && !chooser.value && isInteresting(message))) this.show(message.trace_id);
    if (this.shown) dock.classList.add("drawn");
    if (this.sticks) view.scrollTop = view.scrollHeight;
  }

  offer(message) {
    const title = message.kind === "note" ? "A story" : TITLES[message.label] ?? `${message.sender}: ${message.words}`;
    const option = new Option(`${title} · ${clock.format(message.at * 1000)}`, message.trace_id);
    this.options.set(message.trace_id, option);
    chooser.options[0].after(option);
    if (chooser.options.length > MOST_RUNS) chooser.options[chooser.options.length - 1].remove();
  }

  show(traceId) {
    close();
    this.shown = traceId;
    this.sequence.draw(ofTrace(traceId));
    view.scrollTop = 0;
  }

  newest() {
    return [...this.options.keys()].at(-1) ?? "";
  }

  /** Whether to scroll with new messages: until the reader has scrolled away from the end. */
  get sticks() {
    return view.scrollHeight - view.scrollTop - view.clientHeight < 120;
  }
}

/** Offer runs in which the user or ALC takes part, but not Attio's event for our own write. */
const isInteresting = ({ sender, receiver }) => [sender, receiver].some((name) => name === "User" || name === "ALC");

/** The dock switches to runs that the user starts; background jobs and late verdicts do not replace them. */
const isStartedByUser = (message) => message.sender === "User" && (message.kind === "note" || message.label in TITLES);

if (dock) {
  const all = JSON.parse(dock.dataset.participants);
  const runs = new Runs(new Sequence(document.getElementById("drawing"), all, peek));
  setHeight(saved.height ?? 40);
  setOpen(saved.open ?? false);
  new ResizeObserver(() => document.documentElement.style.setProperty("--dock", `${dock.offsetHeight}px`)).observe(dock); // toasts stay above
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    setOpen(open);
    save({ open });
  });
  handle.addEventListener("pointerdown", drag);
  handle.addEventListener("keydown", nudge);
  chooser.addEventListener("change", () => runs.show(chooser.value || runs.newest()));
  document.getElementById("dock-copy").addEventListener("click", async () => {
    await navigator.clipboard.writeText(toMermaid(ofTrace(runs.shown), all));
    announce("The diagram is copied.");
  });
  onMessage((message) => {
    runs.add(message);
    if (saved.open === undefined && !SMALL.matches && runs.shown) setOpen(true);  // the first run opens the dock
  });
  catchUp();
}
