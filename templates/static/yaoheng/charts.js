// Draws what a json_script tag holds with Chart.js; colours come from the CSS variables, so themes need no code here.
// <canvas data-chart="band|lines|bars|spark" data-source="id of the json_script">; shapes of the JSON: docs/components.md.
(() => {
  "use strict";
  const drawn = new Map();
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const tone = (name) => css(`--dot-${name || "teal"}`) || css("--dot-teal");
  const number = (value) => value == null ? "—" : Number(value).toLocaleString("zh-CN", { maximumFractionDigits: 2 });

  // Above the drawing: the unit, and vertical marks (today, expected stock-out) with their words.
  const ROW = 18;
  const marks = {
    id: "marks",
    afterDatasetsDraw(chart, _args, options) {
      const { ctx, chartArea: area, scales: { x } } = chart;
      ctx.save();
      ctx.font = `12px ${css("--font")}`;
      ctx.textBaseline = "bottom";
      ctx.fillStyle = css("--ink-3");
      if (options.unit) ctx.fillText(options.unit, 2, area.top - 6);
      (options.list || []).forEach((mark, row) => {
        const position = chart.data.labels.indexOf(mark.at);
        if (position < 0) return;
        const at = x.getPixelForValue(position);
        const base = area.top - 6 - ROW * (options.list.length - 1 - row);
        const width = ctx.measureText(mark.text).width + 4;
        const leftward = at + width + 4 > chart.width;
        ctx.fillStyle = css("--surface");
        ctx.fillRect(leftward ? at - 4 - width : at + 4, base - 12, width, 15);
        ctx.strokeStyle = ctx.fillStyle = mark.colour;
        ctx.lineWidth = 1.5;
        ctx.setLineDash(mark.dash || []);
        ctx.beginPath();
        ctx.moveTo(at, base - 13);
        ctx.lineTo(at, area.bottom);
        ctx.stroke();
        ctx.textAlign = leftward ? "right" : "left";
        ctx.fillText(mark.text, at + (leftward ? -5 : 5), base + 2);
      });
      ctx.restore();
    },
  };

  function shared(data, extra = {}) {
    const text = css("--ink-3");
    const short = (label) => /^\d{4}-\d\d-\d\d$/.test(label) ? label.slice(5) : label;
    const scale = { grid: { color: css("--grid") }, border: { display: false }, ticks: { color: text, maxTicksLimit: 6 } };
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      layout: { padding: { top: data.unit ? 22 : 6 } },
      interaction: { mode: "index", intersect: false },
      scales: {
        x: {
          stacked: extra.stacked,
          grid: { display: false },
          border: { color: css("--line") },
          ticks: { color: text, maxRotation: 0, autoSkipPadding: 14, callback(value) { return short(this.getLabelForValue(value)); } },
        },
        y: { ...scale, stacked: extra.stacked, beginAtZero: data.from_zero !== false },
      },
      plugins: {
        legend: {
          position: "bottom",
          labels: { color: css("--ink-2"), usePointStyle: true, boxWidth: 8, boxHeight: 8, padding: 14,
            filter: (item, all) => !all.datasets[item.datasetIndex].unnamed,
            generateLabels: (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart)
              .map((item) => ({ ...item, text: chart.data.datasets[item.datasetIndex].legend || item.text })),
          },
        },
        tooltip: {
          backgroundColor: css("--ink"), titleColor: css("--surface"), bodyColor: css("--surface"), padding: 10, cornerRadius: 6, usePointStyle: true, boxPadding: 4,
          callbacks: { label: (item) => ` ${item.dataset.label}：${number(item.raw)} ${data.unit || ""}` },
        },
        marks: { list: [], unit: data.unit },
      },
    };
  }
  const line = (label, values, colour, more = {}) => ({
    label, data: values, borderColor: colour, backgroundColor: colour, borderWidth: 2, tension: 0,
    pointRadius: values.filter((value) => value != null).length > 40 ? 0 : 2, pointHoverRadius: 4, spanGaps: false, ...more,
  });

  const KINDS = {
    band(data) {
      const names = { history: "实际", median: "预测中位数", low: "预测下限（10%）", high: "预测上限（90%）", band: "预测区间（10%–90%）", safety: "安全库存", ...data.names };
      const teal = tone("teal");
      const edge = { borderWidth: 0, pointRadius: 0, pointHoverRadius: 0 };
      const sets = [
        line(names.history, data.history, css("--ink-2")),
        line(names.median, data.median, teal, { borderDash: [6, 4], pointRadius: 0 }),
        line(names.high, data.high, teal, { ...edge, fill: "+1", legend: names.band, backgroundColor: css("--band") }),
        line(names.low, data.low, teal, { ...edge, unnamed: true }),
      ];
      if (data.safety != null) {
        sets.push(line(names.safety, data.labels.map(() => data.safety), tone("orange"), { borderWidth: 1.5, borderDash: [2, 3], pointRadius: 0 }));
      }
      const options = shared(data);
      options.plugins.marks.list = [
        { at: data.today, text: "今天", colour: css("--ink-3"), dash: [3, 3] },
        { at: data.stockout, text: `预计断货 ${data.stockout || ""}`, colour: css("--red") },
      ].filter((mark) => data.labels.includes(mark.at));
      options.layout.padding.top = 8 + ROW * Math.max(options.plugins.marks.list.length, 1);
      options.plugins.legend.onClick = () => {};
      return { type: "line", data: { labels: data.labels, datasets: sets }, options };
    },
    lines(data) {
      const sets = data.series.map((one) => line(one.name, one.values, tone(one.tone), one.dashed ? { borderDash: [6, 4] } : {}));
      return { type: "line", data: { labels: data.labels, datasets: sets }, options: shared(data) };
    },
    bars(data) {
      const sets = data.series.map((one) => ({ label: one.name, data: one.values, backgroundColor: tone(one.tone), borderRadius: 3, maxBarThickness: 34 }));
      const options = shared(data, { stacked: data.stacked !== false });
      if (data.horizontal) {
        options.indexAxis = "y";
        [options.scales.x, options.scales.y] = [{ ...options.scales.y }, { ...options.scales.x }];
        options.scales.y.ticks = { ...options.scales.y.ticks, autoSkip: false };
      }
      return { type: "bar", data: { labels: data.labels, datasets: sets }, options };
    },
    spark(data) {
      const options = shared(data);
      options.scales.x.display = options.scales.y.display = false;
      options.plugins.legend.display = options.plugins.tooltip.enabled = false;
      const set = line("", data.values, tone(data.tone), { pointRadius: 0, borderWidth: 1.8 });
      return { type: "line", data: { labels: data.values.map(() => ""), datasets: [set] }, options };
    },
  };

  function draw(canvas) {
    const source = document.getElementById(canvas.dataset.source);
    if (!source || !window.Chart) return;
    if (drawn.has(canvas)) drawn.get(canvas).destroy();
    Chart.defaults.font.family = css("--font");
    Chart.defaults.font.size = 12;
    const config = KINDS[canvas.dataset.chart](JSON.parse(source.textContent));
    drawn.set(canvas, new Chart(canvas, { ...config, plugins: [marks] }));
  }

  // The same figures as a table, made when somebody opens it: for screen readers, copying and checking.
  function tabulate(details) {
    const holder = details.querySelector(".table-wrap");
    const chart = drawn.get(details.closest(".chart").querySelector("canvas"));
    if (!chart || holder.firstChild) return;
    const table = document.createElement("table");
    table.className = "table dense keep";
    const add = (row, tag, text, numeric) => {
      const cell = row.appendChild(document.createElement(tag));
      cell.textContent = text;
      if (numeric) cell.className = "num";
      if (tag === "th") cell.scope = "col";
    };
    const { labels, datasets } = chart.data;
    const head = table.createTHead().insertRow();
    ["", ...datasets.map((set) => set.label)].forEach((text, position) => add(head, "th", text, position > 0));
    const body = table.createTBody();
    labels.forEach((label, position) => {
      const row = body.insertRow();
      add(row, "td", label);
      datasets.forEach((set) => add(row, "td", number(set.data[position]), true));
    });
    holder.append(table);
  }

  const all = (scope) => scope.querySelectorAll("canvas[data-chart]").forEach(draw);
  document.addEventListener("yaoheng:ready", (event) => all(event.detail));
  document.addEventListener("yaoheng:theme", () => {
    for (const canvas of drawn.keys()) canvas.isConnected ? draw(canvas) : drawn.delete(canvas);
  });
  document.addEventListener("toggle", (event) => event.target.matches && event.target.matches(".chart .fold[open]") && tabulate(event.target), true);
})();
