// Keeps a page fresh while something on it is still going on. Everything works without it.
const EVERY_MS = 1500;

function fetchPage() {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("GET", location.href);
    call.responseType = "document"; // Parsed by the browser: no HTML string, so Trusted Types can stay on.
    call.onload = () => (call.status === 200 ? resolve(call.response) : reject(new Error(call.statusText)));
    call.onerror = reject;
    call.send();
  });
}

async function refresh() {
  const main = document.querySelector("main[data-live]");
  if (!main) return;
  const busy = document.hidden || main.contains(document.activeElement) || main.querySelector("details[open]");
  if (!busy) {
    const fresh = (await fetchPage().catch(() => null))?.querySelector("main");
    if (fresh && fresh.textContent !== main.textContent) main.replaceWith(document.adoptNode(fresh));
  }
  setTimeout(refresh, EVERY_MS);
}

setTimeout(refresh, EVERY_MS);
