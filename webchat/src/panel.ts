/** The frame of the chat: heading, menu, notices, sheets; where the focus goes and comes back. */

import { button, el, icon } from "./dom";
import type { Words } from "./words";

const NARROW = "(max-width: 520px), (max-height: 420px)";
/** Here the panel fills the screen and keeps the focus within. */

export interface MenuItem {
  label: string;
  press(): void;
}

export class Panel {
  readonly node: HTMLElement;
  readonly body = el("div", { class: "body" });
  private readonly title: HTMLElement;
  private readonly status = el("p", { class: "status" });
  private readonly banner = el("p", { class: "banner", role: "status" });
  private readonly menuButton: HTMLButtonElement;
  private readonly menu = el("div", { class: "menu", id: "menu", hidden: true });
  private readonly over = el("div", { class: "sheet", hidden: true });
  private readonly narrow = matchMedia(NARROW);
  private fading = 0;
  private line = false;
  private leave: (() => void) | null = null;

  constructor(
    words: Words,
    private readonly launcher: HTMLButtonElement,
    private readonly closed: () => void,
  ) {
    this.title = el("h2", { tabindex: -1 }, words.say("title"));
    this.menuButton = button(icon("more"), () => this.toggleMenu(), {
      class: "round",
      "aria-label": words.say("menu"),
      "aria-expanded": "false",
      "aria-controls": "menu",
      hidden: true,
    });
    const shut = button(icon("close"), () => this.close(), { class: "round" });
    shut.setAttribute("aria-label", words.say("close"));
    const letter = words.say("nindy").charAt(0);
    const avatar = el("span", { class: "avatar", "aria-hidden": "true" }, letter);
    const head = el("div", { class: "head" }, avatar, this.title, this.menuButton, shut);
    head.append(this.status);
    const dialog = { role: "dialog", "aria-label": words.say("dialog"), lang: "id", hidden: true };
    this.node = el("section", { class: "panel", ...dialog });
    this.node.append(head, this.menu, this.banner, this.body, this.over);
    this.node.onkeydown = (event) => this.key(event);
    this.body.onclick = () => this.hideMenu();
    this.narrow.addEventListener?.("change", () => this.modal());
    // The keyboard of a phone covers the lower half; the panel keeps to what is left.
    visualViewport?.addEventListener("resize", () => this.fit());
    visualViewport?.addEventListener("scroll", () => this.fit());
  }

  get isOpen(): boolean {
    return !this.node.hidden;
  }

  open(): void {
    this.node.hidden = false;
    this.launcher.hidden = true;
    this.modal();
    this.fit();
  }

  close(): void {
    this.hideMenu();
    this.node.hidden = true;
    this.launcher.hidden = false;
    this.launcher.focus();
    this.closed();
  }

  /** Put the focus where one begins: not into the box where that raises a keyboard. */
  focus(box: HTMLElement): void {
    const touch = matchMedia("(pointer: coarse)").matches;
    const first = this.over.querySelector("h3") ?? (touch ? this.title : box);
    first.focus({ preventScroll: true });
  }

  say(status: string): void {
    if (this.status.textContent !== status) this.status.textContent = status;
  }

  /** Tell of trouble; an empty text takes it away. What is about the line ends with `calm`. */
  warn(text: string, line = false): void {
    clearTimeout(this.fading);
    this.line = line && text !== "";
    if (this.banner.textContent !== text) this.banner.textContent = text;
  }

  /** The visitor goes on: what was told of something else has been read. */
  goOn(): void {
    if (!this.line) this.warn("");
  }

  /** Say that the line is back, if it was said to be gone; then say no more. */
  calm(text: string): void {
    if (!this.line) return;
    this.warn(text);
    if (text !== "") this.fading = setTimeout(() => this.warn(""), 3_000);
  }

  items(items: MenuItem[]): void {
    const buttons = items.map(({ label, press }) => {
      return button(label, () => {
        this.hideMenu();
        this.menuButton.focus();
        press();
      });
    });
    this.menu.replaceChildren(...buttons);
    this.menuButton.hidden = items.length === 0;
  }

  /** Lay something over the conversation; Esc leaves it where `leave` is given. */
  sheet(heading: string, content: Node[], leave: (() => void) | null): void {
    const title = el("h3", { tabindex: -1 }, heading);
    this.over.replaceChildren(title, ...content);
    this.over.hidden = false;
    this.body.hidden = true;
    this.leave = leave;
    if (this.isOpen) title.focus({ preventScroll: true });
  }

  unsheet(): void {
    const within = this.over.contains((this.node.getRootNode() as ShadowRoot).activeElement);
    this.over.hidden = true;
    this.body.hidden = false;
    this.over.replaceChildren();
    this.leave = null;
    if (within) this.menuButton.focus();
  }

  get covered(): boolean {
    return !this.over.hidden;
  }

  private toggleMenu(): void {
    if (!this.menu.hidden) return this.hideMenu();
    this.menu.hidden = false;
    this.menuButton.setAttribute("aria-expanded", "true");
    this.menu.querySelector("button")?.focus();
  }

  private hideMenu(): void {
    this.menu.hidden = true;
    this.menuButton.setAttribute("aria-expanded", "false");
  }

  private key(event: KeyboardEvent): void {
    if (event.key === "Tab" && this.narrow.matches) this.keepFocus(event);
    if (event.key !== "Escape") return;
    event.stopPropagation();
    if (!this.menu.hidden) {
      this.hideMenu();
      this.menuButton.focus();
    } else if (this.leave !== null) this.leave();
    else this.close();
  }

  private keepFocus(event: KeyboardEvent): void {
    const stops = "a, button, textarea, input, [tabindex='0']";
    const all = [...this.node.querySelectorAll<HTMLElement>(stops)];
    const reached = all.filter((one) => one.getClientRects().length > 0);
    const active = (this.node.getRootNode() as ShadowRoot).activeElement;
    const [first, last] = [reached[0], reached[reached.length - 1]];
    const edge = event.shiftKey ? first : last;
    if (active !== edge && active !== null && reached.includes(active as HTMLElement)) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }

  private modal(): void {
    if (this.narrow.matches) this.node.setAttribute("aria-modal", "true");
    else this.node.removeAttribute("aria-modal");
  }

  private fit(): void {
    const seen = visualViewport;
    if (!this.isOpen || seen === null || seen === undefined) return;
    this.node.style.setProperty("--seen-height", `${seen.height}px`);
    this.node.style.setProperty("--seen-top", `${seen.offsetTop}px`);
  }
}
