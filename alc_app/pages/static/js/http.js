import { meta } from "./dom.js";

/** The server refused a request; the message is a whole sentence for a person. */
export class Refused extends Error {}

async function ask(url, options) {
  const reply = await fetch(url, options);
  if (reply.ok) return reply;
  if (reply.status === 401 && !options?.method) location.reload();   // signed out: the page is not theirs to see any more
  const problem = await reply.json().catch(() => ({}));
  throw new Refused(problem.error?.message ?? "The server did not accept the request. Reload the page and try again.");
}

export async function getJson(url) {
  const reply = await ask(url, { headers: { Accept: "application/json" } });
  return reply.json();
}

/** POST a JSON body with the page's CSRF token; resolves to the reply as soon as its headers are here. */
export function post(url, body = null) {
  return ask(url, {
    method: "POST",
    headers: {
      Accept: "application/x-ndjson, application/json",
      "Content-Type": "application/json",
      "X-CSRFToken": meta("csrf-token"),
    },
    body: JSON.stringify(body),
  });
}

/** Yield the objects of an NDJSON reply as their lines arrive. Older Safari cannot `for await` a stream. */
export async function* lines(reply) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value = "" } = await reader.read();
    const whole = (rest + value).split("\n");
    rest = whole.pop();
    yield* whole.filter(Boolean).map((line) => JSON.parse(line));
    if (done) return;
  }
}
