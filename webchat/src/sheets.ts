/** What is laid over the conversation: the notice, the rating, the question before forgetting. */

import { Refused } from "./api";
import { button, el } from "./dom";
import type { Config } from "./protocol";
import type { Panel } from "./panel";
import type { Words } from "./words";

const WORD_LIMIT = 500;

export class Sheets {
  constructor(
    private readonly panel: Panel,
    private readonly words: Words,
  ) {}

  /** The privacy notice, before anything is sent. */
  notice(config: Config, accept: () => Promise<void>): void {
    const yes = button(this.words.say("notice_accept"), () => void this.busy(yes, accept));
    yes.className = "main";
    const no = button(this.words.say("notice_decline"), () => this.panel.close());
    const text = el("p", {}, config.notice.text);
    const row = el("div", { class: "row" }, yes, no);
    this.panel.sheet(this.words.say("notice_title"), [text, row], null);
  }

  rating(rate: (value: number, word: string) => Promise<void>, done: () => void): void {
    const rows = [5, 4, 3, 2, 1].map((value) => {
      const input = el("input", { type: "radio", name: "rating", value });
      return el("label", { class: "rate" }, input, this.words.say(`rating_${value}`));
    });
    const question = this.words.say("rating_question");
    const group = el("fieldset", {}, el("legend", { class: "unseen" }, question), ...rows);
    const word = el("textarea", { rows: 2, maxlength: WORD_LIMIT });
    const label = el("label", { class: "word" }, this.words.say("rating_word"), word);
    const chosen = (): HTMLInputElement | null => group.querySelector("input:checked");
    const send = button(this.words.say("rating_send"), () => {
      const value = Number(chosen()?.value);
      void this.busy(send, () => rate(value, word.value.trim()).then(done));
    });
    send.className = "main";
    send.disabled = true;
    group.onchange = () => (send.disabled = chosen() === null);
    const row = el("div", { class: "row" }, send, button(this.words.say("rating_skip"), done));
    this.panel.sheet(question, [group, label, row], () => this.panel.unsheet());
  }

  thanks(again: () => void): void {
    const fresh = button(this.words.say("new_chat"), again);
    const shut = button(this.words.say("close"), () => {
      this.panel.unsheet();
      this.panel.close();
    });
    shut.className = "main";
    const leave = (): void => this.panel.unsheet();
    this.panel.sheet(this.words.say("thanks"), [el("div", { class: "row" }, shut, fresh)], leave);
  }

  forget(forget: () => Promise<void>): void {
    const leave = (): void => this.panel.unsheet();
    const yes = button(this.words.say("forget_yes"), () => void this.busy(yes, forget));
    yes.className = "danger";
    const no = button(this.words.say("forget_no"), leave);
    const text = el("p", {}, this.words.say("forget_confirm"));
    this.panel.sheet(this.words.say("forget"), [text, el("div", { class: "row" }, yes, no)], leave);
  }

  /** The other ways to reach HAI-DJPb; with `trouble`, because this one does not work. */
  channels(config: Config, trouble = ""): void {
    const rows = config.channels.map(({ name, text, url }) => {
      const safe = url !== undefined && /^(https:|mailto:|tel:)/.test(url);
      const rel = "noopener noreferrer nofollow";
      const where = safe ? el("a", { href: url, rel, target: "_blank" }, text) : text;
      return el("li", {}, el("strong", {}, name), el("br"), where);
    });
    const content: Node[] = [el("ul", { class: "channels" }, ...rows)];
    if (trouble !== "") content.unshift(el("p", {}, trouble));
    const leave = (): void => this.panel.unsheet();
    if (trouble === "") content.push(button(this.words.say("back"), leave));
    this.panel.sheet(this.words.say("channels"), content, trouble === "" ? leave : null);
  }

  /** Press once; what goes wrong is said beneath, and one may press again. */
  private async busy(pressed: HTMLButtonElement, action: () => Promise<void>): Promise<void> {
    pressed.disabled = true;
    const row = pressed.parentElement as HTMLElement;
    row.querySelector(".fault")?.remove();
    try {
      await action();
    } catch (error) {
      const refusal = error instanceof Refused ? error : new Refused("unknown");
      const text = this.words.fault(refusal.code, { detik: Math.max(1, refusal.wait) });
      row.append(el("p", { class: "fault", role: "alert" }, text));
      pressed.disabled = false;
      pressed.focus();
    }
  }
}
