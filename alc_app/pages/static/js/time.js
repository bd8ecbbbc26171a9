const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/** Rewrite a time, which the server wrote in UTC, in the reader's own time zone. */
export function localise(time) {
  time.textContent = format.format(new Date(time.dateTime));
}

for (const time of document.querySelectorAll("time[datetime]")) localise(time);
