// The war room: puts each answer of the stream into its places, draws the minutes, says how old the figures are.
"use strict";

const war = document.getElementById("war");
const say = war.dataset;
const at = (id) => document.getElementById(id);
const put = (id, text) => { if (at(id).textContent !== text) at(id).textContent = text; };
const fill = (text, ...values) => values.reduce((said, value) => said.replace("{}", value), text);

const whole = new Intl.NumberFormat(say.locale);
const scale = 10 ** Number(say.digits);
const coarse = new Intl.NumberFormat(say.locale, { style: "currency", currency: say.currency, maximumFractionDigits: 0, minimumFractionDigits: 0 });
const exact = new Intl.NumberFormat(say.locale, { style: "currency", currency: say.currency });
const share = new Intl.NumberFormat(say.locale, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(say.locale === "zh-CN" ? "zh-CN" : "en-GB", { timeZone: say.zone, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const minute = new Intl.DateTimeFormat("en-GB", { timeZone: say.zone, hour: "2-digit", minute: "2-digit", hour12: false });

const target = Number(say.target || 0);
if (target) document.querySelector("[data-target-money]").textContent = coarse.format(target);

// -- orders per minute ---------------------------------------------------------------------------------------------------

const style = getComputedStyle(war);
const colour = (name) => style.getPropertyValue(name).trim();
const text = { fontFamily: style.fontFamily, fontSize: 14, color: colour("--mh-ink-2") };
const chart = echarts.init(at("minutes"), null, { renderer: "canvas" });
chart.setOption({
  animation: false,
  textStyle: text,
  grid: { left: 44, right: 16, top: 28, bottom: 28 },
  tooltip: { trigger: "axis", renderMode: "richText", confine: true },
  xAxis: { type: "category", boundaryGap: false, data: [], axisLabel: { ...text, color: colour("--mh-ink-3"), interval: 14 }, axisLine: { lineStyle: { color: colour("--mh-line-2") } }, axisTick: { show: false } },
  yAxis: { type: "value", minInterval: 1, axisLabel: { ...text, color: colour("--mh-ink-3") }, splitLine: { lineStyle: { color: colour("--mh-line") } } },
  series: [{ name: say.orders, type: "line", data: [], symbol: "none", lineStyle: { color: colour("--mh-gold"), width: 3 }, itemStyle: { color: colour("--mh-gold") }, areaStyle: { color: colour("--mh-gold"), opacity: 0.1 } },
    { name: say.simulated, type: "line", data: [], symbol: "none", lineStyle: { color: colour("--mh-blue"), width: 2, type: "dashed" }, itemStyle: { color: colour("--mh-blue") } }],
  legend: { top: 0, right: 0, show: false, textStyle: text, itemWidth: 22 },
});
new ResizeObserver(() => chart.resize()).observe(at("minutes"));

let drawn = "";
function draw(moment) {
  const orders = moment.measured.per_minute;
  const simulated = moment.simulated.per_minute;
  const key = `${moment.first_minute_ms} ${orders.join()} ${simulated.join()}`;
  if (key === drawn) return;
  drawn = key;
  const names = orders.map((_, n) => minute.format(moment.first_minute_ms + n * 60000));
  const most = Math.max(...orders);
  const peak = orders.indexOf(most);
  const mark = most ? { symbol: "circle", symbolSize: 9, itemStyle: { color: colour("--mh-red") }, label: { ...text, color: colour("--mh-ink"), formatter: `${names[peak]} ${say.peak} ${whole.format(most)}`, position: peak > orders.length / 2 ? "left" : "right" }, data: [{ coord: [names[peak], most] }] } : { data: [] };
  chart.setOption({ xAxis: { data: names }, legend: { show: simulated.some(Boolean) }, series: [{ data: orders, markPoint: mark }, { data: simulated }] });
  put("now", whole.format(orders.at(-1)));
  put("most", most ? `${names[peak]} ${whole.format(most)}` : "0");
  at("minutes").setAttribute("aria-label", fill(say.chart, orders.at(-1), most));
}

// -- the other panels ----------------------------------------------------------------------------------------------------

function bar(box, part) {
  box.querySelector(".part").setAttribute("width", (Math.max(0, Math.min(part, 1)) * 100).toFixed(2));
}

function money(moment) {
  const { measured, simulated, budget } = moment;
  put("sales", coarse.format(measured.sales_minor / scale));
  put("orders", whole.format(measured.orders));
  put("basket", measured.orders ? exact.format(measured.sales_minor / measured.orders / scale) : "—");
  put("discount", coarse.format(measured.discount_minor / scale));
  put("used", coarse.format((budget.spent_minor + budget.promised_minor) / scale));
  put("used-of", budget.total_minor ? `${share.format(budget.used_ppm / 1e6)} / ${coarse.format(budget.total_minor / scale)}` : "");
  if (target) {
    const reached = measured.sales_minor / scale / target;
    put("attained-share", share.format(reached));
    bar(at("attained"), reached);
  }
  at("simulated").hidden = !simulated.orders && !simulated.took_part;
  put("simulated", fill(at("simulated").dataset.text, whole.format(simulated.orders), coarse.format(simulated.sales_minor / scale)));
}

function funnel(measured) {
  let before = 0;
  const most = Math.max(1, ...[...document.querySelectorAll("[data-step]")].map((step) => measured[step.dataset.step]));
  for (const step of document.querySelectorAll("[data-step]")) {
    const here = measured[step.dataset.step];
    bar(step, here / most);
    step.querySelector("b").textContent = whole.format(here);
    step.querySelector("[data-share]").textContent = before && here <= before ? share.format(here / before) : "";
    before = here;
  }
}

function stock(rows) {
  if (!rows.length) return;
  at("stock").replaceChildren(...rows.map((row) => {
    const box = at("stock-row").content.firstElementChild.cloneNode(true);
    const left = row.left / row.planned;
    const tone = row.left <= 0 ? "bad" : left <= 0.1 ? "warn" : "ok";
    box.classList.add(tone);
    box.querySelector(".name").textContent = row.title[say.locale === "zh-CN" ? "zh" : "en"];
    box.querySelector("b").textContent = whole.format(row.left);
    box.querySelector("b + span").textContent = ` / ${whole.format(row.planned)}`;
    box.querySelector(".word").textContent = { bad: say.gone, warn: say.low, ok: say.enough }[tone];
    if (row.held) box.title = `${say.held} ${whole.format(row.held)}`;
    bar(box, left);
    return box;
  }));
}

let told = null;
function alarms(found) {
  const key = JSON.stringify(found);
  if (key === told) return;
  told = key;
  put("alarm-count", found.length ? whole.format(found.length) : "");
  const rows = found.map((alarm) => {
    const row = (at(`alarm-${alarm.level}`) ?? at("alarm-warn")).content.firstElementChild.cloneNode(true);
    row.querySelector(".t").textContent = alarm.says[say.locale === "zh-CN" ? "zh" : "en"];
    row.querySelector(".w").textContent = alarm.subject;
    return row;
  });
  at("alarms").replaceChildren(...(rows.length ? rows : [at("alarm-none").content.firstElementChild.cloneNode(true)]));
}

// -- the stream ----------------------------------------------------------------------------------------------------------

let seen = performance.now();
const source = new EventSource(say.stream);
source.addEventListener("moment", (event) => {
  const moment = JSON.parse(event.data);
  seen = performance.now();
  put("clock", clock.format(moment.now_ms));
  put("delay", fill(say.delay, (moment.lag_ms / 1000).toFixed(1)));
  money(moment);
  draw(moment);
  funnel(moment.measured);
  stock(moment.stock);
  alarms(moment.alarms);
  war.dataset.moment = moment.now_ms;
});
setInterval(() => {
  if (performance.now() - seen > 3000) put("delay", say.late);
}, 1000);
