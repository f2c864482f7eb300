"use strict";
// j and k walk through the rows, Enter follows the link that has the focus, / goes to the search.
(() => {
  const list = document.getElementById("daftar");
  const links = () => [...list.querySelectorAll("tbody a")];
  const typing = (target) => target.closest("input, textarea, select") !== null;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("nomor").focus();
      return;
    }
    const step = { j: 1, k: -1 }[event.key];
    const all = links();
    if (step === undefined || all.length === 0) return;
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
    all[next].focus();
  });
  let waiting = null;
  for (const word of ["kabar", "tersambung", "detak"]) {
    document.addEventListener(word, () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => htmx.trigger(list, "segar"), 500);
    });
  }
  let focused = null;
  list.addEventListener("htmx:beforeSwap", () => {
    focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  });
  list.addEventListener("htmx:afterSwap", () => {
    const again = links().find((link) => link.getAttribute("href") === focused);
    if (again) again.focus();
  });
})();
