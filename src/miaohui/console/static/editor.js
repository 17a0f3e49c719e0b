// The document's text: line numbers that scroll with it, marks where the check found something, a way from a problem to its line.
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
  if (problem && checked.contains(problem)) {
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
