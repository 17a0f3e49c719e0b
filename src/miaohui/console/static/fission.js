// Sliders say their value; the waves are drawn anew after each answer.
"use strict";

const answer = document.getElementById("answer");
document.getElementById("try").addEventListener("input", (event) => {
  const said = event.target.parentElement.querySelector("output");
  if (said) said.textContent = `${Number(event.target.value)}${said.dataset.unit}`;
});

const style = getComputedStyle(document.body);
const colour = (name) => style.getPropertyValue(name).trim();
let chart;
function draw() {
  const box = document.getElementById("waves");
  if (!box || box.dataset.done) return;
  box.dataset.done = "yes";
  const say = box.dataset;
  const { totals, fan, actual } = JSON.parse(say.drawn);
  const whole = new Intl.NumberFormat(say.locale, { maximumFractionDigits: 0 });
  const text = { fontFamily: style.fontFamily, fontSize: 12, color: colour("--mh-ink-3") };
  const names = [...Array(Math.max(totals.length, actual.length)).keys()].map((n) => (n ? say.wave.replace("{}", n) : say.seeds));
  const hidden = { type: "line", symbol: "none", stack: "band", lineStyle: { opacity: 0 }, silent: true };
  chart?.dispose();
  chart = echarts.init(box, null, { renderer: "svg" });
  chart.setOption({
    animation: false,
    textStyle: text,
    grid: { left: 56, right: 16, top: 14, bottom: 26 },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, formatter: ([{ dataIndex: n }]) => [names[n], n < totals.length && `${say.total} ${whole.format(totals[n])}\n${say.band} ${whole.format(fan[n][0])} – ${whole.format(fan[n][2])}`, n < actual.length && `${say.came} ${whole.format(actual[n])}`].filter(Boolean).join("\n") },
    xAxis: { type: "category", data: names, boundaryGap: false, axisLabel: text, axisTick: { show: false }, axisLine: { lineStyle: { color: colour("--mh-line-2") } } },
    yAxis: { type: "value", axisLabel: { ...text, formatter: (value) => whole.format(value) }, splitLine: { lineStyle: { color: colour("--mh-line") } } },
    series: [
      { ...hidden, data: fan.map((band) => band[0]) },
      { ...hidden, data: fan.map((band) => band[2] - band[0]), areaStyle: { color: colour("--mh-gold"), opacity: 0.25 } },
      { type: "line", data: totals, symbolSize: 6, lineStyle: { color: colour("--mh-red"), width: 3 }, itemStyle: { color: colour("--mh-red") } },
      { type: "line", data: actual, symbol: "diamond", symbolSize: 8, lineStyle: { color: colour("--mh-teal"), width: 3 }, itemStyle: { color: colour("--mh-teal") } },
    ],
  });
}
draw();
new MutationObserver(draw).observe(answer, { childList: true, subtree: true });
addEventListener("resize", () => chart?.resize());
