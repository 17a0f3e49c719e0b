// The document: its text with line numbers and marks, and the form beside it. The text is the only truth: every change of the form is
// sent with it and comes back as a new text; undo goes back to the text before.
"use strict";

const text = document.getElementById("text");
const gutter = document.getElementById("gutter");
const checked = document.getElementById("checked");

function number() {
  const lines = text.value.split("\n").length;
  while (gutter.childElementCount > lines) gutter.lastElementChild.remove();
  for (let n = gutter.childElementCount + 1; n <= lines; n += 1) gutter.append(Object.assign(document.createElement("span"), { textContent: n }));
  gutter.scrollTop = text.scrollTop;
}

function mark() {
  for (const line of gutter.children) line.className = "";
  for (const problem of checked.querySelectorAll("[data-line]")) {
    const line = gutter.children[problem.dataset.line - 1];
    const level = problem.closest(".bad") ? "stop" : problem.closest(".warn") ? "warn" : "";
    if (line && level && line.className !== "stop") line.className = level;
  }
}

function go(line) {
  const before = text.value.split("\n").slice(0, line - 1);
  const start = before.join("\n").length + (before.length ? 1 : 0);
  text.focus();
  text.setSelectionRange(start, start + (text.value.split("\n")[line - 1] ?? "").length);
  text.scrollTop = Math.max(0, (line - 6) * parseFloat(getComputedStyle(text).lineHeight));
}

number();
mark();
text.addEventListener("input", number);
text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
new MutationObserver(mark).observe(checked, { childList: true, subtree: true });

document.addEventListener("click", (event) => {
  const problem = event.target.closest("[data-line]");
  if (problem && [checked, document.getElementById("unsaved")].some((card) => card?.contains(problem))) {
    event.preventDefault();
    go(Number(problem.dataset.line));
  }
});
const wanted = /^#line-(\d+)$/.exec(location.hash);
if (wanted) go(Number(wanted[1]));

