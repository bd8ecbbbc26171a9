import { drawPieces } from "./code.js";
import "./dock.js";
import { singleFlight, announce, copy, fill, pause } from "./dom.js";
import { getJson, post, Refused } from "./http.js";
import { reportFailure } from "./toasts.js";

const CUT = "The app did not answer. Check that it is running, then try again.";
const POLL_MS = 5000;                                     // in case the live stream is lost
const BETWEEN_TICKS = 45;

const page = document.getElementById("tutorial");
const panel = document.getElementById("step");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let chosen = new URLSearchParams(location.search).get("step") ?? "";  // empty: show the current step
let states = new Map();

/** Fetch the state of the tour and draw it. */
const refresh = singleFlight(async () => {
  const tour = await getJson(`/tutorial/state.json?step=${encodeURIComponent(chosen)}`);
  const changed = tour.steps.filter(({ slug, state }) => states.size && states.get(slug) !== state && state === "done");
  states = new Map(tour.steps.map(({ slug, state }) => [slug, state]));
  drawPage(tour, changed);
  await drawSteps(tour, changed);
});

function drawPage(tour, changed) {
  drawPanel(tour);
  document.getElementById("progress").value = tour.done;
  document.querySelector("[data-progress=done]").textContent = tour.done;
  document.getElementById("about").hidden = tour.done > 1;
  const milestone = document.getElementById("milestone");
  milestone.hidden = !tour.milestone;
  fill(milestone, { milestone: tour.milestone });
  document.getElementById("onward").hidden = tour.done < tour.total;
  document.getElementById("record").href = tour.record ? `/people/${tour.record}` : "/people";
  if (changed.length) announce(tour.milestone || changed.at(-1).saw);
}

/** Tick off new steps one after the other, so that the eye can follow. */
async function drawSteps(tour, changed) {
  for (const { slug, state, saw } of tour.steps) {
    const item = page.querySelector(`li[data-slug="${slug}"]`);
    const link = item.querySelector("a");
    if (slug === tour.panel.slug) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
    if (changed.some((step) => step.slug === slug) && !calm.matches) await pause(BETWEEN_TICKS);
    item.dataset.state = state;
    fill(item, { saw, state });
  }
}

function drawPanel(tour) {
  const data = tour.panel;
  const turned = panel.dataset.slug !== data.slug;
  panel.dataset.state = data.state;
  fill(panel, data);
  drawUserAction(data);
  drawCompareLink(data.typescript);
  if (turned) {
    panel.dataset.slug = data.slug;
    for (const which of ["typescript", "ours"]) drawCode(which, data[which]);
    panel.scrollTop = 0;
    showInList(page.querySelector(`li[data-slug="${data.slug}"]`));
    if (!calm.matches) panel.animate({ opacity: [0.4, 1] }, 180);
  }
  const turns = { previous: data.previous, next: data.next, current: data.slug === tour.current ? "" : tour.current };
  for (const [name, slug] of Object.entries(turns)) {
    const link = panel.querySelector(`[data-turn=${name}]`);
    link.hidden = !slug;
    if (name !== "current") link.href = `/tutorial?step=${slug}`;
  }
}

/** Scroll the list to a step if the list has its own scrollbar; on a phone it is below the panel. */
function showInList(item) {
  const list = item.closest(".steps");
  const [step, shown] = [item.getBoundingClientRect(), list.getBoundingClientRect()];
  if (list.scrollHeight > list.clientHeight && (step.top < shown.top || step.bottom > shown.bottom)) {
    list.scrollTop += step.top - shown.top - shown.height / 2;
  }
}

function drawUserAction({ deed: action, person }) {
  for (const element of panel.querySelectorAll("[data-user-action]")) element.hidden = element.dataset.userAction !== action;
  for (const link of panel.querySelectorAll("[data-person=link]")) link.href = person ? `/people/${person.record_id}` : "/people";
  for (const name of panel.querySelectorAll("[data-person=name]")) name.textContent = person?.name ?? "a person";
  for (const button of panel.querySelectorAll("[data-person=action]")) {
    button.hidden = !person;
    if (person && button.ariaBusy !== "true") button.dataset.action = `/people/${person.record_id}/actions/send-to-alc`;
  }
}

function drawCompareLink(typescript) {
  const link = panel.querySelector("[data-compare]");
  link.hidden = !typescript;
  link.href = `/compare/${typescript?.file.split("/").at(-1) ?? ""}`;
}

function drawCode(which, found) {
  const figure = panel.querySelector(`[data-code=${which}]`);
  fill(figure, { file: found?.file });
  const none = figure.querySelector("p");
  if (none) none.hidden = Boolean(found);
  figure.querySelector("ol").replaceChildren(...(found?.lines ?? []).map(({ number, pieces, meant }) => {
    const line = copy("code-line", {});
    drawPieces(line, pieces);
    line.dataset.number = number;
    line.toggleAttribute("data-meant", meant);
    return line;
  }));
}

/** The user's actions, done for them with the same requests as in the browser. */
const ACTIONS = {
  connect: () => (panel.querySelector("[data-slot=first]").hidden ? askToConnect() : ACTIONS.log_in()),
  log_in: async () => {
    const reply = await post("/tutorial/log-in", await askToConnect());
    const { pathname, search } = new URL((await reply.json()).location);
    await fetch(pathname + search);
  },
  view: () => fetch(panel.querySelector("[data-person=link]").href),
  disconnect: () => post("/connections/alc/disconnect"),
};

const refreshIfVisible = () => document.visibilityState === "visible" && refresh();
const askToConnect = () => getJson("/connections/alc/connect");

async function act(button) {
  button.ariaBusy = "true";
  chosen = "";
  if (button.dataset.do !== "view") document.dispatchEvent(new Event("alc:run-expected"));
  try {
    await ACTIONS[button.dataset.do]();
  } catch (error) {
    reportFailure("The app could not do this for you", error instanceof Refused ? error.message : CUT);
  } finally {
    button.ariaBusy = "false";
    refresh();
  }
}

function choose(link, event) {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  chosen = new URL(link.href).searchParams.get("step") ?? "";
  history.replaceState(null, "", link.href);
  refresh().then(() => panel.scrollIntoView({ block: "start" }));
}

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  const link = event.target.closest("a[href^='/tutorial']");
  if (button && button.ariaBusy !== "true") act(button);
  else if (link) choose(link, event);
  else if (event.target.closest("[data-action]")) chosen = "";
});
document.addEventListener("alc:exchange", refresh);
document.addEventListener("visibilitychange", refreshIfVisible);
setInterval(refreshIfVisible, POLL_MS);
showInList(page.querySelector("li:has([aria-current])"));
refresh();
