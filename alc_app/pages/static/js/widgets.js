import "./dock.js";
import { copy, fill, pause, singleFlight } from "./dom.js";
import { getJson, Refused } from "./http.js";
import "./offer.js";
import { loadActivity, nameOf, showValues } from "./record.js";
import "./tasks.js";
import { loadWhy, showSending } from "./why.js";

/*
 * A record's page. Its fields, its cards and its activity tell the same facts, so they change together: a change is
 * drawn in one go, when everything about it is here.
 */

const HOLD_MS = 1000;                                    // then the change is drawn, and what is missing follows
const AGAIN_MS = 100;
const SOON_MS = 2000;
const LATER_MS = 60_000;
const CUT = "This did not load. Reload the page to try again.";
const COLORS = { Pending: "amber", Complete: "green", Failed: "red" };   // of the statuses that a record can have
const SENDING = "Sending";                               // not in the CRM yet
const SENDING_CARD = { primary: "Being sent to ALC", decoration: { text: SENDING, color: "grey" }, transcript: [] };

const page = document.querySelector("article[data-record]");
const frames = [...page.querySelectorAll("[data-widget]")];
const loading = new Map();                               // frame -> promise of its card
const poll = { timer: null, wait: SOON_MS, seen: "" };
let isSending = false;                                   // Send to ALC was pressed, and nothing is known of it yet
let values = { alc_status: page.querySelector(".status").textContent };   // what the record has
let activity = Promise.resolve(() => {});                // draws the activity and why the status is this one

const renew = singleFlight(async () => {
  clearTimeout(poll.timer);
  const until = performance.now() + HOLD_MS;
  let known, cards, drawActivity;
  do {
    known = values;
    cards = await gather(until);
    drawActivity = await soonest(activity, until);
  } while (known !== values);
  draw(cards);
  if (drawActivity) drawActivity();
  else activity.then((late) => late());
});

/** Draw what is known, all at once. Cards that are not here yet say nothing. */
function draw(cards) {
  if (isSending) cards = frames.map(() => SENDING_CARD);
  const status = cards?.some(({ decoration }) => decoration?.text === SENDING) ? SENDING : values.alc_status;
  showValues(page, { ...values, alc_status: status });
  frames.forEach((frame, at) => (cards ? show(frame, cards[at], status) : blank(frame)));
  if (cards) follow(cards);
  else Promise.all(frames.map(load)).then((late) => (late.every(agrees) ? draw(late) : renew()));
}

/** Fetch the cards, again while one is ahead of the record, whose change is on its way; undefined if they take too long. */
async function gather(until) {
  for (;;) {
    const cards = await soonest(Promise.all(frames.map(load)), until);
    if (!cards || performance.now() > until || cards.every(agrees)) return cards;
    await pause(AGAIN_MS);
  }
}

const soonest = (work, until) => Promise.race([work, pause(Math.max(0, until - performance.now()))]);
const agrees = ({ decoration }) => !(decoration?.text in COLORS) || decoration.text === values.alc_status;

function load(frame) {
  if (!loading.has(frame)) {
    const card = getJson(frame.dataset.widget).catch((error) => ({ secondary: error instanceof Refused ? error.message : CUT, transcript: [] }));
    loading.set(frame, card.finally(() => loading.delete(frame)));
  }
  return loading.get(frame);
}

/** Fill in a card. Where its badge says the record's status, it says what the record's field says. */
function show(frame, { title, primary = "", secondary, decoration, link, transcript }, status) {
  const badge = decoration?.text in COLORS ? { text: status, color: COLORS[status] } : decoration;
  fill(frame, { ...(title && { title }), primary, secondary, badge: badge?.text, link: link?.label });
  frame.querySelector(".badge").dataset.color = badge?.color ?? "";
  const anchor = frame.querySelector("a");
  if (link && /^https?:/.test(link.href)) anchor.href = link.href;
  const list = frame.querySelector(".transcript");
  const more = transcript.length > list.childElementCount;
  list.replaceChildren(...transcript.map(line));
  list.hidden = !transcript.length;
  if (list.hidden) delete frame.dataset.chat;            // the room that was kept for it
  if (more) list.scrollTop = list.scrollHeight;
  frame.ariaBusy = "false";
}

function blank(frame) {
  fill(frame, { primary: " ", secondary: " ", badge: "" });
  frame.ariaBusy = "true";
}

function line({ speaker, text, is_theirs: isTheirs }) {
  const item = copy("transcript-line", { speaker, text });
  item.classList.toggle("theirs", isTheirs);
  return item;
}

/** While a chat is under way, ask again: every two seconds while it changes, then less and less often. */
function follow(cards) {
  const now = JSON.stringify(cards);
  poll.wait = now === poll.seen ? Math.min(poll.wait * 1.5, LATER_MS) : SOON_MS;
  poll.seen = now;
  if (cards.some(({ decoration }) => [SENDING, "Pending"].includes(decoration?.text))) poll.timer = setTimeout(renewVisible, poll.wait);
}

/** A hidden tab waits until it is seen. */
function renewVisible() {
  if (!document.hidden) return renew();
  document.addEventListener("visibilitychange", renew, { once: true });
}

/** A click shows at once. A question or a message of the action tells more, and so does the change that it makes. */
function setSending(url, sending) {
  if (url !== `/people/${page.dataset.record}/actions/send-to-alc` || sending === isSending) return;
  isSending = sending && values.alc_status !== "Pending";  // a chat under way is not sent again
  if (isSending) {
    draw();
    showSending(nameOf(page));
  } else {
    reload();
    renew();
  }
}

function reload() {
  const parts = [loadActivity(page.querySelector(".activity"), page.dataset.record), loadWhy()];
  activity = Promise.all(parts.map((part) => part.catch(() => () => {}))).then((draws) => () => draws.forEach((each) => each()));
}

document.addEventListener("alc:action", ({ detail: { url, busy } }) => setSending(url, busy));
document.addEventListener("alc:effect", ({ detail: { url, effect } }) => {
  if (!effect.endsWith("Toast")) setSending(url, false);
});
document.addEventListener("alc:record", ({ detail }) => {
  if (detail.record_id !== page.dataset.record) return;
  isSending = false;
  values = { ...values, ...detail.values, alc_status: detail.values.alc_status ?? "" };
  reload();
  renew();
});
renew();
