/**
 * A copy of a <template>, its [data-slot] elements filled with text. This is the only way that the face makes
 * elements: nothing from the wire is ever read as HTML.
 */
export function copy(id, texts) {
  const element = document.getElementById(id).content.firstElementChild.cloneNode(true);
  fill(element, texts);
  return element;
}

/** Set the text of the slots that are named in `texts`; an empty slot is hidden. */
export function fill(element, texts) {
  for (const slot of element.querySelectorAll("[data-slot]")) {
    if (!(slot.dataset.slot in texts)) continue;
    slot.textContent = texts[slot.dataset.slot] ?? "";
    slot.hidden = !slot.textContent;
  }
}

/** Tell a screen reader, politely. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

export const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content;

export const pause = (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds));

/** Makes of some work one that runs alone: asked for while it runs, it runs once more. */
export function alone(work) {
  let running = false;
  let again = false;
  return async () => {
    again = running;
    if (running) return;
    running = true;
    do {
      again = false;
      await work().catch(() => {});                      // the next time tells
    } while (again);
    running = false;
  };
}
