import { copy } from "./dom.js";
import { Refused } from "./http.js";
import { peopleSearch } from "./people_search.js";

const palette = document.getElementById("palette");
const input = palette.querySelector("input");
const empty = palette.querySelector(".empty");
const people = palette.querySelector("[data-people]");
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
let searching = false;                                  // for people
let entered = false;                                    // Enter was pressed before they were found

const options = () => [...palette.querySelectorAll("[role=option]")];
const matching = () => options().filter((option) => !option.hidden && !option.parentElement.hidden);
const selected = () => options().find((option) => option.ariaSelected === "true");

function select(option) {
  for (const other of options()) other.ariaSelected = String(other === option);
  if (!option) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

/** Show the actions and pages that contain every typed word, and search for people. */
function filter() {
  const words = input.value.toLowerCase().split(/\s+/);
  for (const option of options()) {
    option.hidden = !words.every((word) => option.textContent.toLowerCase().includes(word));
  }
  people.replaceChildren(people.firstElementChild);
  searching = input.value.trim().length > 1;
  entered = false;
  say("");
  select(matching()[0]);
  search(input.value);
}

const search = peopleSearch(showPeople, (error) => {
  searching = false;
  say(error instanceof Refused ? error.message : "Search does not work right now.");
});

function showPeople(found) {
  searching = false;
  people.append(...found.map(option));
  if (!selected()) select(matching()[0]);
  say("");
  if (entered) selected()?.click();
}

function option({ record_id: recordId, name, about }) {
  const link = copy("palette-person", { name, about });
  link.id = `person-${recordId}`;
  link.href = `/people/${encodeURIComponent(recordId)}`;
  return link;
}

/** Say what is missing, or that nothing is there. */
function say(trouble) {
  empty.textContent = trouble || (matching().length ? "" : searching ? empty.dataset.searching : empty.dataset.text);
}

function move(step) {
  const all = matching();
  select(all[(all.indexOf(selected()) + step + all.length) % all.length]);
}

function enter() {
  entered = searching && !selected();
  selected()?.click();
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
  else if (event.key === "Enter") enter();
  else return;
  event.preventDefault();
});

palette.addEventListener("pointermove", (event) => {
  const under = event.target.closest("[role=option]");
  if (under) select(under);
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
