// Draws the table of a figure as a chart: the table is the one source of the numbers, the chart only a view of it.
"use strict";
(() => {
  const palette = (index) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--c${(index % 8) + 1}`).trim();
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const value = (cell, name) => (cell.dataset[name] === undefined || cell.dataset[name] === "" ? null : Number(cell.dataset[name]));

  const read = (table) => {
    const rows = [...table.tBodies[0].rows].reverse();
    const names = [...table.tHead.rows[0].cells].filter((cell) => cell.dataset.series).map((cell) => cell.dataset.series);
    return {
      names,
      at: rows.map((row) => Number(row.dataset.at)),
      values: names.map((_, n) => rows.map((row) => value(row.querySelectorAll("[data-v]")[n], "v"))),
      low: names.map((_, n) => rows.map((row) => value(row.querySelectorAll("[data-v]")[n], "low"))),
      high: names.map((_, n) => rows.map((row) => value(row.querySelectorAll("[data-v]")[n], "high"))),
      partial: rows.map((row) => row.dataset.partial === "true"),
      gap: rows.map((row) => row.dataset.gap === "true"),
      unknown: rows.map((row) => row.dataset.unknown === "true"),
    };
  };

  const shade = (data) => (plot) => {
    const { ctx, bbox } = plot;
    const step = data.at.length > 1 ? data.at[1] - data.at[0] : 3600;
    ctx.save();
    data.at.forEach((at, n) => {
      if (!data.unknown[n] && !data.partial[n] && !data.gap[n]) return;
      const left = plot.valToPos(at - step / 2, "x", true);
      const right = plot.valToPos(at + step / 2, "x", true);
      ctx.globalAlpha = data.unknown[n] ? 0.9 : 0.45;
      ctx.fillStyle = token("line");
      const from = Math.max(left, bbox.left);
      ctx.fillRect(from, bbox.top, Math.min(right, bbox.left + bbox.width) - from, bbox.height);
    });
    ctx.restore();
  };

  const band = (data) => (plot) => {
    // The 95 % interval as a light ribbon behind each line.
    const { ctx } = plot;
    ctx.save();
    data.names.forEach((_, n) => {
      ctx.fillStyle = palette(n);
      ctx.globalAlpha = 0.12;
      let run = [];
      const flush = () => {
        if (run.length > 1) {
          ctx.beginPath();
          run.forEach((m, first) => ctx[first ? "lineTo" : "moveTo"](plot.valToPos(data.at[m], "x", true), plot.valToPos(data.high[n][m], "y", true)));
          run.reverse().forEach((m) => ctx.lineTo(plot.valToPos(data.at[m], "x", true), plot.valToPos(data.low[n][m], "y", true)));
          ctx.fill();
        }
        run = [];
      };
      data.at.forEach((_at, m) => { if (data.low[n][m] === null) flush(); else run.push(m); });
      flush();
    });
    ctx.restore();
  };

  const draw = (figure) => {
    const table = figure.querySelector("table");
    const place = figure.querySelector(".plot");
    const data = read(table);
    const share = figure.dataset.shows === "share";
    const axis = { stroke: token("ink-3"), grid: { stroke: token("line"), width: 1 }, ticks: { stroke: token("line"), width: 1 }, font: "12px system-ui" };
    const hourly = data.at.length > 1 && data.at[1] - data.at[0] < 86400;
    const clock = (options) => {
      const format = new Intl.DateTimeFormat("en-GB", { timeZone: figure.dataset.zone, ...options });
      return (ts) => format.format(new Date(ts * 1e3));
    };
    const day = clock({ day: "numeric", month: "short" });
    const hour = clock({ hour: "2-digit", minute: "2-digit" });
    const ticks = (_u, at, _a, _s, step) => at.map((ts) => (step < 86400 && hour(ts) !== "00:00" ? hour(ts) : day(ts)));
    const moment = (ts) => (ts === null || ts === undefined ? "" : hourly ? `${day(ts)} ${hour(ts)}` : day(ts));
    const format = (v) => (v === null || v === undefined ? "–" : share ? `${(v * 100).toFixed(1)} %` : v.toLocaleString("en"));
    place.replaceChildren();
    const plot = new window.uPlot({
      width: place.clientWidth, height: 300,
      tzDate: (ts) => window.uPlot.tzDate(new Date(ts * 1e3), figure.dataset.zone),
      scales: { y: { range: (_u, low, high) => [0, share ? Math.min(1, (high || 0.1) * 1.15) : Math.max(1, (high || 1) * 1.1)] } },
      axes: [{ ...axis, values: ticks }, { ...axis, size: 56, values: (_u, ticks) => ticks.map((tick) => (share ? `${Math.round(tick * 100)} %` : tick.toLocaleString("en"))) }],
      series: [{ label: "From", value: (_u, ts) => moment(ts) }, ...data.names.map((name, n) => ({
        label: name, stroke: palette(n), width: 2, spanGaps: false,
        dash: [[], [6, 4], [2, 3], [10, 4, 2, 4]][n % 4],
        points: { show: data.at.length < 40, size: 5 }, value: (_u, v) => format(v),
      }))],
      hooks: {
        drawClear: [shade(data), band(data)],
        ready: [(ready) => ready.setLegend({ idx: data.at.length - 1 })],
      },
      legend: { live: true },
    }, [data.at, ...data.values], place);

    // Arrow keys move the cursor; what it stands on is said aloud, not more often than a person can listen.
    const voice = figure.querySelector("[data-voice]");
    let at = data.at.length - 1;
    let wait = 0;
    place.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, Home: -data.at.length, End: data.at.length }[event.key];
      if (!by) return;
      event.preventDefault();
      at = Math.min(Math.max(at + by, 0), data.at.length - 1);
      plot.setCursor({ left: plot.valToPos(data.at[at], "x"), top: 10 });
      clearTimeout(wait);
      wait = setTimeout(() => {
        const row = [...table.tBodies[0].rows].reverse()[at];
        voice.textContent = `${row.cells[0].textContent.trim()}: ${data.names.map((name, n) => `${name} ${format(data.values[n][at])}`).join(", ")}`;
      }, 300);
    });
    return plot;
  };

  document.querySelectorAll("figure[data-chart]").forEach((figure) => {
    figure.querySelector(".plot").hidden = false;
    figure.querySelectorAll("[data-fallback]").forEach((part) => { part.hidden = true; });
    let plot = draw(figure);
    let wait = 0;
    const again = () => { clearTimeout(wait); wait = setTimeout(() => { plot.destroy(); plot = draw(figure); }, 120); };
    window.addEventListener("resize", again);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  });
})();
