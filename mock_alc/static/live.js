// Updates the elements marked data-live: fetches the page again and changes only what differs, so that the focus, open
// details and the scroll position stay. Everything works without this script.
const EVERY_MS = 1500;

function fetchPage() {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("GET", location.href);
    call.setRequestHeader("X-Live", "1"); // The server does not log these requests.
    call.responseType = "document"; // Parsed by the browser: no HTML string, so Trusted Types can stay on.
    call.timeout = 10_000;
    call.onload = () => ([200, 404].includes(call.status) ? resolve(call.response) : reject(new Error(call.statusText)));
    call.onerror = call.ontimeout = reject;
    call.send();
  });
}

function sync(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE || old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
    return;
  }
  syncAttributes(old, fresh);
  syncChildren(old, fresh);
}

function syncAttributes(old, fresh) {
  // Keep what the person has opened, and the CSRF token: the old one is still valid.
  if (old.name === "csrf_token") return;
  for (const { name, value } of fresh.attributes) if (name !== "open") old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
}

function syncChildren(old, fresh) {
  const keyed = new Map([...old.children].filter((child) => child.dataset.key).map((child) => [child.dataset.key, child]));
  let place = old.firstChild;
  for (const wanted of fresh.childNodes) {
    const found = wanted.dataset?.key ? keyed.get(wanted.dataset.key) : place?.dataset?.key ? null : place;
    if (!found) {
      old.insertBefore(document.importNode(wanted, true), place);
    } else {
      if (found === place) place = place.nextSibling;
      else old.insertBefore(found, place);
      sync(found, wanted);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function show(page) {
  if (!page.getElementById("live")) return location.reload(); // Signed out, or the page no longer exists.
  for (const region of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(region.id);
    const atEnd = region.scrollHeight - region.scrollTop - region.clientHeight < 40;
    if (fresh) sync(region, fresh);
    if (atEnd) region.scrollTop = region.scrollHeight;
  }
}

async function refresh() {
  if (!document.hidden) {
    const live = document.getElementById("live");
    try {
      show(await fetchPage());
      delete live.dataset.state;
    } catch {
      live.dataset.state = "lost";
    }
  }
  setTimeout(refresh, EVERY_MS);
}

if (document.querySelector("#main [data-live]")) setTimeout(refresh, EVERY_MS);
