const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const UNITS = [["s", 1], ["min", 60], ["h", 3600], ["d", 86_400]];   // each up to twice the next

/** Show a time in the reader's own time zone; the server wrote it in UTC. */
export function localise(time) {
  time.textContent = format.format(new Date(time.dateTime));
}

/** Show how long ago it is. */
export function showAgo(time) {
  if (!time.dateTime) return;
  const seconds = Math.max(0, (Date.now() - new Date(time.dateTime)) / 1000);
  const [unit, size] = UNITS.findLast(([, length]) => seconds >= 2 * length) ?? UNITS[0];
  time.textContent = seconds < 2 ? "just now" : `${Math.floor(seconds / size)} ${unit} ago`;
  time.title = format.format(new Date(time.dateTime));
}

const showAllAgo = () => document.querySelectorAll("time[data-ago]").forEach(showAgo);

for (const time of document.querySelectorAll("time[datetime]:not([data-ago])")) localise(time);
if (document.querySelector("time[data-ago]")) {
  showAllAgo();
  setInterval(showAllAgo, 1000);
}
