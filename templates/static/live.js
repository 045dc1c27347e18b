// Keeps the list of events up to date: rows come by server-sent events, already rendered.
// Without this script the page is whole; it then shows what was there when it was loaded.
"use strict";
(() => {
  const MOST = 100; // rows on the page; older ones are one link away
  const PATIENCE = 5000; // milliseconds between two reloads of a list of old events
  let list = document.getElementById("rows");
  const sign = document.getElementById("live");
  if (!list || !list.dataset.live || !window.EventSource) return;
  let stream = null;
  let waiting = null;
  let last = 0;

  const say = (text) => {
    if (sign) {
      sign.hidden = false;
      sign.textContent = text;
      sign.classList.toggle("on", text === "live");
    }
  };

  const rowsOf = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return [...template.content.querySelectorAll("li[id]")];
  };

  const take = (html, insert) => {
    const first = list.querySelector("li[data-seq]");
    const top = first ? Number(first.dataset.seq) : 0;
    const fresh = document.createDocumentFragment();
    for (const row of rowsOf(html)) {
      const shown = document.getElementById(row.id);
      if (shown) shown.replaceWith(row);
      else if (insert && Number(row.dataset.seq) > top) {
        row.classList.add("fresh");
        fresh.append(row);
      }
    }
    if (fresh.childNodes.length) document.getElementById("empty")?.remove();
    list.prepend(fresh);
    while (list.children.length > MOST) list.lastElementChild.remove();
  };

  const reload = async () => {
    last = Date.now();
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("list");
    if (fresh) document.getElementById("list").replaceWith(fresh);
    list = document.getElementById("rows");
  };

  const later = () => {
    if (waiting) return;
    waiting = setTimeout(() => {
      waiting = null;
      reload();
    }, Math.max(0, last + PATIENCE - Date.now()));
  };

  const open = () => {
    stream = new EventSource(list.dataset.live);
    stream.addEventListener("open", () => say("live"));
    stream.addEventListener("error", () => say("connection lost, trying again"));
    stream.addEventListener("rows", (event) => take(event.data, true));
    stream.addEventListener("update", (event) => take(event.data, false));
    stream.addEventListener("reload", reload);
    stream.addEventListener("stale", later);
  };

  // A page nobody sees holds no connection: browsers allow few to one address.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      stream?.close();
      stream = null;
    } else if (!stream) open();
  });
  if (!document.hidden) open();
})();
