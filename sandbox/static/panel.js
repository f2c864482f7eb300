// Beside the phone: sample data, fault switches, log.

import { byId, call, el } from "./dom.js";

const TARGETS = { span: "SPAN", sakti: "SAKTI", digit: "Digit", crm: "CRM", graph: "WhatsApp, pengiriman", media: "WhatsApp, berkas", webhooks: "WhatsApp, webhook", statuses: "WhatsApp, status", rates: "WhatsApp, batas laju" };
const UPSTREAM = {
  off: "Normal", down: "Mati: koneksi diputus", error: "Galat 500", slow: "Lambat", hang: "Tidak pernah menjawab",
  garbage: "HTML alih-alih JSON", truncated: "JSON terpotong", wrong_types: "Tipe data salah", huge: "Jawaban 50 MB",
  drip: "Satu bita per detik", redirect_loop: "Pengalihan tanpa akhir", wrong_charset: "Pengodean huruf salah",
  accept_then_drop: "Dikerjakan, lalu putus",
};
const KINDS = {
  span: UPSTREAM, sakti: UPSTREAM, digit: UPSTREAM, crm: UPSTREAM,
  graph: {
    off: "Normal", rate_limit: "Batas laju nomor (130429)", pair_rate: "Batas laju per orang (131056)", opted_out: "Menolak pesan pemasaran (131050)", error: "Galat 500 (131000)",
    timeout_after_accept: "Diterima, jawaban hilang", token: "Token ditolak (190)",
  },
  media: {
    off: "Normal", gone: "Berkas sudah hilang", old_address: "Alamat kedaluwarsa (404)", foreign_host: "Alamat di host asing", redirect: "Dialihkan ke host asing",
    cut: "Terputus di tengah", changed: "Isi berubah", slow: "Lambat", error: "Galat 500 (131000)", token: "Token ditolak (190)",
  },
  webhooks: {
    off: "Normal", duplicated: "Kejadian ganda", reordered: "Urutan acak", batched: "Digabung per detik", status_first: "Status mendahului jawaban",
  },
  statuses: {
    off: "Normal", "failed:131026": "Gagal sampai (131026)", "failed:131042": "Gagal: pembayaran (131042)", "failed:131047": "Gagal: jendela tertutup (131047)",
    "failed:131049": "Gagal: dibatasi Meta (131049)", "failed:131053": "Gagal: berkas (131053)",
  },
  rates: { off: "Tidak dihitung", counted: "80 per detik, dan 45 lalu satu per 6 detik ke satu orang" },
};
const WITH_SECONDS = new Set(["slow", "timeout_after_accept"]);
const RECORDS = [
  ["sp2d", "Informasi SP2D", ["nomor_sp2d", "nomor_rekening"], "nama_satker"],
  ["suppliers", "Status supplier", ["tipe_supplier", "nomor_rekening"], "status"],
  ["contracts", "Status kontrak (NRK)", ["kode_satker", "nomor_kontrak"], "status"],
  ["sakti_users", "Reset SAKTI", ["nik", "kode_satker"], "terkunci"],
  ["digit_users", "Akun Digit", ["identitas", "email"], "status"],
];
const NAMES = {
  nomor_sp2d: "Nomor SP2D", nomor_rekening: "Rekening", tipe_supplier: "Tipe", kode_satker: "Satker", nomor_kontrak: "Kontrak",
  nik: "NIK", identitas: "NIK/NIP/NRP", email: "Email",
};
const WORDS = {
  terdaftar: "terdaftar", menunggu_persetujuan: "menunggu persetujuan", ditolak: "ditolak", nonaktif: "nonaktif", dibatalkan: "dibatalkan",
  aktif: "aktif", belum_aktif: "belum aktif", diblokir: "diblokir", true: "terkunci", false: "dapat direset",
};
const MOST_LINES = 200;

export async function showRecords(insert) {
  const records = await call("GET", "/sandbox/records");
  byId("pane-data").replaceChildren(
    el("p", { class: "hint" }, "Tekan sebuah nilai untuk menyalinnya ke kotak pesan."),
    ...RECORDS.map(([kind, title, keys, note]) => el("section", { class: "card" },
      el("h3", {}, title),
      el("ul", { class: "records" }, ...records[kind].map((row) => el("li", {},
        el("p", { class: "values" }, ...keys.map((key) => el("button", { type: "button", class: "value", onclick: () => insert(row[key]) },
          el("span", { class: "value-name" }, NAMES[key]), row[key]))),
        el("p", { class: "note" }, WORDS[String(row[note])] || row[note])))))));
}

const HOURS = { 0: "Sekarang", 25: "Maju 25 jam: jendela tertutup di WhatsApp", "-25": "Mundur 25 jam: pesan yang ditulis sekarang sudah lama" };
let hours = 0;

export function showClock(clock) {
  hours = clock.hours;
  const select = byId("clock");
  if (select) select.value = String(hours);
}

