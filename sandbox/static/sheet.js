// The sheet that comes up from the bottom of the phone.

import { byId, el } from "./dom.js";

let before = null;

export function closeSheet() {
  const sheet = byId("sheet");
  if (sheet.hidden) return;
  sheet.hidden = true;
  byId("veil").hidden = true;
  byId("screen").inert = false;
  sheet.replaceChildren();
  before?.focus();
}

function open(title, ...content) {
  const sheet = byId("sheet");
  before = document.activeElement;
  sheet.replaceChildren(
    el("header", { class: "sheet-head" },
      el("h2", { id: "sheet-title" }, title),
      el("button", { type: "button", class: "round quiet", "aria-label": "Tutup", onclick: closeSheet }, "✕")),
    ...content);
  sheet.hidden = false;
  byId("veil").hidden = false;
  byId("screen").inert = true;
  (sheet.querySelector("input, .sheet-body button") || sheet.querySelector("button")).focus();
}

function row(section, choice) {
  return el("label", { class: "choice" },
    el("span", { class: "choice-text" },
      el("span", { class: "choice-title" }, choice.title),
      choice.description ? el("span", { class: "choice-more" }, choice.description) : null),
    el("input", { type: "radio", name: "choice", value: choice.id, required: true }));
}

export function openList(list, send) {
  const rows = new Map();
  const sections = list.sections.map((section) => {
    for (const choice of section.rows) rows.set(choice.id, choice);
    return el("fieldset", {},
      el("legend", { class: section.title ? "" : "unseen" }, section.title || "Pilihan"),
      ...section.rows.map((choice) => row(section, choice)));
  });
  const button = el("button", { type: "submit", class: "wide", disabled: true }, "Kirim");
  const form = el("form", {
    class: "sheet-body",
    onchange: () => { button.disabled = false; },
    onsubmit: (event) => {
      event.preventDefault();
      const chosen = rows.get(new FormData(form).get("choice"));
      if (!chosen) return;
      closeSheet();
      send(chosen);
    },
  }, el("div", { class: "choices" }, ...sections), button);
  open(list.button, form);
}

export function openMenu(title, options, pick) {
  open(title, el("div", { class: "sheet-body menu" }, ...options.map(([id, name]) =>
    el("button", { type: "button", class: "choice", onclick: () => { closeSheet(); pick(id); } }, name))));
}

export function openForm(title, label, accept) {
  const input = el("input", { type: "text", id: "sheet-input", required: true, maxlength: "40" });
  open(title, el("form", {
    class: "sheet-body",
    onsubmit: (event) => {
      event.preventDefault();
      const value = input.value.trim();
      closeSheet();
      if (value) accept(value);
    },
  }, el("label", { for: "sheet-input", class: "field" }, label), input,
  el("button", { type: "submit", class: "wide" }, "Tambah")));
}

byId("veil").addEventListener("click", closeSheet);
byId("sheet").addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSheet();
  if (event.key !== "Tab") return;
  const stops = [...byId("sheet").querySelectorAll("button:not([disabled]), input")];
  const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
  const group = document.activeElement.name && document.activeElement.name === edge.name;
  if (document.activeElement === edge || (event.shiftKey === false && group && edge.type === "radio")) {
    event.preventDefault();
    stops[event.shiftKey ? stops.length - 1 : 0].focus();
  }
});
