import { announce, copy } from "./dom.js";
import { getJson, post, Refused } from "./http.js";
import { localise } from "./time.js";

const report = document.getElementById("report");
const CUT = "The app did not answer. Check that it is running, then check again.";
const VERDICTS = {
  success: () => "No problems found.",
  warning: (n) => `${n === 1 ? "1 warning" : `${n} warnings`}.`,
  error: (n) => `${n === 1 ? "1 problem" : `${n} problems`} found.`,
};
const WORST = ["error", "unknown", "warning"];

/** Fetch the report, after repairs if `mend` is set, and draw it. */
async function examine(mend) {
  if (report.ariaBusy === "true") return;
  report.ariaBusy = "true";
  showVerdict("neutral", mend ? "Fixing…" : "Checking…");
  try {
    const reply = await post("/doctor/report", { mend });
    draw(await reply.json());
    if (mend) await drawLetters();
  } catch (error) {
    showVerdict("error", error instanceof Refused ? error.message : CUT);
  } finally {
    report.ariaBusy = "false";
  }
}

function draw({ checks }) {
  const left = checks.flatMap(({ findings }) => findings).filter(({ mended }) => !mended);
  document.getElementById("checks").replaceChildren(...checks.map(check));
  document.getElementById("mend").hidden = !left.some(({ mendable }) => mendable);
  const variant = left.length ? (levelOf(left) === "error" ? "error" : "warning") : "success";
  showVerdict(variant, VERDICTS[variant](left.length));
}

const levelOf = (findings) => WORST.find((level) => findings.some((finding) => finding.level === level)) ?? "well";

function check({ name, findings }) {
  const item = copy("check-result", { name });
  item.dataset.level = levelOf(findings.filter(({ mended }) => !mended));
  item.querySelector("ul").append(...findings.map(({ text, mended }) => copy("finding", { text, mended })));
  return item;
}

function showVerdict(variant, text) {
  report.querySelector(".callout").dataset.variant = variant;
  document.getElementById("verdict").textContent = text;
  announce(text);
}

async function drawLetters() {
  const { dead_letters: letters } = await getJson("/doctor/dead-letters.json");
  document.getElementById("letters").replaceChildren(...letters.map(letter));
}

function letter(data) {
  const item = copy("letter", data);
  const time = item.querySelector("time");
  time.dateTime = data.since;
  localise(time);
  item.querySelector("[name=id]").value = data.id;
  const record = item.querySelector(".record-link");
  record.href = `/people/${encodeURIComponent(data.record_id)}`;
  record.hidden = !data.record_id;
  item.querySelector("[value=replay]").hidden = Boolean(data.advice);
  return item;
}

/** The list of dead letters has changed. */
function onDeadLetter() {
  drawLetters().catch(() => {});                         // the next page load shows the change
}

if (report) {
  document.addEventListener("alc:dead_letter", onDeadLetter);
  document.getElementById("check").addEventListener("click", () => examine(false));
  document.getElementById("mend").addEventListener("click", () => examine(true));
  examine(false);
}
