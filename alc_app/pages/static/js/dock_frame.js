import { close } from "./peek.js";

const KEY = "alc-dock";
const SMALL = matchMedia("(max-width: 900px), (max-height: 640px)");   // there it is a sheet over the page
const LOWEST = 15;
const HIGHEST = 85;

/** The dock as a part of the page: open or closed, how high, kept for each kind of page; on a phone it is a sheet. */
export class Frame {
  constructor(dock, opened) {
    this.dock = dock;
    this.opened = opened;
    this.toggle = document.getElementById("dock-toggle");
    this.handle = document.getElementById("dock-handle");
    this.setHeight(this.saved.height ?? 40);
    this.toggle.addEventListener("click", () => this.turn(!this.isOpen));
    document.getElementById("dock-close").addEventListener("click", () => this.turn(false));
    document.addEventListener("keydown", (event) => this.keyed(event));
    this.handle.addEventListener("pointerdown", (event) => this.drag(event));
    this.handle.addEventListener("keydown", (event) => this.nudge(event));
    const { style } = document.documentElement;
    new ResizeObserver(() => style.setProperty("--dock", `${dock.offsetHeight}px`)).observe(dock);   // toasts stay above
  }

  /** Open it if the reader has left it open on this kind of page. */
  restore() {
    if (this.saved.open && !SMALL.matches) this.setOpen(true);
  }

  get isOpen() {
    return this.toggle.getAttribute("aria-expanded") === "true";
  }

  /** What the reader has set for this kind of page. */
  get saved() {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}")[this.dock.dataset.page] ?? {};
  }

  save(change) {
    const all = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    localStorage.setItem(KEY, JSON.stringify({ ...all, [this.dock.dataset.page]: { ...this.saved, ...change } }));
  }

  setOpen(open) {
    this.toggle.setAttribute("aria-expanded", open);
    if (open) this.opened();
    else close();
  }

  /** Open for a run of this person's own, unless they have closed the dock here, or it would cover the page. */
  offer() {
    if (!this.isOpen && this.saved.open !== false && !SMALL.matches) this.setOpen(true);
  }

  /** Open or close it by hand. */
  turn(open) {
    this.setOpen(open);
    this.save({ open });
    this.toggle.focus();
  }

  keyed({ key }) {
    const inTheWay = document.querySelector("dialog[open], .peek:not([hidden])");
    if (key === "Escape" && this.isOpen && SMALL.matches && !inTheWay) this.turn(false);
  }

  setHeight(percent) {
    const height = Math.round(Math.max(LOWEST, Math.min(HIGHEST, percent)));
    this.dock.style.setProperty("--height", `${height}dvh`);
    this.handle.setAttribute("aria-valuenow", height);
    return height;
  }

  drag({ pointerId }) {
    const { handle } = this;
    handle.setPointerCapture(pointerId);
    const move = ({ clientY }) => this.save({ height: this.setHeight(((innerHeight - clientY) / innerHeight) * 100) });
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", () => handle.removeEventListener("pointermove", move), { once: true });
  }

  nudge(event) {
    const by = { ArrowUp: 4, ArrowDown: -4 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.save({ height: this.setHeight(Number(this.handle.getAttribute("aria-valuenow")) + by) });
  }
}
