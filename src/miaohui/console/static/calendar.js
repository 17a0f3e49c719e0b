// Dragging a campaign to another day: where it is dropped says by how many days it would move; a page then shows what that changes.
"use strict";

const DAY_MS = 86400000;
let grabbed = null;

function dayAt(week, x) {
  const box = week.getBoundingClientRect();
  const column = Math.min(6, Math.max(0, Math.floor(((x - box.left) / box.width) * 7)));
  return Date.parse(`${week.dataset.first}T00:00:00Z`) + column * DAY_MS;
}

document.addEventListener("dragstart", (event) => {
  const bar = event.target.closest?.("[data-campaign]");
  if (!bar) return;
  grabbed = { campaign: bar.dataset.campaign, day: dayAt(bar.closest(".week"), event.clientX) };
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", grabbed.campaign);
});

document.addEventListener("dragover", (event) => {
  const week = event.target.closest?.(".week");
  for (const other of document.querySelectorAll(".week.over")) if (other !== week) other.classList.remove("over");
  if (!grabbed || !week) return;
  event.preventDefault();
  week.classList.add("over");
});

document.addEventListener("dragend", () => {
  grabbed = null;
  for (const week of document.querySelectorAll(".week.over")) week.classList.remove("over");
});

document.addEventListener("drop", (event) => {
  const week = event.target.closest?.(".week");
  if (!grabbed || !week) return;
  event.preventDefault();
  const days = Math.round((dayAt(week, event.clientX) - grabbed.day) / DAY_MS);
  if (days) location.assign(`/calendar-move/${grabbed.campaign}?days=${days}`);
});
