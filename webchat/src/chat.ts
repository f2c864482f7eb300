/** The chat: puts the parts together and decides what is shown when. */

import { Api, Refused } from "./api";
import type { Delivery, Shown } from "./bubble";
import css from "./chat.css";
import { Composer } from "./composer";
import { save } from "./dom";
import { Feed } from "./feed";
import { Log } from "./log";
import { type Entry, OutQueue } from "./outqueue";
import { type MenuItem, Panel } from "./panel";
import type { Attachment, Choice, Config, Message, Outgoing, State } from "./protocol";
import { Sheets } from "./sheets";
import { type Chat, SESSION, type Shell } from "./shell";
import { Store } from "./store";
import { Words } from "./words";

const SEEN_PAUSE = 400;
const LINK_PAUSE = 1_500;
/** A break shorter than this is not worth a word. */
const CONFIG_PAUSE = 5_000;

/** Called by the launcher when the file is there. */
export async function start(shell: Shell): Promise<Chat> {
  const store = new Store(shell.options.storage, shell.base);
  const api = new Api(shell.base, store, shell.options.user);
  for (;;) {
    try {
      return new Conversation(shell, store, api, await api.config());
    } catch (error) {
      // With a conversation going on we keep trying; else whoever opened it is told.
      if (api.session === null || shell.button.hasAttribute("aria-busy")) throw error;
      await new Promise((done) => setTimeout(done, CONFIG_PAUSE));
    }
  }
}

class Conversation implements Chat {
  private readonly words: Words;
  private readonly tab: Store;
  private readonly panel: Panel;
  private readonly sheets: Sheets;
  private readonly log: Log;
  private readonly composer: Composer;
  private readonly feed: Feed;
  private readonly queue: OutQueue;
  private sessionId = "";
  /** Null until the history is there. */
  private state: State | null = null;
  /** Up to here the visitor has seen our messages. */
  private seen = 0;
  private seenTimer = 0;
  private linkTimer = 0;

