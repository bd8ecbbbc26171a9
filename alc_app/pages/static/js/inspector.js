import { copy, fill } from "./dom.js";
import { catchUp, onMessage, partner } from "./exchanges.js";
import { getJson } from "./http.js";
import { peek } from "./peek.js";
import { localise } from "./time.js";

const table = document.querySelector("#exchanges tbody");
const filter = document.getElementById("filter");
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const rows = new Map();

/** Add a row for a call, or complete it with its answer. */
function add(message) {
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
  applyFilter(row);
  const answered = partner(message);
  if (answered) complete(answered);
}

function complete(message) {
  const row = rows.get(message.call);
  if (!row) return;
  fill(row, { answer: message.detail.why || message.words, took: message.detail.ms === undefined ? "" : `${message.detail.ms} ms` });
  row.toggleAttribute("data-failed", Boolean(message.detail.failed));
  row.dataset.text += ` ${message.label} ${message.detail.why ?? ""}`.toLowerCase();
  applyFilter(row);
  if (message.sender === "Webhook") drawDeliveries();
}

function applyFilter(row) {
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

function delivery(data) {
  const row = copy("delivery-row", data);
  row.querySelector("[data-state]").dataset.state = data.state;
  const time = row.querySelector("time");
  time.dateTime = data.received_at;
  localise(time);
  row.querySelector("[name=id]").value = data.id;
  row.querySelector("button").hidden = !data.can_run_again;
  return row;
}

if (table) {
  onMessage(add);
  catchUp();
  filter.addEventListener("input", () => [...table.rows].forEach(applyFilter));
  filter.addEventListener("submit", (event) => event.preventDefault());
}
