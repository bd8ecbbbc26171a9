import { getJson } from "./http.js";

export const PLAY_NOW = "alc-play-now";
const form = document.getElementById("what-if");
let shown = null;

/** Offer what can go wrong with this message, if anything can. */
export async function offer(message) {
  if (!form) return;
  shown = message;
  form.hidden = true;
  if (message.id < 0) return;                            // of a lab's own drawing
  const { choices } = await getJson(`${form.dataset.choices}?message=${message.id}`).catch(() => ({ choices: [] }));
  if (shown !== message) return;
  form.elements.story.replaceChildren(...choices.map(({ story, says }) => new Option(says, story)));
  form.hidden = !choices.length;
}

/** The page that opens plays the story at once; somebody else's link does not. */
form?.addEventListener("submit", () => sessionStorage.setItem(PLAY_NOW, "yes"));
