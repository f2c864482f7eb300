/** The whole embedding: a button in a shadow root. The chat is loaded when it is first needed. */

import css from "./launcher.css";
import { readable } from "./colour";
import { type Chat, type Options, type Shell, SESSION, storeName } from "./shell";

const TAG = "nindy-chat";
const SVG = "http://www.w3.org/2000/svg";
const BUBBLE = "M4 5h16v11H9l-5 4z";

const script =
  (document.currentScript as HTMLScriptElement | null) ??
  document.querySelector<HTMLScriptElement>('script[src*="/webchat/nindy.js"]');

class NindyChat extends HTMLElement {
  private chat: Promise<Chat> | null = null;
  private failures = 0;
  private readonly base = new URL(".", script?.src ?? location.href).href;
  private readonly button = document.createElement("button");
  private readonly badge = document.createElement("span");
  private readonly note = document.createElement("p");

  connectedCallback(): void {
    if (this.shadowRoot !== null) return;
    const data = script?.dataset ?? {};
    const root = this.attachShadow({ mode: "open" });
    this.lang = data["lang"] ?? "id";
    this.classList.toggle("left", data["position"] === "left");
    const colour = readable(data["color"] ?? "");
    if (colour !== null) {
      // Set through the object model, which a policy without inline styles allows.
      this.style.setProperty("--nindy-brand", colour.ground);
      this.style.setProperty("--nindy-brand-ink", colour.ink);
    }
    addStyle(root, css, this.base);
    this.furnish(root);
    const options: Options = {
      greeting: data["greeting"] ?? "",
      storage: data["storage"] === "session" ? "session" : "local",
      user: data["userId"]
        ? { id: data["userId"], name: data["userName"] ?? "", hmac: data["userHmac"] ?? "" }
        : null,
    };
    const shell: Shell = {
      root,
      button: this.button,
      base: this.base,
      options,
      style: (text) => addStyle(root, text, this.base),
      badge: (count, label) => this.count(count, label),
    };
    this.button.onclick = () => void this.open(shell);
    // Whoever has a conversation hears of answers to it without opening it first.
    if (hasSession(options.storage, this.base)) setTimeout(() => void this.load(shell), 200);
  }

  private furnish(root: ShadowRoot): void {
    const icon = document.createElementNS(SVG, "svg");
    const path = document.createElementNS(SVG, "path");
    icon.setAttribute("viewBox", "0 0 24 24");
    icon.setAttribute("aria-hidden", "true");
    path.setAttribute("d", BUBBLE);
    icon.append(path);
    const word = document.createElement("span");
    word.textContent = LAUNCHER_WORD;
    this.button.type = "button";
    this.button.className = "launcher";
    this.button.setAttribute("aria-haspopup", "dialog");
    this.badge.className = "badge";
    this.badge.hidden = true;
    this.badge.setAttribute("aria-hidden", "true");
    this.button.append(icon, word, this.badge);
    this.note.className = "launcher-note";
    this.note.setAttribute("role", "status");
    root.append(this.note, this.button);
  }

  private async open(shell: Shell): Promise<void> {
    this.note.textContent = "";
    this.button.setAttribute("aria-busy", "true");
    const chat = await this.load(shell);
    this.button.removeAttribute("aria-busy");
    if (chat === null) this.note.textContent = FAILED_WORD;
    chat?.open();
  }

  private async load(shell: Shell): Promise<Chat | null> {
    // A browser may remember that a module could not be fetched: ask under another name.
    const again = this.failures > 0 ? `?${this.failures}` : "";
    this.chat ??= import(this.base + CHAT_FILE + again).then(
      (module: { start(shell: Shell): Chat }) => module.start(shell),
    );
    try {
      return await this.chat;
    } catch {
      this.chat = null;
      this.failures += 1;
      return null;
    }
  }

  private count(count: number, label: string): void {
    this.badge.hidden = count === 0;
    this.badge.textContent = count > 9 ? "9+" : String(count);
    if (count > 0) this.button.setAttribute("aria-label", label);
    else this.button.removeAttribute("aria-label");
  }
}

function addStyle(root: ShadowRoot, text: string, base: string): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  } catch {
    // An old browser: the same rules from our own file, since inline styles may be forbidden.
    if (root.querySelector("link") !== null) return;
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = `${base}nindy.css`;
    root.append(link);
  }
}

function hasSession(storage: Options["storage"], base: string): boolean {
  try {
    const kept = storage === "session" ? sessionStorage : localStorage;
    return kept.getItem(storeName(base, SESSION)) !== null;
  } catch {
    return false;
  }
}

function embed(): void {
  if (customElements.get(TAG) !== undefined) return;
  customElements.define(TAG, NindyChat);
  document.body.append(document.createElement(TAG));
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", embed);
else embed();
