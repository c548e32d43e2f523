// The live feed: shows what changed at once, or, while somebody reads or types there, as a "3 new" button.
// Keys: j and k move between the cards, Enter opens one, a acknowledges, r resolves, ? explains.
"use strict";
(() => {
  const live = document.getElementById("live");
  const stream = document.getElementById("stream");
  const news = document.getElementById("news");
  const title = document.title;
  const changed = new Set();
  let toldAt = 0;

  const isBusy = () => {
    const feed = document.getElementById("feed");
    if (!feed || news.dataset.paused === "true") return news.dataset.paused === "true";
    const held = document.activeElement && feed.contains(document.activeElement);
    return held || feed.matches(":hover") || feed.querySelector("details[open]") !== null;
  };

  const show = () => {
    changed.clear();
    paint();
    window.htmx.ajax("GET", live.dataset.fragment, { target: "#live", swap: "innerMorph" });
  };

  const paint = () => {
    const count = changed.size;
    news.hidden = count === 0;
    news.textContent = `Show ${count} new`;
    document.title = count ? `(${count}) ${title}` : title;
    // Said aloud, but not more often than every ten seconds.
    if (count && Date.now() - toldAt > 10000) {
      toldAt = Date.now();
      document.getElementById("said").textContent = `${count} alerts changed`;
    }
  };

  if (stream && live && news) {
    stream.addEventListener("changed", (event) => {
      for (const alert of JSON.parse(event.detail.data).alerts) changed.add(alert);
      if (isBusy()) paint(); else show();
    });
    news.addEventListener("click", show);
    const state = document.getElementById("live-state");
    const say = (words, off) => { state.textContent = words; state.classList.toggle("off", off); };
    stream.addEventListener("htmx:sse:after:connection", () => say("Live", false));
    stream.addEventListener("htmx:sse:error", (event) => {
      if (event.detail.status === 401) window.location.reload();
      else say("Reconnecting", true);
    });
    const pause = document.getElementById("pause");
    pause.hidden = false;
    pause.addEventListener("click", () => {
      const paused = news.dataset.paused !== "true";
      news.dataset.paused = String(paused);
      pause.setAttribute("aria-pressed", String(paused));
      pause.textContent = paused ? "Go on" : "Pause";
      say(paused ? "Paused" : "Live", paused);
      if (!paused && changed.size) show();
    });
  }

  const cards = () => [...document.querySelectorAll("#feed > .alert")];
  const current = () => cards().find((card) => card.contains(document.activeElement)) || null;
  const move = (by) => {
    const all = cards();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[at === -1 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const press = (action) => {
    const scope = current() || document.querySelector("[data-alert-actions]");
    const button = scope && scope.querySelector(`[data-action=${action}]`);
    if (button) button.click();
  };
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    a: () => press("acknowledge"),
    r: () => press("resolve"),
    Enter: () => { const card = current(); if (card === document.activeElement) card.querySelector("h3 a").click(); },
    "?": () => { const help = document.getElementById("keys"); if (help) help.showModal(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    if (event.key === "Escape") document.querySelectorAll("details.drop[open]").forEach((drop) => { drop.open = false; });
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // A card that an action replaced keeps the focus, and what was done is said.
  let acted = null;
  document.addEventListener("htmx:before:request", (event) => {
    const card = event.target.closest && event.target.closest("[data-alert]");
    if (card) acted = card.id;
  });
  document.addEventListener("htmx:after:swap", () => {
    const card = acted && document.getElementById(acted);
    if (card) card.focus();
    acted = null;
  });

  // One sheet at a time, closed by a click elsewhere.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.drop[open]").forEach((drop) => {
      if (!drop.contains(event.target)) drop.open = false;
    });
  });
})();
