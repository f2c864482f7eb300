/** One message on the screen. */

import { button, el, type Icon, icon, unseen } from "./dom";
import { nodes } from "./markdown";
import type { Attachment, Choice } from "./protocol";
import { size, time, type Words } from "./words";

/** What a bubble shows, whether the server has it yet or not. */
export interface Shown {
  id: string;
  from: "user" | "nindy" | "agent";
  name: string;
  at: Date;
  text: string;
  choices: Choice[];
  menu: string;
  attachments: Attachment[];
}

export interface Presses {
  choose(choice: Choice): void;
  download(attachment: Attachment): void;
  retry(id: string): void;
}

export type Delivery = "sending" | "waiting" | "sent" | "read" | "failed";

const MARKS: Record<Delivery, Icon> = {
  sending: "clock",
  waiting: "clock",
  sent: "check",
  read: "checks",
  failed: "fault",
};

export class Bubble {
  readonly node: HTMLElement;
  state: Delivery = "sending";
  private readonly mark = el("span", { class: "mark" });
  private readonly trouble = el("p", { class: "trouble", hidden: true });
  private readonly choices: HTMLElement | null;
  private toggle: HTMLButtonElement | null = null;

  constructor(
    readonly shown: Shown,
    private readonly words: Words,
    private readonly presses: Presses,
  ) {
    const mine = shown.from === "user";
    const written = shown.at.toISOString();
    const meta = el("p", { class: "meta" }, el("time", { datetime: written }, time(shown.at)));
    if (mine) meta.append(this.mark);
    const text = el("div", { class: "text" });
    // What a visitor wrote is shown as it was written.
    if (mine) text.append(el("p", {}, shown.text));
    else text.append(nodes(shown.text));
    if (shown.text === "") text.hidden = true;
    const files = shown.attachments.map((file) => this.file(file));
    const bubble = el("div", { class: "bubble" }, text, ...files, meta);
    // One's own words are not read back; what is said of their way is no news either.
    this.node = el("div", { class: `message ${shown.from}`, "aria-live": mine && "off" });
    this.node.append(el("p", { class: "name" }, this.sender()), bubble);
    this.choices = shown.choices.length > 0 ? this.offer() : null;
    if (this.choices !== null) this.node.append(this.choices);
    if (mine) this.node.append(this.trouble);
  }

  /** Whether the one who speaks, and the day, differ from the bubble before. */
  begin(first: boolean): void {
    this.node.classList.toggle("first", first);
  }

  deliver(state: Delivery, reason = ""): void {
    this.state = state;
    this.mark.className = `mark ${state}`;
    this.mark.replaceChildren(icon(MARKS[state]), unseen(this.words.say(state)));
    this.trouble.hidden = state !== "failed";
    this.trouble.replaceChildren();
    if (state !== "failed") return;
    const again = button(this.words.say("retry"), () => this.presses.retry(this.shown.id));
    this.trouble.append(`${this.words.say("failed")}. ${reason} `, again);
  }

  /** A list of the newest message stands open; those of older ones wait behind one button. */
  fold(closed: boolean): void {
    const list = this.choices?.querySelector<HTMLElement>(".many");
    if (!this.choices || !list || closed === (this.toggle !== null)) return;
    list.hidden = closed;
    if (!closed) {
      this.toggle?.remove();
      this.toggle = null;
      return;
    }
    const within = list.contains((list.getRootNode() as ShadowRoot).activeElement);
    const show = button(this.shown.menu || this.words.say("choices_more"), () => {
      list.hidden = !list.hidden;
      show.setAttribute("aria-expanded", String(!list.hidden));
    });
    show.className = "unfold";
    show.append(icon("fold"));
    show.setAttribute("aria-expanded", "false");
    this.toggle = show;
    this.choices.prepend(show);
    if (within) show.focus({ preventScroll: true });
  }

  private sender(): string {
    const { from, name } = this.shown;
    if (from === "user") return this.words.say("you");
    if (from === "nindy") return this.words.say("nindy");
    return name === "" ? this.words.say("agent") : this.words.say("agent_name", { nama: name });
  }

  private offer(): HTMLElement {
    const rows = this.shown.choices.map((choice) => {
      const title = el("span", { class: "title" }, choice.title);
      const row = button(title, () => this.presses.choose(choice), { class: "choice" });
      if (choice.description) row.append(el("span", { class: "more" }, choice.description));
      return row;
    });
    const group = { class: "choices", role: "group", "aria-label": this.words.say("choices") };
    const described = this.shown.choices.some((choice) => choice.description);
    const many = rows.length > 3 || described;
    return el("div", group, el("div", { class: many ? "rows many" : "rows" }, ...rows));
  }

  private file(file: Attachment): HTMLElement {
    const label = this.words.say("attach_download", { nama: file.name });
    const press = (): void => this.presses.download(file);
    const made = button(icon("file"), press, { class: "file", "aria-label": label });
    made.append(el("span", {}, file.name), el("span", { class: "more" }, size(file.size)));
    return made;
  }
}
