import { copy, singleFlight } from "./dom.js";
import { getJson } from "./http.js";
import { localise } from "./time.js";

const section = document.getElementById("tasks");
const { record } = section.closest("[data-record]").dataset;

/** Show the tasks that the person has now. */
const renew = singleFlight(async () => {
  const { tasks } = await getJson(section.dataset.url);
  section.querySelector("ul").replaceChildren(...tasks.map(line));
  section.hidden = !tasks.length;
});

function line({ content, is_completed: isCompleted, created_at: at }) {
  const state = isCompleted ? "Done" : "Open";
  const item = copy("task", { content, state });
  item.dataset.state = state;
  const time = item.querySelector("time");
  time.dateTime = at;
  localise(time);
  return item;
}

/** Workflows create tasks. */
document.addEventListener("alc:workflow", ({ detail }) => detail.record_id === record && renew());
