import { copy } from "./dom.js";
import { partner } from "./exchanges.js";

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const LATER_AFTER = 1.0;
const SETS = {
  usage: ["User", "Attio UI", "Record Action", "GraphQL", "Server Function", "ALC", "Webhook", "Attio API"],
  lifecycle: ["User", "ALC", "Attio UI", "Event Handler", "Attio Server SDK"],
};

/** The participants of a run, from left to right: those of the tutorial's diagram, and all others that take part. */
export function participantsOf(messages, all) {
  const taking = new Set(messages.flatMap(({ sender, receiver }) => [sender, receiver]));
  const wanted = new Set([...diagramOf(taking), ...taking]);
  return [...all.filter((name) => wanted.has(name)), ...[...taking].filter((name) => !all.includes(name))];
}

function diagramOf(taking) {
  if (taking.has("Record Action")) return SETS.usage;
  if (taking.has("Workflow")) return [];
  return taking.has("Webhook") ? SETS.usage : SETS.lifecycle;
}

/** Draws one run into `drawing`; a click on a message calls `show`. */
export class Sequence {
  constructor(drawing, all, show) {
    this.drawing = drawing;
    this.all = all;
    this.show = show;
    [this.lanes, this.rows] = drawing.children;
  }

  draw(messages) {
    this.names = participantsOf(messages, this.all);
    this.lanes.replaceChildren(...this.names.map((name) => copy("lane", { name })));
    this.rows.replaceChildren();
    this.drawing.style.setProperty("--lanes", this.names.length);
    this.messages = [];
    messages.forEach((message) => this.add(message));
  }

  add(message) {
    if ([message.sender, message.receiver].some((name) => !this.names.includes(name))) {
      return this.draw([...this.messages, message]);
    }
    const before = this.messages.at(-1);
    if (message.kind === "note") return this.note(message);
    if (before && message.step === "Later 10" && message.at - before.at > LATER_AFTER) this.rows.append(later(message, before));
    this.messages.push(message);
    this.rows.append(this.row(message));
    this.highlight(message);
    if (message.kind === "answer") this.rows.querySelector(`[data-call="${message.call}"][data-waiting]`)?.removeAttribute("data-waiting");
  }

  /** What a story says stands across the lanes, with its time. */
  note(message) {
    this.messages.push(message);
    this.rows.append(copy("later", { words: `${clock.format(message.at * 1000)} ${message.words}` }));
  }

  row(message) {
    const [from, to] = [this.names.indexOf(message.sender), this.names.indexOf(message.receiver)];
    const item = copy("message", {
      between: `${message.sender} to ${message.receiver}: `,
      words: message.words,
      took: message.detail.ms === undefined ? "" : `${message.detail.ms} ms`,
    });
    const button = item.firstElementChild;
    Object.assign(button.dataset, { kind: message.kind, direction: to > from ? "right" : "left", id: message.id });
    if (message.detail.failed) button.dataset.failed = "";
    if (message.detail.request || message.detail.response) button.dataset.http = "";
    if (message.call && message.kind === "call") {
      button.dataset.call = message.call;
      if (!partner(message)) button.dataset.waiting = "";
    }
    button.style.setProperty("--first", Math.min(from, to) + 1);
    button.style.setProperty("--last", Math.max(from, to) + 1);
    button.style.setProperty("--span", Math.abs(to - from));
    button.addEventListener("click", () => this.show(message, button));
    return item;
  }

  highlight(message) {
    for (const [at, lane] of [...this.lanes.children].entries()) {
      lane.classList.toggle("hot", this.names[at] === message.receiver);
      if ([message.sender, message.receiver].includes(this.names[at])) lane.classList.add("on");
    }
  }
}

function later(message, before) {
  return copy("later", { words: `Some time later… (${elapsed(message.at - before.at)})` });
}

function elapsed(seconds) {
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
