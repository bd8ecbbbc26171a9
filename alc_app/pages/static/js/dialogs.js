import { fill } from "./dom.js";

const dialog = document.getElementById("ask");
const [cancelButton, okButton] = dialog.querySelectorAll("button");
let last = Promise.resolve();

/** Ask in the page's only dialog; a second question waits until the first is answered. */
function ask(question) {
  last = last.then(() => open(question));
  return last;
}

function open({ title, text, ok, cancel, variant = "primary" }) {
  fill(dialog, { title, text, ok, cancel });
  dialog.setAttribute("aria-labelledby", title ? "ask-title" : "ask-text");
  if (title && text) dialog.setAttribute("aria-describedby", "ask-text");
  else dialog.removeAttribute("aria-describedby");
  okButton.className = `button ${variant}`;
  dialog.returnValue = "";
  dialog.showModal();
  // An action that cannot be undone must not be one Enter away.
  (variant.includes("destructive") ? cancelButton : okButton).focus();
  return new Promise((answered) => {
    dialog.addEventListener("close", () => answered(dialog.returnValue === "ok"), { once: true });
  });
}

/** Resolves to null when the dialog is closed. */
export async function alert({ title, text, okLabel = "OK" }) {
  await ask({ title, text, ok: okLabel });
  return null;
}

/** Resolves to true if it was confirmed. */
export function confirm({ title, text, cancelLabel = "Cancel", confirmLabel = "OK", confirmVariant }) {
  return ask({ title, text, ok: confirmLabel, cancel: cancelLabel, variant: confirmVariant });
}

/** Offer to connect; a URL of another site is never opened. Resolves to false: the action cannot go on. */
export async function connect({ title, text, label, url }) {
  const target = new URL(url, location.href);
  const agreed = await ask({ title, text, ok: label, cancel: "Not now" });
  if (agreed && target.origin === location.origin) location.assign(target);
  return false;
}

/** A form with data-confirm is submitted only if the person agrees; without scripts it is submitted at once. */
document.addEventListener("submit", async (event) => {
  const { confirm: title, confirmText: text, confirmLabel } = event.target.dataset;
  if (!title) return;
  event.preventDefault();
  if (!(await confirm({ title, text, confirmLabel, confirmVariant: "destructive" }))) return;
  event.target.setAttribute("aria-busy", "true"); // prevents a reload by an event before the response is here
  event.target.submit();
});
