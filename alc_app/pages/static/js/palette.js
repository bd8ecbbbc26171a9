const palette = document.getElementById("palette");
const input = palette.querySelector("input");
const empty = palette.querySelector(".empty");
const options = [...palette.querySelectorAll("[role=option]")];
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

const matching = () => options.filter((option) => !option.hidden && !option.parentElement.hidden);
const selected = () => options.find((option) => option.ariaSelected === "true");

function select(option) {
  for (const other of options) other.ariaSelected = String(other === option);
  if (!option) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

/** Show the options that contain every typed word. */
function filter() {
  const words = input.value.toLowerCase().split(/\s+/);
  for (const option of options) option.hidden = !words.every((word) => option.textContent.toLowerCase().includes(word));
  empty.textContent = matching().length ? "" : empty.dataset.text;
  select(matching()[0]);
}

function move(step) {
  const all = matching();
  select(all[(all.indexOf(selected()) + step + all.length) % all.length]);
}

function toggle() {
  if (palette.open) return palette.close();
  if (document.querySelector("dialog[open]")) return;   // a dialog is waiting for an answer
  document.getElementById("sidebar").hidePopover();
  input.value = "";
  filter();
  palette.showModal();
}

input.addEventListener("input", filter);
input.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key in STEPS) move(STEPS[event.key]);
  else if (event.key === "Enter") selected()?.click();
  else return;
  event.preventDefault();
});

palette.addEventListener("pointermove", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) select(option);
});

// Options are links and action buttons with their own click handling. A click on the dialog element itself is on its
// backdrop; `closedby` does this too, but not in every browser.
palette.addEventListener("click", (event) => {
  if (event.target === palette || event.target.closest("[role=option]")) palette.close();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-opens=palette]")) toggle();
});
document.addEventListener("keydown", (event) => {
  if (!(event.metaKey || event.ctrlKey) || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  toggle();
});

if (navigator.platform.startsWith("Mac")) {
  for (const key of document.querySelectorAll("[data-modifier-key]")) key.textContent = `⌘${key.dataset.modifierKey}`;
}
