import { alert, confirm, connect } from "./dialogs.js";
import { lines, post, Refused } from "./http.js";
import { hideToast, reportFailure, showToast, updateToast } from "./toasts.js";

const EFFECTS = { alert, confirm, connect, hideToast, showToast, updateToast };
const CUT = "The connection ended before the action finished. It may continue, so check the record before you try again.";
const FAILED = "The action did not finish";

/** All controls that start this action, in the bar and in the palette. */
const controls = (url) => document.querySelectorAll(`:is([data-action="${CSS.escape(url)}"], [data-bulk-action="${CSS.escape(url)}"])`);

/**
 * Run a record action: its effects arrive as lines of the reply and are performed as they arrive. Resolves to true
 * if it completed, the person refused nothing, and no connection was missing.
 */
export async function run(url, body) {
  setBusy(url, true);
  try {
    let agreed = true;
    const reply = await post(url, body);
    document.dispatchEvent(new CustomEvent("alc:run", { detail: reply.headers.get("X-Request-Id") }));
    let asked = await perform(url, reply);
    while (asked) {
      agreed &&= asked.answer !== false;
      if (!asked.resume) return agreed;
      asked = await perform(url, await post(`/actions/runs/${asked.resume}`, { answer: asked.answer }));
    }
    return agreed;
  } catch (error) {
    reportFailure(FAILED, error instanceof Refused ? error.message : CUT);
    return false;
  } finally {
    setBusy(url, false);
  }
}

/**
 * Perform the effects of one reply. If one asked a question, return the answer and the run to resume, else null.
 * Nothing is resumed after the offer to connect: the page that the person returns to makes the action available again.
 */
async function perform(url, reply) {
  let ended = false;
  let asked = null;
  for await (const { effect, resume, ...options } of lines(reply)) {
    document.dispatchEvent(new CustomEvent("alc:effect", { detail: { url, effect } }));
    const answer = await EFFECTS[effect]?.(options);
    if (resume || effect === "connect") asked = { resume, answer };
    if (resume || effect === "done") ended = true;
  }
  if (!ended) throw new Error("The reply was incomplete.");
  return asked;
}

function setBusy(url, busy) {
  for (const control of controls(url)) {
    control.setAttribute("aria-busy", busy);
    control.setAttribute("aria-disabled", busy);
  }
  document.dispatchEvent(new CustomEvent("alc:action", { detail: { url, busy } }));
}

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-action]");
  if (control && control.ariaBusy !== "true") run(control.dataset.action);
});
