/** The conversation: a live region that says each new message once, in the server's order. */

import { Bubble, type Delivery, type Presses, type Shown } from "./bubble";
import { button, el, icon } from "./dom";
import type { Message } from "./protocol";
import { day, type Words } from "./words";

const NEAR = 60;
/** Pixels from the end that still count as being at the end. */

interface Item {
  bubble: Bubble;
  /** Infinity until the server has given its place. */
  seq: number;
  separator: HTMLElement | null;
}

export class Log {
  readonly node: HTMLElement;
  readonly newest: HTMLButtonElement;
  private readonly newestWords = el("span");
  private readonly typing: HTMLElement;
  private readonly dots: HTMLElement;
  private items: Item[] = [];
  private readonly byId = new Map<string, Item>();
  /** The place of the newest message of ours. */
  newestSeq = 0;

  constructor(
    private readonly words: Words,
    private readonly presses: Presses,
    greeting: string,
    private readonly now: () => Date,
    scrolled: () => void,
  ) {
    const live = { role: "log", "aria-live": "polite", "aria-relevant": "additions" };
    this.node = el("div", { class: "log", tabindex: 0, "aria-label": words.say("log"), ...live });
    this.dots = el("span", { class: "unseen" });
    const moving = ["dot", "dot", "dot"].map((name) => el("span", { class: name }));
    this.typing = el("div", { class: "typing", hidden: true, "aria-live": "off" });
    this.typing.append(this.dots, ...moving);
    const hello = el("div", { class: "bubble" }, el("p", { class: "text" }, greeting));
    const name = el("p", { class: "name" }, words.say("nindy"));
    this.node.append(el("div", { class: "message nindy first" }, name, hello), this.typing);
    this.newest = button(icon("down"), () => this.toEnd(), { class: "newest", hidden: true });
    this.newest.append(this.newestWords);
    this.node.onscroll = () => {
      this.newest.hidden = this.atEnd;
      scrolled();
    };
  }

  get atEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.node;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** The place of the newest message of ours whose beginning has come into view. */
  get shownSeq(): number {
    const edge = this.node.scrollTop + this.node.clientHeight - NEAR / 2;
    return this.items.reduce((most, { bubble, seq }) => {
      const shown = bubble.shown.from !== "user" && bubble.node.offsetTop < edge;
      return shown && seq > most ? seq : most;
    }, 0);
  }

  /** How many messages to the visitor come after this place. */
  countAfter(seq: number): number {
    return this.items.filter((item) => item.bubble.shown.from !== "user" && item.seq > seq).length;
  }

  /** While history is filled in, or the conversation hidden, nothing is read out. */
  quiet(on: boolean): void {
    this.node.setAttribute("aria-live", on ? "off" : "polite");
  }

  clear(): void {
    for (const { bubble, separator } of this.items) {
      bubble.node.remove();
      separator?.remove();
    }
    this.node.querySelectorAll(".note").forEach((note) => note.remove());
    this.items = [];
    this.byId.clear();
    this.newestSeq = 0;
  }

  /** Show messages of the server, and the first new one of ours from its beginning. */
  add(batch: Message[]): void {
    const stay = this.atEnd;
    const news = batch.filter((message) => message.from !== "user" && !this.byId.has(message.id));
    for (const message of batch) this.take(message);
    const first = this.byId.get((news[0] ?? batch[0])?.id ?? "");
    if (stay && first !== undefined) this.show(first.bubble);
    else if (news.length > 0) this.newest.hidden = this.atEnd;
  }

  /** One that was shown before it had a place takes that place now. */
  private take(message: Message): void {
    const at = new Date(message.at);
    const known = this.byId.get(message.id);
    if (known === undefined) {
      this.insert(new Bubble({ ...message, at }, this.words, this.presses), message.seq);
    } else if (known.seq !== message.seq) {
      this.settle(known, message.seq);
    }
    if (message.from === "user") this.deliver(message.id, "sent");
    else this.answered(message.seq);
  }

