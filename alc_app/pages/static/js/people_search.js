import { pause } from "./dom.js";
import { getJson } from "./http.js";

const TYPING_MS = 150;
const SHORTEST = 2;

/**
 * Return a function that searches for people as somebody types; only the last search counts. `show` gets the people
 * found, `fail` the error; the function resolves to false if another search has begun meanwhile.
 */
export function peopleSearch(show, fail) {
  let latest = 0;
  return async (text) => {
    const mine = ++latest;
    const current = () => mine === latest;
    if (text.trim().length < SHORTEST) return show([]);
    await pause(TYPING_MS);
    if (!current()) return false;
    try {
      const { people } = await getJson(`/people.json?q=${encodeURIComponent(text.trim())}`);
      if (current()) show(people);
    } catch (error) {
      if (current()) fail(error);
    }
    return current();
  };
}
