import { copy, fill } from "./dom.js";
import { onMessage, partner } from "./exchanges.js";
import { getJson } from "./http.js";
import { peek } from "./peek.js";
import { localise } from "./time.js";

const table = document.querySelector("#exchanges tbody");
const filter = document.getElementById("filter");
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const rows = new Map();

/** A call is one row, which its answer completes. */
function take(message) {
  if (message.kind === "answer" && message.call) return complete(message);
  const row = copy("exchange-row", {
    between: `${message.sender} → ${message.receiver}`,
    words: message.words,
    path: message.detail.request && message.label !== message.words ? message.label : "",
    answer: message.call ? "…" : "",
  });
  const time = row.querySelector("time");
  time.dateTime = new Date(message.at * 1000).toISOString();
  time.textContent = clock.format(message.at * 1000);
  const button = row.querySelector("button");
  button.addEventListener("click", () => peek(message, button));
  row.dataset.text = [message.words, message.label, message.sender, message.receiver, message.trace_id].join(" ").toLowerCase();
  if (message.call) rows.set(message.call, row);
  table.prepend(row);
  sift(row);
  const answered = partner(message);
  if (answered) complete(answered);
}

function complete(message) {
  const row = rows.get(message.call);
  if (!row) return;
  fill(row, { answer: message.detail.why || message.words, took: message.detail.ms === undefined ? "" : `${message.detail.ms} ms` });
  row.toggleAttribute("data-failed", Boolean(message.detail.failed));
  row.dataset.text += ` ${message.label} ${message.detail.why ?? ""}`.toLowerCase();
  sift(row);
  if (message.sender === "Webhook") drawDeliveries();
}

function sift(row) {
  const words = filter.elements.words.value.trim().toLowerCase().split(/\s+/);
  const wanted = words.every((word) => row.dataset.text.includes(word));
  row.hidden = !wanted || (filter.elements.failed.checked && !row.hasAttribute("data-failed"));
}

let drawing = false;
async function drawDeliveries() {
  if (drawing) return;
  drawing = true;
  const { deliveries } = await getJson("/inspector/deliveries.json").catch(() => ({ deliveries: null }));
  drawing = false;
  if (deliveries) document.querySelector("#deliveries tbody").replaceChildren(...deliveries.map(delivery));
}

function delivery(told) {
  const row = copy("delivery-row", told);
  row.querySelector("[data-state]").dataset.state = told.state;
  const time = row.querySelector("time");
  time.dateTime = told.received_at;
  localise(time);
  row.querySelector("[name=id]").value = told.id;
  row.querySelector("button").hidden = !told.can_run_again;
  return row;
}

if (table) {
  onMessage(take);
  filter.addEventListener("input", () => [...table.rows].forEach(sift));
  filter.addEventListener("submit", (event) => event.preventDefault());
}