  /** Show what is on its way. */
  addOwn(shown: Shown): void {
    if (this.byId.has(shown.id)) return;
    const bubble = new Bubble(shown, this.words, this.presses);
    this.insert(bubble, Infinity);
    this.deliver(shown.id, "sending");
    this.show(bubble);
  }

  deliver(id: string, state: Delivery, reason = "", seq = Infinity): void {
    const item = this.byId.get(id);
    if (item === undefined) return;
    if (item.seq === Infinity && seq !== Infinity) this.settle(item, seq);
    // What the server has is not on its way any more, whatever another tab's queue thinks.
    const kept = item.seq !== Infinity;
    const read = item.seq < this.newestSeq;
    item.bubble.deliver(read ? "read" : kept ? "sent" : state, reason);
  }

  /** Draw a line above what came while nobody looked, and show it from there. */
  unread(seen: number, text: string): void {
    const first = this.items.find((item) => item.bubble.shown.from !== "user" && item.seq > seen);
    if (first === undefined) return;
    first.bubble.node.before(el("p", { class: "note unread" }, text));
    this.show(first.bubble);
  }

  /** Say on the button to the end how many messages are new. */
  count(news: number): void {
    const words = news > 0 ? this.words.say("new_messages", { jumlah: news }) : "";
    this.newestWords.textContent = words;
    this.newest.setAttribute("aria-label", words || this.words.say("to_newest"));
  }

  type(words: string): void {
    const stay = this.atEnd;
    this.typing.hidden = words === "";
    this.dots.textContent = words;
    if (stay) this.toEnd();
  }

  toEnd(): void {
    this.node.scrollTop = this.node.scrollHeight;
    this.newest.hidden = true;
  }

  private insert(bubble: Bubble, seq: number): void {
    let place = this.items.length;
    while (place > 0 && (this.items[place - 1] as Item).seq > seq) place -= 1;
    const item: Item = { bubble, seq, separator: null };
    const next = this.items[place];
    this.items.splice(place, 0, item);
    this.byId.set(bubble.shown.id, item);
    (next === undefined ? this.typing : (next.separator ?? next.bubble.node)).before(bubble.node);
    this.dress(place);
    this.dress(place + 1);
    bubble.fold(next !== undefined);
    this.items[this.items.length - 2]?.bubble.fold(true);
    if (bubble.shown.from !== "user") this.newestSeq = Math.max(this.newestSeq, seq);
  }

  /** Who answers has read what was written before. */
  private answered(seq: number): void {
    for (let place = this.items.length - 1; place >= 0; place -= 1) {
      const item = this.items[place] as Item;
      if (item.bubble.shown.from !== "user" || item.seq >= seq) continue;
      // Those before it were read when it was.
      if (item.bubble.state === "read") return;
      item.bubble.deliver("read");
    }
  }

  /** The server has given a place: move the bubble only if another one belongs before it. */
  private settle(item: Item, seq: number): void {
    item.seq = seq;
    const index = this.items.indexOf(item);
    const before = this.items[index - 1];
    const after = this.items[index + 1];
    if ((before?.seq ?? 0) < seq && seq < (after?.seq ?? Infinity)) return;
    this.items.splice(index, 1);
    item.separator?.remove();
    this.insert(item.bubble, seq);
    this.dress(index);
  }

  /** Give the item at a place its day and, where the speaker changes, its name. */
  private dress(place: number): void {
    const item = this.items[place];
    if (item === undefined) return;
    const before = this.items[place - 1]?.bubble.shown;
    const { shown } = item.bubble;
    const sameDay = before?.at.toDateString() === shown.at.toDateString();
    item.separator?.remove();
    item.separator = null;
    if (!sameDay) {
      item.separator = el("p", { class: "note day" }, day(shown.at, this.now(), this.words));
      item.bubble.node.before(item.separator);
    }
    item.bubble.begin(!sameDay || before?.from !== shown.from || before.name !== shown.name);
  }

  /** To the end, but never past the beginning of what is new. */
  private show(bubble: Bubble): void {
    const end = this.node.scrollHeight - this.node.clientHeight;
    this.node.scrollTop = Math.min(end, bubble.node.offsetTop - 12);
  }
}
