// One bubble: formatted words, buttons, list, ticks.

import { el } from "./dom.js";

const MARKS = [["```", "code"], ["`", "code"], ["*", "strong"], ["_", "em"], ["~", "s"]];
const LINK = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]*_~]/;
const TICKS = {
  sent: ["✓", "terkirim"],
  delivered: ["✓✓", "diterima Nindy"],
  read: ["✓✓", "dibaca Nindy"],
};
const KINDS = {
  image: "Foto", video: "Video", audio: "Pesan suara", document: "Dokumen",
  sticker: "Stiker", location: "Lokasi", contacts: "Kontak", reaction: "Tanggapan",
  unsupported: "Pesan yang disunting", template: "Pesan templat",
};

// WhatsApp's marks count only around words: *tebal*, but not 2*3*4.
function nextMark(text) {
  let best = null;
  for (const [mark, tag] of MARKS) {
    for (let from = text.indexOf(mark); from !== -1; from = text.indexOf(mark, from + 1)) {
      const start = from + mark.length;
      const end = text.indexOf(mark, start + 1);
      if (end === -1) break;
      const inside = text.slice(start, end);
      const free = /^$|[^\p{L}\p{N}]/u;
      const bounded = free.test(text.slice(from - 1, from)) || from === 0;
      const closed = free.test(text.slice(end + mark.length, end + mark.length + 1));
      const tight = inside.trim() === inside && (tag === "code" || !inside.includes("\n"));
      if (bounded && closed && tight) {
        if (best === null || from < best.from) best = { from, end: end + mark.length, tag, inside };
        break;
      }
    }
  }
  return best;
}

export function formatted(text) {
  const parts = document.createDocumentFragment();
  let rest = text;
  while (rest) {
    const link = LINK.exec(rest);
    const mark = nextMark(rest);
    if (link && (!mark || link.index <= mark.from)) {
      parts.append(rest.slice(0, link.index));
      parts.append(el("a", { href: link[0], target: "_blank", rel: "noopener noreferrer" }, link[0]));
      rest = rest.slice(link.index + link[0].length);
    } else if (mark) {
      parts.append(rest.slice(0, mark.from));
      const inner = mark.tag === "code" ? mark.inside : formatted(mark.inside);
      parts.append(el(mark.tag, {}, inner));
      rest = rest.slice(mark.end);
    } else {
      parts.append(rest);
      rest = "";
    }
  }
  return parts;
}

export function setTicks(node, status) {
  const [sign, words] = TICKS[status] || ["", ""];
  node.textContent = sign;
  node.className = `ticks ${status || ""}`;
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", words);
  node.title = words;
}

export function clock(at) {
  return new Date(at).toLocaleTimeString("id-ID", { hour: "2-digit", minute: "2-digit" });
}

export function dayName(at) {
  const day = new Date(at);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return "Hari ini";
  if (days === 1) return "Kemarin";
  return day.toLocaleDateString("id-ID", { day: "numeric", month: "long", year: "numeric" });
}

function attached(file) {
  const href = `/sandbox/files/${file.id}`;
  if (file.type.startsWith("image/")) return el("img", { class: "photo", src: href, alt: file.name || "Foto" });
  return el("a", { class: "attached", href, download: file.name || "berkas" }, `📄 ${file.name || "berkas"} · ${Math.ceil(file.size / 1024)} KB`);
}

// actions: { press(entry, button), openList(entry), quote(wamid) -> text or null }
export function bubble(entry, actions) {
  const mine = entry.from === "person";
  const quoted = mine && entry.context ? actions.quote(entry.context) : null;
  const body = el("div", { class: "bubble" });
  body.append(el("span", { class: "unseen" }, mine ? "Anda: " : "Nindy: "));
  if (quoted) body.append(el("div", { class: "quote" }, el("p", {}, quoted)));
  if (entry.header) body.append(el("p", { class: "header" }, entry.header));
  if (KINDS[entry.type]) body.append(el("p", { class: "kind" }, KINDS[entry.type]));
  if (entry.file) body.append(attached(entry.file));
  if (entry.text) body.append(el("p", { class: "text", dir: "auto" }, formatted(entry.text)));
  if (entry.footer) body.append(el("p", { class: "footer" }, entry.footer));
  const foot = el("p", { class: "meta" }, el("time", { datetime: entry.at }, clock(entry.at)));
  let ticks = null;
  if (mine) {
    ticks = el("span");
    setTicks(ticks, entry.status);
    foot.append(ticks);
  }
  body.append(foot);
  const item = el("li", { class: `line ${mine ? "mine" : "theirs"}` }, body);
  for (const button of entry.buttons) {
    if (entry.url) {
      item.append(el("a", { class: "press", href: entry.url, target: "_blank", rel: "noopener noreferrer" }, `↗ ${button.title}`));
    } else {
      item.append(el("button", { type: "button", class: "press", onclick: () => actions.press(entry, button) }, button.title));
    }
  }
  if (entry.list) {
    item.append(el("button", { type: "button", class: "press list", "aria-haspopup": "dialog", onclick: () => actions.openList(entry) }, `☰ ${entry.list.button}`));
  }
  return { item, ticks };
}

export function typingBubble() {
  return el("li", { class: "line theirs typing" },
    el("div", { class: "bubble", role: "img", "aria-label": "Nindy sedang mengetik" },
      el("span", { class: "dot" }), el("span", { class: "dot" }), el("span", { class: "dot" })));
}
