/** What arrives: by stream while the page is looked at, else and where streams fail by asking. */

import { type Api, Refused } from "./api";
import type { Message, Page, State } from "./protocol";
import { read, type ServerEvent } from "./sse";

const SILENCE = 45_000;
/** The server pings every 20 s. */
const FIRST_WORD = 8_000;
/** It speaks at once; a proxy that holds a stream back shows here. */
const ASK = 3_000;
const ASK_HIDDEN = 20_000;
const LONGEST_PAUSE = 15_000;
const AGAIN = 500;
/** A stream that has ended is opened again after this. */
const POLL_FOR = 120_000;
/** So long we ask after a stream has failed, then one is tried again. */

export interface Listener {
  messages(batch: Message[]): void;
  state(state: State): void;
  link(up: boolean): void;
  /** The server refused for good; the code says why. */
  refused(code: string): void;
}

export class Feed {
  private running = false;
  /** Counts the starts: what was asked before the last one is not heard any more. */
  private era = 0;
  private cursor = 0;
  private failures = 0;
  private pollUntil = 0;
  private stop: AbortController | null = null;
  private wake: (() => void) | null = null;
  private heard = 0;

  constructor(
    private readonly api: Api,
    private readonly listener: Listener,
  ) {
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.hurry());
    addEventListener("pagehide", () => this.stop?.abort());
    addEventListener("pageshow", () => this.hurry());
    // A page that nobody looks at gives its connection back: a browser has six for one host.
    document.addEventListener("visibilitychange", () => this.hurry());
    setInterval(() => {
      // Timers stand still while a laptop sleeps; the clock does not.
      if (this.stop !== null && Date.now() - this.heard > SILENCE) this.stop.abort();
    }, 5_000);
  }

  /** Begin after the message with this place, in the session there is. */
  start(cursor: number): void {
    this.cursor = cursor;
    this.failures = 0;
    this.era += 1;
    if (this.running) return this.hurry();
    this.running = true;
    void this.run();
  }

  end(): void {
    this.running = false;
    this.hurry();
  }

  private hurry(): void {
    this.stop?.abort();
    this.wake?.();
  }

  private async run(): Promise<void> {
    while (this.running) {
      let pause: number;
      try {
        pause = await this.round();
        this.failures = 0;
      } catch (error) {
        const refusal = error instanceof Refused ? error : new Refused("offline");
        if (refusal.code === "token" || refusal.code === "origin") {
          this.running = false;
          return this.listener.refused(refusal.code);
        }
        this.failures += 1;
        if (this.running) this.listener.link(false);
        pause = refusal.wait * 1000 || Math.min(LONGEST_PAUSE, 500 * 2 ** this.failures);
      }
      if (this.running) await this.rest(pause * (0.8 + Math.random() * 0.4));
    }
  }

  /** One look at the server; returns the milliseconds until the next. */
  private async round(): Promise<number> {
    await this.catchUp();
    const hidden = document.visibilityState === "hidden";
    if (hidden) return ASK_HIDDEN;
    if (Date.now() < this.pollUntil) return ASK;
    await this.follow();
    return AGAIN;
  }

  private async catchUp(): Promise<void> {
    const { era } = this;
    let page: Page;
    do {
      page = await this.api.page(this.cursor);
      if (!this.running || era !== this.era) return;
      this.take(page.messages);
      this.cursor = page.next;
    } while (page.messages.length === 100);
    this.listener.state(page.state);
    this.listener.link(true);
  }

  private async follow(): Promise<void> {
    const stop = new AbortController();
    this.stop = stop;
    this.heard = Date.now();
    let spoke = false;
    let silent = false;
    const impatient = setTimeout(() => {
      silent = !spoke;
      if (silent) stop.abort();
    }, FIRST_WORD);
    try {
      const answer = await this.api.stream(this.cursor, stop.signal);
      const alive = (): void => {
        spoke = true;
        this.heard = Date.now();
      };
      const stream = answer.body as ReadableStream<Uint8Array> | null;
      const { era } = this;
      const hear = ({ name, data }: ServerEvent): void => {
        if (this.running && era === this.era) this.hear(name, data);
      };
      if (stream) await read(stream, alive, hear);
      silent = !spoke;
    } catch (error) {
      // Whatever cut the stream, the next round says whether the server is there.
      if (error instanceof Refused && error.code !== "offline") throw error;
    } finally {
      clearTimeout(impatient);
      this.stop = null;
      if (silent) this.pollUntil = Date.now() + POLL_FOR;
    }
  }

  private hear(name: string, data: string): void {
    const told: unknown = JSON.parse(data);
    if (name === "message") this.take([told as Message]);
    else if (name === "state") this.listener.state(told as State);
    else if (name === "token") this.api.rotate((told as { token: string }).token);
  }

  private take(batch: Message[]): void {
    const fresh = batch.filter((message) => message.seq > this.cursor);
    for (const message of fresh) this.cursor = Math.max(this.cursor, message.seq);
    this.listener.messages(fresh);
  }

  private rest(pause: number): Promise<void> {
    return new Promise((done) => {
      const go = (): void => {
        clearTimeout(timer);
        this.wake = null;
        done();
      };
      const timer = setTimeout(go, pause);
      this.wake = go;
    });
  }
}