// While a number is being typed, a hit elsewhere does not redraw the switches.
export function showFaults(faults) {
  const typing = document.activeElement?.closest?.("#pane-faults input");
  if (typing && document.activeElement.dataset.dirty) return;
  const rows = Object.entries(TARGETS).map(([target, title]) => {
    const fault = faults[target];
    const kinds = { ...KINDS[target], [fault.kind]: KINDS[target][fault.kind] || fault.kind };
    const select = el("select", { id: `fault-${target}` }, ...Object.entries(kinds).map(([kind, name]) =>
      el("option", { value: kind, selected: kind === fault.kind }, name)));
    const times = el("input", { type: "number", min: "1", step: "1", id: `times-${target}`, placeholder: "terus", value: fault.times });
    const seconds = el("input", { type: "number", min: "0", step: "0.5", id: `seconds-${target}`, value: fault.seconds });
    const put = () => call("PUT", "/sandbox/faults", { [target]: {
      kind: select.value, times: times.value ? Number(times.value) : null, seconds: Number(seconds.value || 5),
    } });
    for (const input of [select, times, seconds]) input.addEventListener("change", put);
    for (const input of [times, seconds]) {
      input.addEventListener("input", () => { input.dataset.dirty = "yes"; });
      input.addEventListener("change", () => { delete input.dataset.dirty; });
    }
    return el("section", { class: `card fault ${fault.kind === "off" ? "" : "active"}` },
      el("h3", {}, el("label", { for: select.id }, title)), select,
      fault.kind === "off" ? null : el("p", { class: "numbers" },
        el("label", { for: times.id }, "Sisa berapa kali "), times,
        WITH_SECONDS.has(fault.kind) ? el("label", { for: seconds.id }, "Detik ") : null,
        WITH_SECONDS.has(fault.kind) ? seconds : null),
      fault.hits ? el("p", { class: "note" }, `terjadi ${fault.hits} kali`) : null);
  });
  const off = () => call("PUT", "/sandbox/faults", Object.fromEntries(Object.keys(TARGETS).map((target) => [target, "off"])));
  const focused = document.activeElement?.id;
  const clock = el("select", { id: "clock" }, ...Object.entries(HOURS).map(([value, name]) => el("option", { value, selected: Number(value) === hours }, name)));
  clock.addEventListener("change", () => call("PUT", "/sandbox/clock", { hours: Number(clock.value) }));
  rows.unshift(el("section", { class: "card" }, el("h3", {}, el("label", { for: "clock" }, "Jam WhatsApp")), clock));
  byId("pane-faults").replaceChildren(...rows, el("p", { class: "actions" },
    el("button", { type: "button", onclick: off, id: "all-off" }, "Matikan semua gangguan"),
    el("button", { type: "button", class: "danger", id: "start-over", onclick: () => call("POST", "/sandbox/reset") }, "Mulai dari awal")));
  if (focused) byId(focused)?.focus();
}

function good(line) {
  const code = Number(line.code);
  return code >= 200 && code < 300;
}

export function addLog(line) {
  const log = byId("log");
  log.prepend(el("li", {},
    el("time", { datetime: line.at }, new Date(line.at).toLocaleTimeString("id-ID")),
    el("span", { class: `source ${line.source}` }, line.source),
    el("span", { class: "what" }, line.what),
    line.code === null ? null : el("span", { class: `code ${good(line) ? "good" : "bad"}` }, String(line.code))));
  while (log.childElementCount > MOST_LINES) log.lastElementChild.remove();
  refreshStats();
}

let waiting = false;

function refreshStats() {
  if (waiting) return;
  waiting = true;
  setTimeout(async () => {
    waiting = false;
    const stats = await call("GET", "/sandbox/stats").catch(() => null);
    if (!stats) return;
    byId("stats").textContent = `Balasan diterima ${stats.accepted} · ganda ${stats.duplicates_by_callback} · webhook tertunda ${stats.webhooks.pending}, diulang ${stats.webhooks.retries} · tiket di CRM ${stats.crm_tickets}`;
  }, 300);
}

export async function showLog() {
  const log = await call("GET", "/sandbox/log");
  byId("log").replaceChildren();
  log.log.slice(-MOST_LINES).forEach(addLog);
  refreshStats();
}

const tabs = [...document.querySelectorAll("[role=tab]")];

function select(tab) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = !chosen;
  }
}

tabs.forEach((tab, at) => {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(at + step + tabs.length) % tabs.length];
    select(next);
    next.focus();
  });
});

export function togglePanel(open) {
  document.body.classList.toggle("panel-open", open);
  byId("open-panel").setAttribute("aria-expanded", String(open));
  (open ? byId("close-panel") : byId("open-panel")).focus();
}

byId("open-panel").addEventListener("click", () => togglePanel(true));
byId("close-panel").addEventListener("click", () => togglePanel(false));
byId("panel").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("panel-open")) togglePanel(false);
});
