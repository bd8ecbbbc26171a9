import { copy } from "./dom.js";
import { peopleSearch } from "./people_search.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** Turn a field for a name into a combobox (ARIA pattern) of people; without scripts the server looks the name up. */
function enhance(picker) {
  const input = picker.querySelector("[role=combobox]");
  const chosen = picker.querySelector("[name=record_id]");
  const list = picker.querySelector("[role=listbox]");
  const options = () => [...list.children];
  const active = () => options().find((option) => option.ariaSelected === "true");
  const search = peopleSearch(open, () => open([]));    // after an error the server says what is wrong

  function open(people) {
    list.replaceChildren(...people.map((person, at) => option(person, `${list.id}-${at}`)));
    list.hidden = !people.length;
    input.ariaExpanded = String(!list.hidden);
    activate(options()[0]);
  }

  function option({ record_id: recordId, name, about }, id) {
    const item = copy("picker-person", { name, about });
    item.id = id;
    item.addEventListener("click", () => choose(recordId, name));
    return item;
  }

  function activate(option) {
    for (const other of options()) other.ariaSelected = String(other === option);
    if (!option) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function choose(recordId, name) {
    chosen.value = recordId;
    input.value = name;
    open([]);
    input.focus();
  }

  function keyed(event) {
    if (event.isComposing || list.hidden) return;
    const all = options();
    if (event.key in STEPS) activate(all[(all.indexOf(active()) + STEPS[event.key] + all.length) % all.length]);
    else if (event.key === "Enter") active()?.click();
    else if (event.key === "Escape") open([]);
    else return;
    event.preventDefault();
  }

  input.addEventListener("input", () => {
    chosen.value = "";
    search(input.value);
  });
  input.addEventListener("keydown", keyed);
  list.addEventListener("pointerdown", (event) => event.preventDefault());   // the input keeps the focus
  input.addEventListener("blur", () => open([]));
}

document.querySelectorAll("[data-picker]").forEach(enhance);
