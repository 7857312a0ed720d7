// Refreshes the page: fetches it again and replaces the content. Without this script the page is the
// same, and the reader reloads it.

const EVERY_MS = 30_000;

const element = (id) => document.getElementById(id);

/** Replaces the content, and keeps the focus and what the reader has opened or closed. */
function replaceContent(fresh) {
  const opened = new Map([...document.querySelectorAll("details[id]")].map((details) => [details.id, details.open]));
  for (const details of fresh.querySelectorAll("details[id]")) {
    if (opened.has(details.id)) details.open = opened.get(details.id);
  }
  const focused = document.activeElement?.closest("details[id]")?.id;
  element("content").replaceWith(document.adoptNode(fresh.getElementById("content")));
  if (focused) element(focused)?.querySelector("summary")?.focus({ preventScroll: true });
}

/** Whether a refresh would disturb the reader: a form is in use, a question is open, or nobody looks. */
function isBusy() {
  return document.hidden || document.querySelector("details.confirm[open], form :focus, .rows :focus") !== null;
}

async function refresh() {
  if (isBusy()) return;
  try {
    const response = await fetch("/", { cache: "no-store", redirect: "error" });
    if (response.status === 401) {
      // The session is over.
      location.assign("/");
      return;
    }
    if (!response.ok) throw new Error(`status ${response.status}`);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const before = element("verdict").textContent;
    document.title = fresh.title;
    element("at").replaceChildren(...fresh.getElementById("at").childNodes);
    replaceContent(fresh);
    const after = element("verdict").textContent;
    if (after !== before) element("live").textContent = after;
  } catch {
    element("at").textContent = "an earlier time: the Worker does not answer";
  }
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);
