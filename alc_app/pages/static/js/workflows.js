import { announce, copy, fill } from "./dom.js";
import { getJson } from "./http.js";
import "./picker.js";
import { localise } from "./time.js";

const list = document.getElementById("runs");
let asked = false;
const ended = new Set();                                // runs that are announced when they are drawn

/** A workflow or a run has changed: fetch all once for the events of the next 100 ms. */
async function onWorkflow({ detail: { run_id: runId, state } }) {
  if (runId && ["done", "failed"].includes(state)) ended.add(runId);
  if (asked) return;
  asked = true;
  await new Promise((resume) => setTimeout(resume, 100));
  asked = false;
  const { workflows, runs } = await getJson("/workflows.json");
  workflows.forEach(drawSwitch);
  drawRuns(runs);
  for (const run of runs.filter(({ id }) => ended.delete(id))) announce(`${run.title} for ${run.person}: ${run.state}.`);
}

function drawSwitch(workflow) {
  const place = document.getElementById(workflow.id);
  fill(place, { why: workflow.why });
  const form = place.querySelector(".switch");
  if (!form) return;
  fill(form, { label: workflow.label, button: workflow.button });
  form.querySelector("[data-switched]").dataset.switched = workflow.switched;
  form.querySelector("[name=on]").value = String(!workflow.is_wanted);
}

/** Redraw the runs; open ones stay open, and the focus stays. */
function drawRuns(runs) {
  const open = new Set([...list.querySelectorAll(".workflow-run:has(details[open])")].map(({ id }) => id));
  const focused = document.activeElement?.closest(".workflow-run")?.id;
  list.replaceChildren(...runs.map((run) => drawRun(run, open)));
  if (focused) document.getElementById(focused)?.querySelector("summary").focus();
}

function drawRun(run, open) {
  const item = copy("run", run);
  item.id = `run-${run.id}`;
  item.dataset.state = run.state;
  item.querySelector("details").open = open.has(item.id);
  item.querySelector("a").href = run.record_id ? `/people/${encodeURIComponent(run.record_id)}` : "/people";
  setTime(item.querySelector("time"), run.started_at);
  item.querySelector(".run-steps").append(...run.steps.map(drawStep));
  return item;
}

function drawStep(step) {
  const item = copy("run-step", step);
  item.dataset.state = step.state;
  item.querySelector("[data-slot=found]").closest("div").hidden = !step.found;
  item.querySelector(".until").hidden = !step.until;
  if (step.until) setTime(item.querySelector("time"), step.until);
  return item;
}

function setTime(time, at) {
  time.dateTime = at;
  localise(time);
}

/** Open the run that the address names, which is the one just started. */
function openNamed() {
  const named = location.hash.startsWith("#run-") && document.getElementById(location.hash.slice(1));
  if (named) named.querySelector("details").open = true;
}

if (list) {
  document.addEventListener("alc:workflow", (event) => onWorkflow(event).catch(() => {}));  // the next page load shows the change
  openNamed();
}
