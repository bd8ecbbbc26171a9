const SAID_MS = 1500;

/**
 * Copy a <template> and fill its [data-slot] elements with text. Scripts create elements only in this way, so data
 * from the server is never parsed as HTML.
 */
export function copy(id, texts) {
  const element = document.getElementById(id).content.firstElementChild.cloneNode(true);
  fill(element, texts);
  return element;
}

/** Set the text of the slots named in `texts`; empty slots are hidden. */
export function fill(element, texts) {
  for (const slot of element.querySelectorAll("[data-slot]")) {
    if (!(slot.dataset.slot in texts)) continue;
    slot.textContent = texts[slot.dataset.slot] ?? "";
    slot.hidden = !slot.textContent;
  }
}

/** Announce a text to screen readers (aria-live: polite). */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** Copy a text. The button and a screen reader say whether it is copied: a browser may not allow it. */
export async function copyText(text, button) {
  const copied = await writeText(text).then(() => true, () => false);
  announce(copied ? "Copied." : "Not copied. The browser does not allow it.");
  button.dataset.copied = copied ? "yes" : "no";
  setTimeout(() => delete button.dataset.copied, SAID_MS);
}

const writeText = async (text) => navigator.clipboard.writeText(text);   // there is no clipboard without HTTPS

export const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;

export const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

/** Wrap async work so that only one call runs at a time; calls made meanwhile cause one more run afterwards. */
export function singleFlight(work) {
  let running = false;
  let again = false;
  return async () => {
    again = running;
    if (running) return;
    running = true;
    do {
      again = false;
      await work().catch(() => {});                      // the next run shows what is missing
    } while (again);
    running = false;
  };
}
