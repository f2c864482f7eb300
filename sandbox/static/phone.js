// The phone: whose it is, what its chat shows, what is sent.

import { bubble, dayName, setTicks, typingBubble } from "./bubble.js";
import { byId, call, el, toast } from "./dom.js";
import { addLog, showClock, showFaults, showLog, showRecords, togglePanel } from "./panel.js";
import { openForm, openList, openMenu } from "./sheet.js";

const ATTACHMENTS = [["file", "Berkas dari komputer ini"], ["image", "Foto"], ["audio", "Pesan suara"], ["document", "Dokumen"], ["sticker", "Stiker"], ["location", "Lokasi"], ["contacts", "Kontak"]];
const FILE = "file";
const HUES = 6;

const chat = byId("chat");
const text = byId("text");
let people = [];
let current = decodeURIComponent(location.hash.slice(1)) || "siti";
let last = 0;
let day = "";
let shown = new Map();
let news = null;
let run = "";
let typingTimer = 0;
let work = Promise.resolve();

const path = (id) => `/sandbox/people/${encodeURIComponent(id)}`;
const state = (words) => { byId("state").textContent = words; };

// One after the other, so that two answers never mix.
function inTurn(task) {
  work = work.then(task).catch(() => state("terputus, menyambung lagi…"));
  return work;
}

function showPeople() {
  byId("people").replaceChildren(
    ...people.map((person, at) => el("button", {
      type: "button", class: "person", "aria-pressed": String(person.id === current), "data-id": person.id, onclick: () => choose(person.id),
    },
    el("span", { class: `avatar hue-${at % HUES}`, "aria-hidden": "true" }, person.name.slice(0, 1)),
    el("span", { class: "person-name" }, person.name),
    person.unread && person.id !== current ? el("span", { class: "badge", "aria-label": `${person.unread} belum dibaca` }, String(person.unread)) : null)),
    el("button", { type: "button", class: "person add", "aria-label": "Tambah orang", onclick: addPerson }, "+"));
}

async function refreshPeople() {
  people = (await call("GET", "/sandbox/people")).people;
  if (!people.some((person) => person.id === current)) {
    current = people[0].id;
    startChat();
  }
  showPeople();
}

function addPerson() {
  openForm("Tambah orang", "Nama", async (name) => {
    const slug = name.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);
    if (!slug) return toast("Nama itu tidak dapat dipakai.");
    await call("PUT", path(slug), { name });
    await inTurn(refreshPeople);
    choose(slug);
  });
}

function atEnd() {
  return chat.scrollHeight - chat.scrollTop - chat.clientHeight < 80;
}

function toEnd() {
  chat.scrollTop = chat.scrollHeight;
}

function hideTyping() {
  clearTimeout(typingTimer);
  chat.querySelector(".typing")?.remove();
  if (news?.readyState === EventSource.OPEN) state("daring");
}

function showTyping(seconds) {
  hideTyping();
  const follow = atEnd();
  chat.append(typingBubble());
  state("sedang mengetik…");
  if (follow) toEnd();
  typingTimer = setTimeout(hideTyping, seconds * 1000);
}

function startChat() {
  last = 0;
  day = "";
  shown = new Map();
  chat.replaceChildren(el("li", { class: "day" }, "Ponsel uji. Pesan di sini tidak sampai ke siapa pun di luar."));
}

async function fetchChat() {
  const person = current;
  const found = await call("GET", `${path(person)}/messages?after=${last}`);
  if (person !== current) return;
  const follow = last === 0 || atEnd() || found.messages.some((entry) => entry.from === "person");
  for (const entry of found.messages) show(entry);
  if (found.messages.length && follow) toEnd();
}

