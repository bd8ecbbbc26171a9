const PLUMBING = /^(accept|accept-encoding|cache-control|connection|content-length|content-security-policy|cross-origin-.*|date|host|referrer-policy|server|user-agent|x-content-type-options)$/i;

/** The headers that say something, as pairs. */
export const telling = (headers) => Object.entries(headers).filter(([name]) => !PLUMBING.test(name));

/** A request as a line for the shell; what is secret is a variable that the reader sets. */
export function toCurl({ method, url, headers, body }) {
  const given = telling(headers).map(([name, value]) => `  -H ${quoted(`${name}: ${value.replace("•••", "$TOKEN")}`)}`);
  const data = body ? [`  --data-raw ${quoted(body)}`] : [];
  return [`curl -X ${method} ${quoted(url)}`, ...given, ...data].join(" \\\n");
}

/** In single quotes nothing is read by the shell; a variable needs double ones. */
function quoted(text) {
  return text.includes("$TOKEN") ? `"${text.replace(/["\\`]/g, "\\$&")}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
