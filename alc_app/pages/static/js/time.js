const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Show a time in the reader's own time zone; the server wrote it in UTC. */
export function localise(time) {
  time.textContent = format.format(new Date(time.dateTime));
}

for (const time of document.querySelectorAll("time[datetime]")) localise(time);
