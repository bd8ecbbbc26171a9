import { copy, fill } from "./dom.js";

const layer = document.getElementById("toasts");
const shown = new Map();                                // id -> { element, timer, options }

const DEFAULTS = { variant: "neutral", text: "", durationMs: 4000, dismissable: true, progress: null };

/** Show a toast; `durationMs: null` keeps it until it is hidden. */
export function showToast({ id, ...options }) {
  const element = copy("toast", {});
  element.querySelector("button").addEventListener("click", () => hideToast({ id }));
  for (const here of ["pointerenter", "focusin"]) element.addEventListener(here, () => stop(id));
  for (const gone of ["pointerleave", "focusout"]) element.addEventListener(gone, () => start(id));
  shown.set(id, { element, options: DEFAULTS });
  layer.append(element);
  raise();
  updateToast({ id, ...options });
}

/** Change the given options of a toast and restart its timer; a hidden toast stays hidden. */
export function updateToast({ id, ...changes }) {
  const toast = shown.get(id);
  if (!toast) return;
  toast.options = { ...toast.options, ...changes };
  const { variant, title, text, dismissable, progress } = toast.options;
  toast.element.dataset.variant = variant;
  if (variant === "error") toast.element.setAttribute("role", "alert");
  else toast.element.removeAttribute("role");
  toast.element.querySelector("button").hidden = !dismissable;
  const bar = toast.element.querySelector("progress");
  bar.hidden = progress === null;
  bar.value = progress ?? 0;
  fill(toast.element, { title, text });
  start(id);
}

export function hideToast({ id }) {
  const toast = shown.get(id);
  if (!toast) return;
  stop(id);
  shown.delete(id);
  toast.element.dataset.leaving = "";
  Promise.allSettled(toast.element.getAnimations().map((animation) => animation.finished)).then(() => {
    toast.element.remove();
    if (!shown.size) layer.hidePopover();
  });
}

/** Re-enter the top layer, above a dialog that was opened since. */
function raise() {
  if (layer.matches(":popover-open")) layer.hidePopover();
  layer.showPopover();
}

function start(id) {
  stop(id);
  const toast = shown.get(id);
  if (toast && toast.options.durationMs !== null) toast.timer = setTimeout(() => hideToast({ id }), toast.options.durationMs);
}

function stop(id) {
  clearTimeout(shown.get(id)?.timer);
}

let failures = 0;

/** Show an error toast of the page itself, for failures that no action reports. */
export function reportFailure(title, text) {
  showToast({ id: `failure-${++failures}`, title, text, variant: "error", durationMs: null });
}
