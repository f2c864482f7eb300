/** What the visitor sent and the server has not yet: kept, and sent in order under its id. */

import { type Api, Refused } from "./api";
import type { Attachment, Outgoing } from "./protocol";
import type { Store } from "./store";

const LONGEST_PAUSE = 15_000;
const KEY = "out:";

/** A message with what is shown of it meanwhile. */
export interface Entry {
  message: Outgoing;
  text: string;
  attachments: Attachment[];
  /** ISO time of writing. */
  at: string;
}

export interface Sending {
  /** The server has it, at this place. */
  sent(id: string, seq: number): void;
  /** Tried again by itself; the code says what is in the way. */
  waiting(id: string, code: string, wait: number): void;
  /** Refused for good; tried again only when asked. */
  failed(id: string, code: string): void;
}

export class OutQueue {
  private running = false;
  private wake: (() => void) | null = null;
  private readonly refused = new Set<string>();

  constructor(
    private readonly api: Api,
    private readonly store: Store,
    private readonly listener: Sending,
  ) {
    addEventListener("online", () => this.wake?.());
  }

  /** What waits, oldest first. Each has its own key, so that tabs do not overwrite each other. */
  entries(): Entry[] {
    return this.keys().flatMap((key) => this.store.get<Entry>(key) ?? []);
  }

  add(entry: Entry): void {
    this.store.set(`${KEY}${Date.now()}:${entry.message.id}`, entry);
    this.flush();
  }

  /** Try now what waits or was refused. */
  retry(id: string): void {
    this.refused.delete(id);
    this.flush();
  }

  clear(): void {
    this.keys().forEach((key) => this.store.remove(key));
    this.refused.clear();
  }

  /** The server has this message, as the stream says. */
  drop(id: string): void {
    this.keys()
      .filter((key) => key.endsWith(id))
      .forEach((key) => this.store.remove(key));
    this.refused.delete(id);
  }

  flush(): void {
    this.wake?.();
    if (!this.running) void this.run();
  }

  private keys(): string[] {
    return this.store.keys(KEY);
  }

  private next(): Entry | undefined {
    return this.entries().find((entry) => !this.refused.has(entry.message.id));
  }

  private async run(): Promise<void> {
    this.running = true;
    let failures = 0;
    for (let entry = this.next(); entry !== undefined; entry = this.next()) {
      const { id } = entry.message;
      try {
        const seq = await this.api.send(entry.message);
        this.drop(id);
        this.listener.sent(id, seq);
        failures = 0;
      } catch (error) {
        const refusal = error instanceof Refused ? error : new Refused("offline");
        if (["offline", "away", "busy"].includes(refusal.code)) {
          failures += 1;
          this.listener.waiting(id, refusal.code, refusal.wait);
          await this.rest(refusal.wait * 1000 || Math.min(LONGEST_PAUSE, 500 * 2 ** failures));
        } else {
          this.refused.add(id);
          this.listener.failed(id, refusal.code);
        }
      }
    }
    this.running = false;
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
