// What the console's pages need a script for: the search key, menus, dialogs, copying, and the token of htmx requests.
"use strict";

// On a narrow screen the side bar is a strip: bring the current entry into it.
const strip = document.querySelector(".mh-side");
const current = strip?.querySelector("[aria-current]");
if (current && strip.scrollWidth > strip.clientWidth) strip.scrollLeft = current.offsetLeft - 16;

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const search = document.querySelector(".mh-search input");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  }
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.mh-menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.mh-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
  const copier = event.target.closest("[data-copies]");
  if (copier) {
    const source = document.getElementById(copier.dataset.copies);
    navigator.clipboard.writeText(source.textContent.trim()).then(() => {
      copier.querySelector("[data-said]").textContent = copier.dataset.done;
    });
  }
});

document.addEventListener("htmx:config:request", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  event.detail.ctx.request.headers["X-CSRF-Token"] = token;
});
