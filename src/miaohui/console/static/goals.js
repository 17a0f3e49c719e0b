// The burn-up of a goal: plan, what came, and the fan of what may come. Its figures stand in the table below the drawing.
"use strict";

const box = document.getElementById("burn");
const say = box.dataset;
const { days, planned, actual, fan, target, currency } = JSON.parse(say.chart);
const style = getComputedStyle(document.body);
const colour = (name) => style.getPropertyValue(name).trim();
const text = { fontFamily: style.fontFamily, fontSize: 12, color: colour("--mh-ink-3") };
const short = new Intl.NumberFormat(say.locale, { notation: "compact", maximumFractionDigits: 1, ...(currency ? { style: "currency", currency } : {}) });
const exact = new Intl.NumberFormat(say.locale, { maximumFractionDigits: 0, ...(currency ? { style: "currency", currency } : {}) });
const named = new Intl.DateTimeFormat(say.locale, { month: "numeric", day: "numeric", timeZone: "UTC" });

const first = fan.findIndex(Boolean);
const begun = actual.findLastIndex((value) => value !== null);
const joined = (pick) => fan.map((band, n) => (band ? pick(band) : n === first - 1 ? actual[n] : null));
const low = joined((band) => band[0]);
const width = joined((band) => band[2]).map((high, n) => (high === null ? null : high - low[n]));
const line = (name, data, color, more = {}) => ({ name, type: "line", data, symbol: "none", lineStyle: { color, width: 2 }, itemStyle: { color }, ...more });

const chart = echarts.init(box, null, { renderer: "svg" });
chart.setOption({
  animation: false,
  textStyle: text,
  grid: { left: 62, right: 18, top: 34, bottom: 28 },
  legend: { top: 0, right: 0, textStyle: { ...text, color: colour("--mh-ink-2") }, itemWidth: 20, data: [say.plan, say.actual, say.median, say.band] },
  tooltip: {
    trigger: "axis",
    renderMode: "richText",
    confine: true,
    formatter: (points) => {
      const n = points[0].dataIndex;
      const lines = [`${say.plan} ${exact.format(planned[n])}`];
      if (actual[n] !== null) lines.push(`${say.actual} ${exact.format(actual[n])}`);
      if (fan[n]) lines.push(`${say.median} ${exact.format(fan[n][1])}`, `${say.band} ${exact.format(fan[n][0])} – ${exact.format(fan[n][2])}`);
      return [named.format(new Date(days[n])), ...lines].join("\n");
    },
  },
  xAxis: { type: "category", data: days.map((day) => named.format(new Date(day))), boundaryGap: false, axisLabel: text, axisLine: { lineStyle: { color: colour("--mh-line-2") } }, axisTick: { show: false } },
  yAxis: { type: "value", axisLabel: { ...text, formatter: (value) => short.format(value) }, splitLine: { lineStyle: { color: colour("--mh-line") } } },
  series: [
    line(`${say.band} `, low, "transparent", { stack: "band", lineStyle: { opacity: 0 }, silent: true }),
    line(say.band, width, colour("--mh-gold"), { stack: "band", lineStyle: { opacity: 0 }, areaStyle: { color: colour("--mh-gold"), opacity: 0.25 }, silent: true }),
    line(say.plan, planned, colour("--mh-ink-3"), { lineStyle: { color: colour("--mh-ink-3"), width: 2, type: "dashed" }, markLine: { silent: true, symbol: "none", label: { ...text, formatter: () => short.format(target), position: "insideStartTop" }, lineStyle: { color: colour("--mh-line-2") }, data: [{ yAxis: target }] } }),
    line(say.median, joined((band) => band[1]), colour("--mh-gold-800"), { lineStyle: { color: colour("--mh-gold-800"), width: 2, type: "dotted" } }),
    line(say.actual, actual, colour("--mh-red"), { symbol: begun < 1 ? "circle" : "none", lineStyle: { color: colour("--mh-red"), width: 3 } }),
  ],
});
new ResizeObserver(() => chart.resize()).observe(box);
