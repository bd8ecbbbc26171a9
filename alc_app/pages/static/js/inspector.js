import { copy, fill, pause, singleFlight } from "./dom.js";
import { learn } from "./exchanges.js";
import { getJson, post, Refused } from "./http.js";
import { peek } from "./peek.js";
import { reportFailure, showToast, updateToast } from "./toasts.js";

const TYPING_MS = 250;
const SOON_MS = 700;
const LOOKS = 40;
const FALLBACK = "The server did not answer. Reload the page and try again.";
const format = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const table = document.querySelector("[data-rows]");
const body = table?.tBodies[0];
const filter = document.getElementById("filter");
let told = "";

/** The address of the rows that the page shows now. */
function rowsAddress() {
  const address = new URL(table.dataset.rows, location.href);
  for (const name of ["q", "failed", "shown"]) {
    const value = new URL(location.href).searchParams.get(name);
    if (value) address.searchParams.set(name, value);
  }
  return address;
}

const refresh = singleFlight(async () => {
  const found = await getJson(rowsAddress());
  const now = JSON.stringify(found);
  if (now === told) return;
  told = now;
  draw(found.rows);
  document.getElementById("more").hidden = !found.has_more;
});

/** Bring the table up to date, and leave the rows that stay where they are: focus and place are kept. */
function draw(rows) {
  let place = body.firstElementChild;
  for (const data of rows) {
    const row = update(document.getElementById(data.key) ?? copy("row", {}), data);
    if (row === place) place = place.nextElementSibling;
    else body.insertBefore(row, place);
  }
  while (place) {
    const next = place.nextElementSibling;
    place.remove();
    place = next;
  }
}

function update(row, data) {
  row.id = data.key;
  fill(row, { ...data, tries: String(data.tries ?? "") });
  row.querySelector("[data-slot=status]").dataset.tone = data.tone;
  if (data.person) row.querySelector(".person").href = `/people/${encodeURIComponent(data.record_id)}`;
  const time = row.querySelector("time");
  time.dateTime = data.at;
  showSeconds(time);
  if ("trace_id" in data) updateRequest(row, data);
  else updateDelivery(row, data);
  return row;
}

function updateRequest(row, { trace_id: traceId, words }) {
  row.dataset.trace = traceId;
  const link = row.querySelector(".link");
  link.href = `?q=${encodeURIComponent(traceId)}`;
  link.title = words;
  link.role = "button";
}

function updateDelivery(row, data) {
  row.querySelector("[name=id]").value = data.id;
  row.querySelector("button").hidden = !data.can_run_again;
}

function showSeconds(time) {
  time.textContent = format.format(new Date(time.dateTime));
}

/** Open a request in the panel, with the other messages of its trace. */
async function open(link) {
  const row = link.closest("tr");
  const number = Number(row.id.replace("call-", ""));
  const which = row.dataset.trace ? `trace=${row.dataset.trace}` : `after=${number - 1}`;
  const { messages } = await getJson(`/exchanges.json?${which}`);
  peek(learn(messages, number), link);
}

/** Process a delivery again, and say how that ends; the page keeps its place. */
async function redeliver(form) {
  const id = form.elements.id.value;
  const row = form.closest("tr");
  const toast = `redeliver-${id}`;
  try {
    const reply = await post(form.getAttribute("action"), { id });
    const { webhook_id: webhookId } = await reply.json();
    showToast({ id: toast, title: "Redelivering", text: `${webhookId} is processed again.`, durationMs: null });
    const state = await ended(id);
    if (!state) updateToast({ id: toast, text: "This takes longer than usual. The row shows how it ends.", durationMs: 8000 });
    else if (state === "failed") updateToast({ id: toast, variant: "error", title: "Failed again", text: row.querySelector(".why").textContent });
    else updateToast({ id: toast, variant: "success", title: "Processed again", text: webhookId, durationMs: 4000 });
  } catch (error) {
    reportFailure("The delivery was not processed again", error instanceof Refused ? error.message : FALLBACK);
  }
}

/** Wait until a delivery has been processed; resolves to its state, or to null if that takes too long. */
async function ended(id) {
  for (let look = 0; look < LOOKS; look++) {
    await pause(SOON_MS);
    const { rows } = await getJson(rowsAddress()).catch(() => ({ rows: [] }));
    const row = rows.find((each) => each.id === id);
    if (!row) continue;
    draw(rows);
    if (row.can_run_again) return row.state;
  }
  return null;
}

/** Search as somebody types; the address can be shared, and the links on the page keep the search. */
async function search() {
  const words = filter.elements.q.value.trim();
  await pause(TYPING_MS);
  if (words !== filter.elements.q.value.trim()) return;
  const failed = filter.elements.failed.checked ? "1" : "";
  history.replaceState(null, "", withQuery(location.href, { q: words, failed, shown: "" }));
  for (const link of document.querySelectorAll("[data-keeps-query]")) link.href = withQuery(link.href, { q: words, failed });
  refresh();
}

function withQuery(href, values) {
  const address = new URL(href);
  for (const [name, value] of Object.entries(values)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  return address.href;
}

function clicked(event) {
  const link = event.target.closest("[data-trace] .link");
  if (!link || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  open(link).catch(() => reportFailure("The request cannot be shown", FALLBACK));
}

if (table) {
  for (const time of body.querySelectorAll("time")) showSeconds(time);
  for (const link of body.querySelectorAll(".link")) link.role = "button";
  body.addEventListener("click", clicked);
  body.addEventListener("keydown", (event) => {
    if (event.key !== " " || !event.target.matches(".link")) return;
    event.preventDefault();
    event.target.click();
  });
  body.addEventListener("submit", (event) => {
    event.preventDefault();
    redeliver(event.target);
  });
  filter.addEventListener("input", search);
  filter.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("alc:exchange", refresh);
  document.addEventListener("alc:live", refresh);
}
