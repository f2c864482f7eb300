/** Where the visitor writes and attaches. */

import { type Api, Refused } from "./api";
import { button, el, icon } from "./dom";
import type { Attachment, Config } from "./protocol";
import type { Store } from "./store";
import { size, type Words } from "./words";

const WARN = 200;
/** From here on the characters that are left are shown. */
const TALLEST = 132;

export class Composer {
  readonly node: HTMLFormElement;
  readonly box: HTMLTextAreaElement;
  private readonly files: HTMLElement;
  private readonly hint: HTMLElement;
  private readonly status: HTMLElement;
  private readonly button: HTMLButtonElement;
  private attachments: Attachment[] = [];
  private uploading = 0;

  constructor(
    private readonly words: Words,
    private readonly limits: Config["limits"],
    private readonly api: Api,
    private readonly draft: Store,
    private readonly send: (text: string, attachments: Attachment[]) => void,
  ) {
    this.box = el("textarea", {
      rows: 1,
      "aria-label": words.say("placeholder"),
      placeholder: words.say("placeholder"),
      enterkeyhint: "send",
      "aria-describedby": "hint",
    });
    this.hint = el("p", { id: "hint", class: "hint", hidden: true });
    this.status = el("p", { class: "unseen", role: "status" });
    this.files = el("div", { class: "files" });
    this.button = el("button", { type: "submit", class: "round send" }, icon("send"));
    this.button.setAttribute("aria-label", words.say("send"));
    const line = el("div", { class: "line" }, ...this.picker(), this.box, this.button);
    this.node = el("form", { class: "composer" }, this.hint, this.files, line, this.status);
    this.node.onsubmit = (event) => {
      event.preventDefault();
      this.submit();
    };
    this.box.onkeydown = (event) => {
      // While a word is being composed, Enter belongs to the keyboard.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    };
    this.box.oninput = () => {
      this.draft.set("draft", this.box.value);
      this.fit();
    };
    this.box.value = draft.get<string>("draft") ?? "";
    this.fit();
  }

  clear(): void {
    this.box.value = "";
    this.attachments = [];
    this.files.replaceChildren();
    this.draft.remove("draft");
    this.fit();
  }

  /** Grow with the text and say what is left of it. */
  fit(): void {
    this.box.style.height = "auto";
    const height = this.box.scrollHeight;
    if (height > 0) this.box.style.height = `${Math.min(TALLEST, height)}px`;
    const left = this.limits.text - length(this.box.value);
    this.box.setAttribute("aria-invalid", String(left < 0));
    const longest = { jumlah: length(this.box.value), karakter: this.limits.text };
    if (left < 0) this.tell(this.words.say("too_long", longest), true);
    else if (left < WARN) this.tell(this.words.say("characters_left", { jumlah: left }));
    else this.tell("");
  }

  private submit(): void {
    const text = this.box.value.trim();
    const empty = text === "" && this.attachments.length === 0;
    if (empty || this.uploading > 0) return;
    if (length(text) > this.limits.text) {
      // Said again, so that a screen reader reads it now.
      this.status.textContent = "";
      setTimeout(() => (this.status.textContent = this.hint.textContent));
      return;
    }
    const { attachments } = this;
    this.clear();
    this.send(text, attachments);
  }

  private tell(text: string, fault = false): void {
    this.hint.hidden = text === "";
    this.hint.textContent = text;
    this.hint.classList.toggle("fault", fault);
  }

  private picker(): Node[] {
    if (this.limits.files === 0) return [];
    const accept = this.limits.types.join(",");
    const input = el("input", { type: "file", hidden: true, multiple: true, accept });
    input.onchange = () => {
      const chosen = [...(input.files ?? [])];
      input.value = "";
      void this.attach(chosen);
    };
    const label = this.words.say("attach");
    return [
      input,
      button(icon("attach"), () => input.click(), { class: "round", "aria-label": label }),
    ];
  }

  private async attach(chosen: File[]): Promise<void> {
    this.tell("");
    for (const file of chosen) {
      if (this.attachments.length + this.uploading >= this.limits.files) {
        return this.refuse("files");
      }
      if (file.size > this.limits.file_bytes) {
        this.refuse("large");
        continue;
      }
      await this.upload(file);
    }
  }

  private async upload(file: File): Promise<void> {
    const say = (key: string): string => this.words.say(key, { nama: file.name });
    const name = el("span", {}, say("attach_uploading"));
    const chip = el("div", { class: "chip" }, icon("file"), name);
    this.files.append(chip);
    this.status.textContent = say("attach_uploading");
    this.uploading += 1;
    try {
      const kept = await this.api.upload(file);
      this.attachments.push(kept);
      name.textContent = `${kept.name} · ${size(kept.size)}`;
      this.status.textContent = say("attach_ready");
      const remove = (): void => {
        this.attachments = this.attachments.filter((one) => one !== kept);
        chip.remove();
        this.box.focus();
      };
      const off = { class: "small", "aria-label": say("attach_remove") };
      chip.append(button(icon("close"), remove, off));
    } catch (error) {
      chip.remove();
      const refusal = error instanceof Refused ? error : new Refused("unknown");
      this.refuse(refusal.code, refusal.wait);
    } finally {
      this.uploading -= 1;
    }
  }

  private refuse(code: string, wait = 0): void {
    const text = this.words.fault(code, {
      karakter: this.limits.text,
      ukuran: size(this.limits.file_bytes),
      jumlah: this.limits.files,
      detik: wait,
    });
    this.tell(text, true);
    this.status.textContent = text;
  }
}

/** Characters as the server counts them, not halves of them. */
function length(text: string): number {
  return [...text].length;
}
