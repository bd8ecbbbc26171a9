import { copy, fill } from "./dom.js";
import { getJson, Refused } from "./http.js";
import "./offer.js";
import "./record.js";

const SOON_MS = 2000;
const LATER_MS = 60_000;
const CUT = "This could not be loaded. Reload the page to try again.";

const frames = new Map();                               // element -> { timer, wait, seen }

function drawAll() {
  for (const frame of document.querySelectorAll("[data-widget]")) draw(frame);
}

async function draw(frame) {
  clearTimeout(frames.get(frame)?.timer);
  try {
    const card = await getJson(frame.dataset.widget);
    show(frame, card);
    follow(frame, card);
  } catch (error) {
    fill(frame, { primary: "", secondary: error instanceof Refused ? error.message : CUT });
  } finally {
    frame.ariaBusy = "false";
  }
}

function show(frame, { title, primary, secondary, decoration, link, transcript }) {
  fill(frame, { title, primary, secondary, badge: decoration?.text, link: link?.label });
  frame.querySelector(".badge").dataset.color = decoration?.color ?? "";
  const anchor = frame.querySelector("a");
  if (link && /^https?:/.test(link.href)) anchor.href = link.href;
  const list = frame.querySelector(".transcript");
  const more = transcript.length > list.childElementCount;
  list.replaceChildren(...transcript.map(line));
  list.hidden = !transcript.length;
  if (more) list.scrollTop = list.scrollHeight;
}

function line({ speaker, text, is_theirs: isTheirs }) {
  const item = copy("transcript-line", { speaker, text });
  item.classList.toggle("theirs", isTheirs);
  return item;
}

/** While a chat is under way (amber), reload the widget: every two seconds while it changes, then less and less often. */
function follow(frame, card) {
  const { wait = SOON_MS, seen } = frames.get(frame) ?? {};
  const now = JSON.stringify(card);
  const next = now === seen ? Math.min(wait * 1.5, LATER_MS) : SOON_MS;
  const timer = card.decoration?.color === "amber" ? setTimeout(() => redraw(frame), next) : null;
  frames.set(frame, { timer, wait: next, seen: now });
}

/** Reload a widget; in a hidden tab, wait until the tab is visible. */
function redraw(frame) {
  if (!document.hidden) return draw(frame);
  document.addEventListener("visibilitychange", () => draw(frame), { once: true });
}

document.addEventListener("alc:record", ({ detail: { record_id: recordId } }) => {
  if (document.querySelector(`article[data-record="${CSS.escape(recordId)}"]`)) drawAll();
});
drawAll();
