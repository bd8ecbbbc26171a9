import { copy } from "./dom.js";
import { getJson } from "./http.js";
import { localise } from "./time.js";

const place = document.querySelector("[data-why]");

/** Fetch why the person has this status; resolves to a function that draws it. */
export async function loadWhy() {
  const { sentences, label, href } = await getJson(place.dataset.why);
  return () => {
    place.querySelector("p").replaceChildren(...sentences.flatMap((parts) => [...parts.map(part), " "]));
    const link = place.querySelector("a");
    link.hidden = !href;
    link.textContent = label;
    if (href.startsWith("/")) link.href = href;
  };
}

/** Say that the person is being sent, until more is known. */
export function showSending(name) {
  place.querySelector("p").textContent = `${name} is being sent to ALC.`;
  place.querySelector("a").hidden = true;
}

function part({ text, at }) {
  if (!at) return text;
  const time = copy("why-time", {});
  time.dateTime = at;
  localise(time);
  return time;
}

/** What has changed without an event, such as the next try, is here when the reader looks. */
const refresh = () => loadWhy().then((draw) => draw(), () => {});

place.addEventListener("toggle", () => place.open && refresh());
for (const kind of ["dead_letter", "connection"]) document.addEventListener(`alc:${kind}`, () => place.open && refresh());
