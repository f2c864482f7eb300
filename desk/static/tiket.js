"use strict";
(() => {
  const page = document.getElementById("tiket").dataset;
  const talk = document.getElementById("percakapan");
  talk.scrollTop = talk.scrollHeight;

  const refresh = () => htmx.trigger(talk, "segar");
  document.addEventListener("kabar", (event) => {
    if (event.detail.number === page.number) refresh();
  });
  document.addEventListener("tersambung", refresh);
  talk.addEventListener("htmx:afterSwap", () => {
    const { heard, version } = document.getElementById("terakhir").dataset;
    if (Number(version) > Number(page.version)) document.getElementById("berubah").hidden = false;
    if (heard === page.heard) return;
    document.getElementById("kabar").hidden = false;
    talk.scrollTop = talk.scrollHeight;
  });
  const here = document.getElementById("hadir");
  document.addEventListener("detak", () => {
    if (here) htmx.trigger(here, "hidup");
    refresh();
  });

  const count = document.getElementById("hitung");
  const tick = () => {
    const left = Math.floor((new Date(count.dataset.until) - Date.now()) / 60000);
    count.textContent = left < 0
      ? count.dataset.shut
      : count.dataset.left.replace("{j}", Math.floor(left / 60)).replace("{m}", left % 60);
  };
  if (count) {
    tick();
    setInterval(tick, 15000);
  }

  const box = document.getElementById("teks");
  if (!box) return;
  // The files are up, or refused: the same one may be chosen again.
  const files = document.getElementById("berkas");
  files.addEventListener("htmx:afterRequest", (event) => {
    document.getElementById("berkas-gagal").hidden = event.detail.successful;
    files.value = "";
  });
  const length = document.getElementById("panjang");
  const list = document.getElementById("siap");
  const options = [...list.children];
  const measure = () => { length.textContent = box.value.length ? `${box.value.length}/${box.maxLength}` : ""; };

  const word = () => {
    const found = /(^|\s)\/([a-z0-9-]*)$/i.exec(box.value.slice(0, box.selectionStart));
    return found === null ? null : found[2].toLowerCase();
  };
  const shown = () => options.filter((option) => !option.hidden);
  const mark = (chosen) => {
    for (const option of options) option.setAttribute("aria-selected", String(option === chosen));
    if (chosen) {
      box.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else {
      box.removeAttribute("aria-activedescendant");
    }
  };
  const close = () => { list.hidden = true; mark(null); };
  const look = () => {
    const wanted = word();
    if (wanted === null) { close(); return; }
    for (const option of options) {
      option.hidden = !(option.dataset.code + " " + option.dataset.text).toLowerCase().includes(wanted);
    }
    list.hidden = shown().length === 0;
    mark(shown()[0] || null);
  };
  const put = (start, end, text) => {
    box.setRangeText(text, start, end, "end");
    box.focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const pick = (option) => {
    const start = box.selectionStart - word().length - 1;
    put(start, box.selectionStart, option.dataset.text);
    close();
  };
  box.addEventListener("input", () => { measure(); look(); });
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const all = shown();
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") mark(all[Math.min(at + 1, all.length - 1)]);
    else if (event.key === "ArrowUp") mark(all[Math.max(at - 1, 0)]);
    else if (event.key === "Enter" || event.key === "Tab") pick(all[Math.max(at, 0)]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  for (const option of options) {
    option.addEventListener("mousedown", (event) => { event.preventDefault(); pick(option); });
  }
  for (const button of document.querySelectorAll("[data-insert]")) {
    button.addEventListener("click", () => {
      const gap = box.value && !box.value.endsWith("\n") ? "\n\n" : "";
      put(box.value.length, box.value.length, gap + button.dataset.insert);
    });
  }
  measure();
})();
