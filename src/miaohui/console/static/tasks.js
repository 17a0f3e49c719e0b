// The Gantt chart of a campaign: draws what the table below says, and sends what was dragged as the table's own form would.
"use strict";

// The library writes places and sizes into style attributes of markup, which the page's policy forbids: they are carried over to
// the element's own style, which it allows.
const markup = Object.getOwnPropertyDescriptor(Element.prototype, "innerHTML");
Object.defineProperty(Element.prototype, "innerHTML", {
  ...markup,
  set(text) {
    markup.set.call(this, String(text).replace(/(<[^>]*?)\sstyle=/g, "$1 data-style="));
    for (const each of this.querySelectorAll("[data-style]")) {
      each.style.cssText = each.dataset.style;
      delete each.dataset.style;
    }
  },
});

const box = document.getElementById("gantt");
const { language, title, owner, done, label, edits } = box.dataset;
const { jobs, phases, today } = JSON.parse(box.dataset.chart);
const DAY = 86400000;
const local = (iso) => new Date(`${iso}T00:00:00`);
const iso = (at) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
const later = (isoDay, days) => { const at = local(isoDay); at.setDate(at.getDate() + days); return at; };
const narrow = box.clientWidth < 600;

gantt.i18n.setLocale(language === "zh" ? "cn" : "en");
Object.assign(gantt.config, {
  readonly: !edits,
  drag_progress: false,
  drag_links: false,
  drag_project: false,
  details_on_dblclick: false,
  details_on_create: false,
  row_height: 32,
  bar_height: 18,
  scale_height: 44,
  show_errors: false,
  open_tree_initially: true,
  grid_width: narrow ? 130 : 330,
  columns: [
    { name: "text", label: title, tree: true, width: narrow ? 130 : 200 },
    ...(narrow ? [] : [{ name: "owner", label: owner, width: 80, align: "left" }, { name: "share", label: done, width: 60, align: "right", template: (task) => (task.phase ? "" : `${Math.round(task.progress * 100)}%`) }]),
  ],
});
gantt.templates.task_class = (start, end, task) => (task.critical ? "critical" : "");
gantt.templates.task_text = () => "";
gantt.templates.rightside_text = (start, end, task) => (task.phase ? "" : gantt.templates.quiet(task.text));
gantt.templates.quiet = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
gantt.templates.timeline_cell_class = (task, at) => (iso(at) === today ? "today" : at.getDay() % 6 === 0 ? "off" : "");

const scales = {
  day: [{ unit: "month", step: 1, format: language === "zh" ? "%Y年%n月" : "%F %Y" }, { unit: "day", step: 1, format: "%j" }],
  week: [{ unit: "month", step: 1, format: language === "zh" ? "%Y年%n月" : "%F %Y" }, { unit: "week", step: 1, format: "%j/%n" }],
};
function scale(name) {
  gantt.config.scales = scales[name];
  gantt.config.min_column_width = name === "day" ? 22 : 44;
  for (const button of document.querySelectorAll("[data-scale]")) {
    button.setAttribute("aria-pressed", String(button.dataset.scale === name));
    button.classList.toggle("active", button.dataset.scale === name);
  }
}

const used = phases.filter((phase) => jobs.some((job) => job.phase === phase.id));
const data = [
  ...used.map((phase) => ({ id: `phase ${phase.id}`, text: gantt.templates.quiet(phase.title[language]), type: "project", phase: true, open: true })),
  ...jobs.map((job) => ({ id: job.id, text: gantt.templates.quiet(job.title[language]), owner: gantt.templates.quiet(job.owner), start_date: local(job.begins), end_date: later(job.last, 1), progress: job.percent / 100, critical: job.critical, parent: `phase ${job.phase}` })),
];
const links = jobs.flatMap((job) => job.after.map((id) => ({ id: `${id} > ${job.id}`, source: id, target: job.id, type: "0" })));

box.style.setProperty("--mh-gantt-height", `${Math.min(720, 62 + data.length * 32)}px`);
scale(jobs.length && local(jobs.at(-1).last) - local(jobs[0].begins) > 45 * DAY ? "week" : "day");
gantt.init(box);
gantt.parse({ data, links });
box.setAttribute("aria-label", label);
const now = gantt.posFromDate(local(today));
if (now > 0) gantt.scrollTo(Math.max(0, now - 200), 0);

for (const button of document.querySelectorAll("[data-scale]")) {
  button.addEventListener("click", () => { scale(button.dataset.scale); gantt.render(); });
}

const form = document.getElementById("drag");
gantt.attachEvent("onBeforeTaskDrag", (id) => Boolean(form) && !gantt.getTask(id).phase);
gantt.attachEvent("onAfterTaskDrag", (id) => {
  const task = gantt.getTask(id);
  const last = new Date(task.end_date - DAY / 2);
  form.elements.begins.value = iso(new Date(Number(task.start_date) + DAY / 2));
  form.elements.last.value = iso(last);
  form.action = `${form.dataset.at}${id}/plan`;
  form.submit();
});
