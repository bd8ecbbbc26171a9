import { announce, copy, copyText } from "./dom.js";
import { run } from "./labs.js";
import { PLAY_NOW } from "./what_if.js";

const NONE = "This is not a story of mock-alc storm. Choose the file story.json that it saved.";
const find = (id) => document.getElementById(id);
const form = find("play");
let story = JSON.parse(form.dataset.story);

/** Show what the chosen file tells; the server checks it when it is played. */
async function open(file) {
  story = null;
  const largest = Number(form.dataset.largestKb);
  try {
    if (file.size > largest * 1024) throw new Error("too large");
    const read = JSON.parse(await file.text());
    if (!read.happened.every(({ at, says }) => at >= 0 && says)) throw new Error("without sentences");
    find("story").replaceChildren(...read.happened.map(({ at, says }) => copy("story-line", { at: clock(at), says })));
    find("broken").textContent = read.broken_by ?? "";
    story = read;
  } catch {
    find("file").setCustomValidity(NONE);
    tell(NONE);
  }
  find("story").hidden = !story;
  find("broken").parentElement.hidden = !story?.broken_by;
}

function tell(words) {
  const hint = find("hint");
  if (hint) hint.textContent = words;
  announce(words);
}

const clock = (seconds) => new Date(seconds * 1000).toISOString().slice(12, 19);

find("file")?.addEventListener("change", ({ target }) => {
  target.setCustomValidity("");
  if (target.files[0]) open(target.files[0]);
});
function play() {
  const shown = find("with-naive").checked ? ["naive", "ours"] : ["ours"];
  if (story && find("run") && find("lab").ariaBusy !== "true") run(story, shown);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  play();
});
find("copy-link")?.addEventListener("click", ({ currentTarget }) => {
  copyText(new URL(currentTarget.dataset.link, location.href), currentTarget);
});
if (sessionStorage.getItem(PLAY_NOW)) {
  sessionStorage.removeItem(PLAY_NOW);
  play();
}