function show(entry) {
  if (entry.index <= last) return;
  last = entry.index;
  if (entry.status === "failed") return;
  if (entry.from === "nindy") hideTyping();
  const name = dayName(entry.at);
  if (name !== day) chat.append(el("li", { class: "day" }, name));
  day = name;
  const { item, ticks } = bubble(entry, {
    press: (offer, button) => choice(offer, button, offer.type === "template" ? "button" : "button_reply"),
    openList: (offer) => openList(offer.list, (row) => choice(offer, row, "list_reply")),
    quote: (wamid) => shown.get(wamid)?.entry.text.replace(/[*_~`]/g, "").slice(0, 120) ?? null,
  });
  shown.set(entry.wamid, { entry, ticks, item });
  const typing = chat.querySelector(".typing");
  if (typing) typing.before(item);
  else chat.append(item);
}

async function post(body, to = "messages") {
  try {
    await call("POST", `${path(current)}/${to}`, body);
  } catch (error) {
    toast(error.message === "400" ? "Ditolak: isi pesan atau pilihan itu tidak sah." : "Tidak terkirim. Coba lagi.");
    return false;
  }
  inTurn(fetchChat);
  return true;
}

// A photo, a recording or a film is sent as such, all else as a document.
async function sendFile(file) {
  const [kind] = file.type.split("/");
  const query = new URLSearchParams({ type: ["image", "audio", "video"].includes(kind) ? kind : "document", name: file.name, text: text.value });
  if (await post(file, `files?${query}`)) {
    text.value = "";
    grow();
  }
}

function choice(offer, chosen, kind) {
  return post({ choice_id: chosen.id, title: chosen.title, kind, context: offer.wamid });
}

function choose(id) {
  current = id;
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  hideTyping();
  startChat();
  showPeople();
  listen();
  byId("people").querySelector("[aria-pressed=true]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
}

const reading = () => !document.hidden && !document.body.classList.contains("panel-open");

function listen() {
  news?.close();
  news = new EventSource(`/sandbox/events${reading() ? `?open=${encodeURIComponent(current)}` : ""}`);
  news.onerror = () => state("terputus, menyambung lagi…");
  const on = (name, act) => news.addEventListener(name, (event) => act(JSON.parse(event.data)));
  on("hello", (hello) => {
    state("daring");
    if (run && run !== hello.run) startChat();
    run = hello.run;
    showClock(hello.clock);
    showFaults(hello.faults);
    inTurn(async () => {
      await Promise.all([refreshPeople(), showLog()]);
      await fetchChat();
    });
  });
  on("message", ({ person }) => inTurn(person === current ? fetchChat : refreshPeople));
  on("status", ({ wamid, status }) => inTurn(() => {
    const found = shown.get(wamid);
    if (status === "failed") found?.item.remove();
    else if (found?.ticks) setTicks(found.ticks, status);
  }));
  on("typing", ({ person, seconds }) => inTurn(() => { if (person === current) showTyping(seconds); }));
  on("faults", showFaults);
  on("clock", showClock);
  on("log", addLog);
  on("reset", () => {
    startChat();
    inTurn(async () => {
      await Promise.all([refreshPeople(), showLog()]);
      await fetchChat();
    });
  });
}

function grow() {
  text.rows = 1;
  while (text.scrollHeight > text.clientHeight && text.rows < 6) text.rows += 1;
}

byId("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = text.value;
  if (!words.trim()) return;
  text.value = "";
  grow();
  if (!await post({ text: words })) text.value = words;
  text.focus();
});
text.addEventListener("input", grow);
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("write").requestSubmit();
});
byId("attach").addEventListener("click", () => openMenu("Lampirkan", ATTACHMENTS, (type) => {
  if (type === FILE) byId("file").click();
  else post({ type });
}));
byId("file").addEventListener("change", async (event) => {
  for (const file of event.target.files) await sendFile(file);
  event.target.value = "";
});
document.addEventListener("visibilitychange", listen);
new MutationObserver(listen).observe(document.body, { attributeFilter: ["class"] });

showRecords((value) => {
  text.setRangeText(value, text.selectionStart, text.selectionEnd, "end");
  if (document.body.classList.contains("panel-open")) togglePanel(false);
  text.focus();
  grow();
});
choose(current);