  constructor(
    private readonly shell: Shell,
    private readonly store: Store,
    private readonly api: Api,
    private config: Config,
  ) {
    this.words = new Words(config.words);
    this.tab = new Store("session", shell.base);
    this.panel = new Panel(this.words, shell.button, () => this.closed());
    this.sheets = new Sheets(this.panel, this.words);
    this.log = new Log(
      this.words,
      {
        choose: (choice) => this.choose(choice),
        download: (file) => void this.download(file),
        retry: (id) => this.retry(id),
      },
      shell.options.greeting || this.words.say("greeting"),
      () => new Date(),
      () => this.look(),
    );
    const write = (text: string, files: Attachment[]): void => this.write(text, files);
    this.composer = new Composer(this.words, config.limits, api, this.tab, write);
    this.panel.body.append(this.log.node, this.log.newest, this.composer.node);
    shell.style(css);
    shell.root.append(this.panel.node);
    this.feed = new Feed(api, {
      messages: (batch) => this.receive(batch),
      state: (state) => this.learn(state),
      link: (up) => this.link(up),
      refused: (code) => this.refused(code),
    });
    this.queue = new OutQueue(api, store, {
      sent: (id, seq) => {
        this.log.deliver(id, "sent", "", seq);
        this.panel.calm("");
      },
      waiting: (id, code, wait) => this.trouble(id, "waiting", code, wait),
      failed: (id, code) => this.trouble(id, "failed", code, 0),
    });
    api.replaced = () => this.replaced();
    store.watch((key) => this.changedElsewhere(key));
    document.addEventListener("visibilitychange", () => this.look());
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.changedElsewhere(SESSION);
    });
    this.begin();
    // A visitor who went to another page of the site finds the chat as it was.
    if (this.tab.get<boolean>("open") === true) this.panel.open();
  }

  open(): void {
    this.panel.open();
    this.tab.set("open", true);
    this.composer.fit();
    this.panel.focus(this.composer.box);
    this.log.toEnd();
    this.look();
  }

  private closed(): void {
    this.tab.remove("open");
    this.look();
  }

  /** Go on with the session that is kept, or ask for the notice first. */
  private begin(): void {
    const kept = this.api.session;
    this.sessionId = kept?.id ?? "";
    this.log.clear();
    this.log.quiet(true);
    this.state = null;
    this.seen = 0;
    this.panel.warn("");
    this.panel.say(this.config.hours.text);
    if (kept === null) {
      // Nothing of an earlier visitor stays.
      this.store.remove(SESSION);
      this.queue.clear();
      this.composer.clear();
    }
    if (kept === null || kept.notice !== this.config.notice.version) {
      this.feed.end();
      this.panel.items([]);
      this.shell.badge(0, "");
      return this.sheets.notice(this.config, () => this.accept());
    }
    this.panel.unsheet();
    this.panel.items(this.menu());
    for (const entry of this.queue.entries()) this.log.addOwn(shown(entry));
    this.queue.flush();
    this.feed.start(0);
    void this.api.introduce().catch(() => undefined);
  }

  /** The session had ended; what waits to be sent goes into the new one. */
  private replaced(): void {
    const talked = this.log.newestSeq > 0;
    this.begin();
    if (talked) this.panel.warn(this.words.fault("token"));
  }

  private async accept(): Promise<void> {
    await this.api.begin(this.config.notice.version);
    this.begin();
    this.open();
  }

  private menu(): MenuItem[] {
    const { words } = this;
    return [
      { label: words.say("transcript"), press: () => void this.transcript() },
      { label: words.say("channels"), press: () => this.sheets.channels(this.config) },
      { label: words.say("end"), press: () => this.rate() },
      { label: words.say("forget"), press: () => this.sheets.forget(() => this.forget()) },
    ];
  }

  private write(text: string, attachments: Attachment[]): void {
    const ids = attachments.map((file) => file.id);
    this.send(ids.length > 0 ? { text, attachments: ids } : { text }, text, attachments);
  }

  private choose(choice: Choice): void {
    this.send({ payload: choice.id }, choice.title, []);
  }

  private send(message: Omit<Outgoing, "id">, text: string, attachments: Attachment[]): void {
    this.panel.goOn();
    const at = new Date().toISOString();
    const entry: Entry = { message: { id: uuid(), ...message }, text, attachments, at };
    this.log.addOwn(shown(entry));
    this.queue.add(entry);
  }

  private retry(id: string): void {
    this.log.deliver(id, "sending");
    this.queue.retry(id);
  }

  private trouble(id: string, state: Delivery, code: string, wait: number): void {
    if (code === "token") return this.refused(code);
    const { limits } = this.config;
    const reason = this.words.fault(code, { karakter: limits.text, detik: Math.max(1, wait) });
    this.log.deliver(id, state, reason);
    if (code === "busy" || code === "away") this.panel.warn(reason, true);
  }

  private receive(batch: Message[]): void {
    for (const message of batch) if (message.from === "user") this.queue.drop(message.id);
    this.log.add(batch);
    this.look();
  }

  private learn(state: State): void {
    const before = this.state;
    this.state = state;
    this.seen = Math.max(this.seen, state.seq_read);
    if (before === null) this.live();
    this.log.type(state.typing === "" ? "" : this.words.say(`typing_${state.typing}`));
    const holder = state.agent === "" ? "held_nobody" : "held";
    const held = state.held ? this.words.say(holder, { nama: state.agent }) : "";
    this.panel.say(held || this.config.hours.text);
    if (state.open !== this.config.hours.open) void this.refreshHours(state.open);
    this.look();
  }

  /** The history is filled in: from here on new messages are read out. */
  private live(): void {
    const { seen } = this;
    this.log.toEnd();
    // The tree has to hold the history before the region speaks, else all of it is read.
    setTimeout(() => {
      this.log.quiet(false);
      this.log.unread(seen, this.words.say("unread"));
    }, 100);
  }

  private async refreshHours(open: boolean): Promise<void> {
    this.config.hours.open = open;
    try {
      this.config = { ...this.config, hours: (await this.api.config()).hours };
      this.config.hours.open = open;
      if (this.state !== null && !this.state.held) this.panel.say(this.config.hours.text);
    } catch {
      // The old words stay until the next change.
    }
  }

  /** Say that what is on the screen has been seen; count what is not. */
  private look(): void {
    if (this.state === null) return;
    const visible = document.visibilityState === "visible";
    const looked = this.panel.isOpen && !this.panel.covered && visible;
    const shown = looked ? this.log.shownSeq : 0;
    if (shown > this.seen) {
      this.seen = shown;
      clearTimeout(this.seenTimer);
      const tell = (): void => void this.api.seen(shown).catch(() => undefined);
      this.seenTimer = setTimeout(tell, SEEN_PAUSE);
    }
    const news = this.log.countAfter(this.seen);
    this.log.count(news);
    const waiting = this.panel.isOpen ? 0 : news;
    this.shell.badge(waiting, this.words.say("launcher_new", { jumlah: waiting }));
  }

  private link(up: boolean): void {
    clearTimeout(this.linkTimer);
    if (up) {
      this.panel.calm(this.words.say("online"));
      // What waited for the line need not wait for its turn.
      this.queue.flush();
      return;
    }
    const tell = (): void => {
      this.panel.warn(this.words.say(navigator.onLine ? "reconnecting" : "offline"), true);
    };
    if (navigator.onLine) this.linkTimer = setTimeout(tell, LINK_PAUSE);
    else tell();
  }

  private refused(code: string): void {
    if (code === "token") {
      this.store.remove(SESSION);
      this.begin();
      this.panel.warn(this.words.fault(code));
    } else this.sheets.channels(this.config, this.words.fault(code));
  }

  private async transcript(): Promise<void> {
    await this.attempt(async () => {
      const { text, name } = await this.api.transcript();
      save(text, name);
    });
  }

  private async download(file: Attachment): Promise<void> {
    await this.attempt(async () => save(await this.api.download(file.id), file.name));
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    try {
      await action();
      this.panel.warn("");
    } catch (error) {
      const refusal = error instanceof Refused ? error : new Refused("unknown");
      const { code, wait } = refusal;
      this.panel.warn(this.words.fault(code, { detik: wait }), code === "offline");
    }
  }

  private rate(): void {
    this.sheets.rating(
      (value, word) => this.api.rate(value, word),
      () => this.sheets.thanks(() => this.leave()),
    );
  }

  private async forget(): Promise<void> {
    await this.api.forget();
    this.leave();
    this.panel.warn(this.words.say("forgotten"));
  }

  /** Leave the session; the next one begins with the notice. */
  private leave(): void {
    this.store.remove(SESSION);
    this.begin();
  }

  private changedElsewhere(key: string): void {
    if (key === SESSION && (this.api.session?.id ?? "") !== this.sessionId) this.begin();
  }
}

function shown(entry: Entry): Shown {
  const { message, text, attachments } = entry;
  const at = new Date(entry.at);
  return { id: message.id, from: "user", name: "", at, text, choices: [], menu: "", attachments };
}

/** A random UUID; `crypto.randomUUID` is missing in old browsers. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
