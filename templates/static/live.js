// Tells the part of the page that is marked live when something happened; it loads itself again.
(() => {
  if (!document.querySelector("[data-live]")) return;
  const stream = new EventSource("/live");
  stream.addEventListener("changed", () => {
    const live = document.querySelector("[data-live]");
    if (live && window.htmx) window.htmx.trigger(live, "changed");
  });
})();
