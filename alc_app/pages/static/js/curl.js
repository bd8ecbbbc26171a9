const UNINFORMATIVE = /^(accept|accept-encoding|cache-control|connection|content-length|content-security-policy|cross-origin-.*|date|host|referrer-policy|server|user-agent|x-content-type-options)$/i;

/** The informative headers, as pairs. */
export const informative = (headers) => Object.entries(headers).filter(([name]) => !UNINFORMATIVE.test(name));

/** A request as a shell command. Secrets are replaced by a variable that the reader sets. */
export function toCurl({ method, url, headers, body }) {
  const given = informative(headers).map(([name, value]) => `  -H ${quoted(`${name}: ${value.replace("•••", "$TOKEN")}`)}`);
  const data = body ? [`  --data-raw ${quoted(body)}`] : [];
  return [`curl -X ${method} ${quoted(url)}`, ...given, ...data].join(" \\\n");
}

/** Quote for the shell: single quotes expand nothing, a variable needs double quotes. */
function quoted(text) {
  return text.includes("$TOKEN") ? `"${text.replace(/["\\`]/g, "\\$&")}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