document.addEventListener("change", async (event) => {
  const input = event.target.closest("[data-fills]");
  if (!input || !input.files.length) return;
  text.value = (await input.files[0].text()).replaceAll("\r\n", "\n");
  input.value = "";
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

// -- the form, undo, drafts --------------------------------------------------------------------------------------------------

const plan = document.getElementById("plan");
const form = document.getElementById("form");
const undo = document.getElementById("undo");
const redo = document.getElementById("redo");
const refusedToast = document.getElementById("refused");
const token = document.querySelector('meta[name="csrf-token"]').content;
const closed = text.readOnly;
const past = [];
const future = [];
let last = text.value;
let section = form?.querySelector("[data-section][aria-current]")?.dataset.section ?? "";
let queue = Promise.resolve();
let waiting = 0;
let typed = false;
let quiet = 0;

async function send(path, fields) {
  const body = new URLSearchParams(fields);
  return fetch(path, { method: "POST", body, headers: { "X-CSRF-Token": token, "Content-Type": "application/x-www-form-urlencoded" } });
}

function remember(before) {
  if (before === text.value) return;
  past.push(before);
  future.length = 0;
  last = text.value;
  buttons();
  keep();
}

function buttons() {
  if (undo) undo.disabled = past.length === 0;
  if (redo) redo.disabled = future.length === 0;
}

function put(value) {
  text.value = value;
  last = value;
  number();
}

// One after another, each on the text that the one before has made: none is lost, however fast they come.
function then(work) {
  waiting += 1;
  queue = queue.then(work).catch(() => {}).finally(() => { waiting -= 1; });
  return queue;
}

function change(fields) {
  return then(() => changed(fields));
}

async function changed(fields) {
  let before, answer;
  do {
    before = text.value;
    answer = await send("/edit-document", { text: before, section, campaign: plan?.dataset.campaign ?? "", base: plan?.elements.base?.value ?? "", ...fields });
  } while (text.value !== before);  // somebody wrote meanwhile: once more, on what he wrote
  if (!answer.ok && answer.status !== 422) return;
  const got = await answer.json();
  refusedToast.hidden = got.refusal === null;
  if (got.refusal) refusedToast.querySelector("span").textContent = document.documentElement.lang === "en" ? got.refusal.en : got.refusal.zh;
  if (got.text !== before) {
    put(got.text);
    remember(before);
  }
  if (!typed) {  // a field that is being written in stays until it is sent
    const held = document.activeElement;
    const several = held?.closest?.("[data-several]")?.dataset.several;
    const focused = held?.dataset?.at && answer.ok && fields.do === "rename" ? called(fields) : held?.dataset?.at;
    form.innerHTML = got.form;
    lock();
    if (focused) [...form.querySelectorAll("[data-at]")].find((control) => control.dataset.at === focused)?.focus();
    if (several) [...form.querySelectorAll("[data-several] input")].find((box) => box.value === held.value && box.closest("[data-several]").dataset.several === several)?.focus();
  }
  if (checked.innerHTML !== got.check) checked.innerHTML = got.check;
  const unsaved = document.getElementById("unsaved");
  if (unsaved) unsaved.innerHTML = got.unsaved;
}

// Where a control stands after its group has got another name; an id stays where it is.
function called({ at, value }) {
  const path = JSON.parse(at);
  if (["id", "for"].includes(path.at(-1))) return at;
  return `[${[...path.slice(0, -1), value.trim()].map((part) => JSON.stringify(part)).join(", ")}]`;
}

function lock() {
  if (!closed) return;
  for (const control of form.querySelectorAll("[data-at], [data-add], [data-remove], [data-name], [data-value], [data-day], [data-several] input")) control.disabled = true;
}

function keep() {
  if (closed || !plan?.dataset.draft) return;
  clearTimeout(quiet);
  quiet = setTimeout(() => then(async () => {  // one of them, so that no draft arrives after the version it was to become
    const answer = await send(plan.dataset.draft, { text: text.value, base: plan.elements.base.value });
    if (answer.ok) {
      const at = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      document.getElementById("kept").textContent = document.documentElement.lang === "en" ? `draft kept ${at}` : `草稿已存 ${at}`;
    }
  }), 1200);
}

function back(from, to) {
  then(async () => {
    if (!from.length) return;
    to.push(text.value);
    put(from.pop());
    buttons();
    keep();
    await changed({});
  });
}

if (form) {
  lock();
  let typing = 0;
  text.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      remember(last);
      change({});
    }, 400);
  });
  form.addEventListener("input", (event) => { typed = Boolean(event.target.closest("[data-at]")); });
  form.addEventListener("change", (event) => {
    const control = event.target.closest("[data-at]");
    const several = event.target.closest("[data-several]");
    const day = event.target.closest("[data-day]");
    typed = false;
    if (control && control.dataset.sent !== control.value) {  // a browser tells once more of a field that is replaced
      control.dataset.sent = control.value;
      change({ do: control.dataset.does ?? "set", at: control.dataset.at, value: control.value });
    }
    if (several) change({ do: "set", at: several.dataset.several, value: [...several.querySelectorAll(":checked")].map((box) => box.value).join("\n") });
    if (day) {  // the day alone is picked: what stands behind it stays
      const time = document.getElementById(day.dataset.day);
      const clock = /^\d{4}-\d\d-\d\d(.*)$/.exec(time.value)?.[1] ?? "";
      change({ do: "set", at: time.dataset.at, value: day.value + (day.value ? clock : "") });
    }
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    if (event.target.dataset.at) event.target.dispatchEvent(new Event("change", { bubbles: true }));
    else event.target.closest(".mh-add")?.querySelector("[data-add]").click();
  });
  undo?.addEventListener("click", () => back(past, future));
  redo?.addEventListener("click", () => back(future, past));
  const view = document.getElementById("view");
  view?.addEventListener("click", () => {
    form.hidden = !form.hidden;
    view.setAttribute("aria-pressed", String(form.hidden));
  });
  document.addEventListener("click", (event) => {
    const target = event.target;
    const wanted = target.closest("[data-section]");
    if (wanted) {
      section = wanted.dataset.section;
      change({}).then(() => form.querySelector("[data-section][aria-current]")?.focus());
    }
    const says = target.closest("[data-comment]");
    if (says) {
      const path = document.getElementById("f-path");
      if (path) {
        path.value = says.dataset.comment;
        document.getElementById("f-talk").focus();
      }
    }
    const adds = target.closest("[data-add]");
    if (adds) {
      const row = adds.closest(".mh-add");
      change({ do: "add", at: adds.dataset.add, name: row.querySelector("[data-name]")?.value ?? "", value: row.querySelector("[data-value]")?.value ?? "" });
    }
    const removes = target.closest("[data-remove]");
    if (removes) change({ do: "remove", at: removes.dataset.remove });
    const fixes = target.closest("[data-fix]");
    if (fixes) change({ do: "fix", code: fixes.dataset.fix, path: fixes.dataset.path });
    const takes = target.closest("[data-take]");
    if (takes) change({ do: "take", at: takes.dataset.take, value: takes.dataset.toml }).then(() => { takes.disabled = true; });
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    if (event.key === "s") {
      event.preventDefault();
      if (!closed) {
        document.activeElement?.blur();  // what stands in a field is sent before
        plan.requestSubmit();
      }
    }
    const elsewhere = event.target !== text && !event.target.closest("input, textarea");
    if (event.key.toLowerCase() === "z" && elsewhere) {
      event.preventDefault();
      if (event.shiftKey) back(future, past);
      else back(past, future);
    }
  });
  plan?.addEventListener("submit", (event) => {
    clearTimeout(quiet);
    if (!waiting) return;
    event.preventDefault();
    const button = event.submitter;
    then(() => setTimeout(() => plan.requestSubmit(button)));
  });
}
