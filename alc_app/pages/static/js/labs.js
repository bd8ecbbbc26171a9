import "./code.js";
import { announce, copy, fill } from "./dom.js";
import { lines, post, Refused } from "./http.js";
import { addFact, clearSides, columnOf, compareEnds, drawMessage, markDifferences } from "./sides.js";

const CUT = "The connection ended before the lab finished. The lab continues and cleans up. Wait a moment, then run it again.";
const HINT = { running: "Running…", again: "Run it again to start over." };
const lab = document.getElementById("lab");
const find = (id) => document.getElementById(id);

const HANDLERS = {
  step({ side, at, text }) {
    columnOf(side).querySelector(".played").append(copy("lab-step", { at: `${at.toFixed(1)} s`, text }));
  },
  fact: addFact,
  message: drawMessage,
  differences: markDifferences,
  outcome({ side, text, good, guessed }) {
    showOutcome(side, good ? "held" : "broken", text);
    if (side === "naive" && guessed !== undefined) saveVerdict(guessed ? "right" : "wrong");
  },
  failed({ side, text }) {
    for (const one of side ? [side] : ["naive", "ours"]) showOutcome(one, "failed", text);
  },
};

function showOutcome(side, state, text) {
  const column = columnOf(side);
  column.dataset.state = state;
  const outcome = column.querySelector(".outcome");
  outcome.querySelector("b").textContent = text;
  outcome.hidden = false;
  announce(`${column.querySelector("h2").textContent}: ${text}`);
}

/** Save whether the prediction about the tutorial's code was right; it is shown when both sides are done. */
function saveVerdict(verdict) {
  find("why").dataset.verdict = verdict;
  localStorage.setItem(`lab:${lab.dataset.name}`, verdict);
}

function clear(shown) {
  clearSides(shown);
  for (const side of shown) {
    const column = columnOf(side);
    column.dataset.state = "running";
    column.querySelector(".outcome").hidden = true;
    column.querySelector(".played").replaceChildren();
  }
  const why = find("why");                               // stories have none
  if (why) Object.assign(why, { hidden: true }).dataset.verdict = "none";
  find("sides").hidden = false;
  find("sides").scrollIntoView({ block: "start" });
}

/** Run the lab or the story, and draw each line of the reply as it arrives. */
export async function run(body, shown = ["naive", "ours"]) {
  setBusy(true);
  try {
    const reply = await post(shown.length > 1 ? lab.dataset.url : `${lab.dataset.url}?sides=${shown}`, body);
    clear(shown);
    let ended = false;
    for await (const { event, ...data } of lines(reply)) {
      HANDLERS[event]?.(data);
      ended ||= event === "done";
    }
    if (!ended) throw new Error("The reply was incomplete.");
    compareEnds(shown);
    explain();
  } catch (error) {
    find("hint").textContent = error instanceof Refused ? error.message : CUT;
    announce(find("hint").textContent);
  } finally {
    setBusy(false);
  }
}

function explain() {
  find("hint").textContent = HINT.again;
  const [why, verdict] = [find("why"), find("verdict")];
  if (!why) return;
  verdict.textContent = verdict.dataset[why.dataset.verdict];
  why.hidden = false;
}

function setBusy(busy) {
  lab.ariaBusy = busy;
  find("run").ariaBusy = busy;
  if (busy) find("hint").textContent = HINT.running;
}

find("predict")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const guess = new FormData(event.target).get("guess");
  if (guess && find("run") && lab.ariaBusy !== "true") run({ guess });
});

const score = { right: 0, wrong: 0 };
for (const link of document.querySelectorAll("[data-lab]")) {
  const verdict = localStorage.getItem(`lab:${link.dataset.lab}`);
  const called = link.querySelector(".called");
  if (verdict) called.textContent = called.dataset[verdict];
  called.hidden = !verdict;
  if (verdict) score[verdict] += 1;
}
if (score.right + score.wrong) fill(document, { score: `${score.right} of ${score.right + score.wrong} called right` });
