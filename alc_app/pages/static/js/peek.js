import { drawPieces } from "./code.js";
import { copy, copyText, fill } from "./dom.js";
import { complete, partner } from "./exchanges.js";
import { informative, toCurl } from "./curl.js";
import { getJson } from "./http.js";
import { offer } from "./what_if.js";

const panel = document.getElementById("peek");
const format = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
let opener = null;
let shown = null;

/** Open a message in the panel; the same button again closes it. */
export function peek(message, button) {
  const again = !panel.hidden && shown === message;
  close();
  if (again) return;
  [shown, opener] = [message, button];
  button.setAttribute("aria-pressed", "true");
  draw(message);
  panel.hidden = false;
}

export function close() {
  if (panel.hidden) return;
  panel.hidden = true;
  opener?.removeAttribute("aria-pressed");
  if (panel.contains(document.activeElement)) opener?.focus();
  opener = shown = null;
}

function draw(message) {
  const [call, answer] = message.kind === "answer" ? [partner(message), message] : [message, partner(message)];
  const { why } = answer?.detail ?? {};
  fill(panel, {
    between: `${message.sender} → ${message.receiver}`,
    words: message.words,
    step: message.step,
    when: `${format.format(message.at * 1000)}${answer?.detail.ms === undefined ? "" : `, answered after ${answer.detail.ms} ms`}`,
    why: why ? `Refused. ${why}` : "",
  });
  drawHttp(message, call, answer);
  Object.assign(document.getElementById("peek-run"), { href: `/runs/${message.trace_id}`, hidden: message.id < 0 });
  offer(call ?? message);
  drawSource(call ?? message);
}

async function drawHttp(message, call, answer) {
  const place = document.getElementById("peek-http");
  const curl = document.getElementById("peek-curl");
  place.replaceChildren();
  curl.hidden = true;
  await Promise.all([call, answer].map(complete)).catch(() => {});   // what did not load is left out
  if (shown !== message) return;
  const request = whole(call)?.detail.request;
  place.replaceChildren(...requestParts(request), ...responseParts(whole(answer)?.detail.response), ...plainParts(call, answer));
  curl.hidden = !request;
  curl.onclick = () => copyText(toCurl(request), curl);
}

const whole = (message) => (message?.is_brief ? undefined : message);

function requestParts(request) {
  if (!request) return [];
  const signed = signedString(request);
  return [
    part("Request", [`${request.method} ${request.url}`, headersOf(request)].join("\n")),
    ...(request.body ? [part("Body", pretty(request.body))] : []),
    ...(signed ? [part("Signed string: id.timestamp.body", signed)] : []),
  ];
}

function responseParts(response) {
  if (!response) return [];
  return [part(`Response ${response.status}`, headersOf(response)), ...(response.body ? [part("Body", pretty(response.body))] : [])];
}

function plainParts(call, answer) {
  const given = call?.detail.arguments;
  const returned = answer?.detail.returns;
  return [
    ...(given === undefined ? [] : [part("Arguments", JSON.stringify(given, null, 2))]),
    ...(returned === undefined ? [] : [part("Returns", JSON.stringify(returned, null, 2))]),
  ];
}

/** The signed content of a delivery (Standard Webhooks), or an empty text. */
function signedString({ headers, body }) {
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return named["webhook-id"] ? `${named["webhook-id"]}.${named["webhook-timestamp"]}.${body}` : "";
}

async function drawSource(message) {
  const place = document.getElementById("peek-source");
  place.replaceChildren();
  const [ours, tutorial] = await Promise.all([
    message.id < 0 ? { excerpts: [] } : getJson(`/exchanges/${message.id}/source.json`).catch(() => ({ excerpts: [] })),
    message.step ? getJson(`/tutorial/code/${encodeURIComponent(message.step)}.json`).catch(() => ({})) : {},
  ]);
  if (![message, partner(message)].includes(shown)) return;
  place.replaceChildren(...ours.excerpts.map(excerpt), ...(tutorial.code ? [theirs(tutorial.code)] : []));
}

/** The same step in Attio's tutorial. */
const theirs = ({ file, lines }) =>
  excerpt({ file: `${file}, the tutorial's own`, lines: lines.map(({ meant, ...line }) => ({ ...line, hot: meant })) });

function excerpt({ file, lines }) {
  const item = copy("peek-code", { file });
  const code = item.querySelector("pre code");
  for (const { number, text, pieces, hot } of lines) {
    const line = document.createElement("span");
    line.className = hot ? "line hot" : "line";
    line.dataset.number = number;
    drawPieces(line, [...(pieces ?? [["", text]]), ["", "\n"]]);
    code.append(line);
  }
  return item;
}

const part = (title, text) => copy("peek-part", { title, text });
const headersOf = ({ headers }) => informative(headers).map(([name, value]) => `${name}: ${value}`).join("\n");

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

if (panel) {
  document.getElementById("peek-close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden && !document.querySelector("dialog[open]")) close();
  });
}
