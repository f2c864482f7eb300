/** Requests to the server, with a session that renews itself. */

import type { Attachment, Config, Outgoing, Page } from "./protocol";
import { SESSION, type User } from "./shell";
import type { Store } from "./store";

const TIMEOUT = 20_000;
const UPLOAD_TIMEOUT = 120_000;

/** The server said no, or (code `offline`) could not be reached. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    /** Seconds to wait before the next try, if the server said so. */
    readonly wait = 0,
  ) {
    super(code);
  }
}

interface Session {
  id: string;
  token: string;
  /** Version of the privacy notice that was accepted. */
  notice: string;
  /** The host page's user, or empty. */
  user: string;
}

interface Call {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeout?: number;
}

export class Api {
  private renewing: Promise<void> | null = null;

  constructor(
    private readonly base: string,
    private readonly store: Store,
    private readonly user: User | null,
  ) {}

  /** Called when the session had ended and another one was begun in its place. */
  replaced: () => void = () => undefined;

  /** The session as it is kept now; another tab may have changed it. */
  get session(): Session | null {
    const kept = this.store.get<Session>(SESSION);
    // What one user of the host page wrote is not shown to the next one.
    const foreign = kept !== null && kept.user !== "" && kept.user !== (this.user?.id ?? "");
    return foreign ? null : kept;
  }

  async config(): Promise<Config> {
    return (await (await this.fetch("config", {})).json()) as Config;
  }

  /** Start a session, or renew the one there is, once the notice was accepted. */
  async begin(notice: string): Promise<void> {
    await this.issue(notice, this.session?.token ?? null);
  }

  /** Tell the server who the host page's user is, if the session does not know it yet. */
  async introduce(): Promise<void> {
    const kept = this.session;
    if (kept === null || this.user === null || kept.user !== "") return;
    await this.issue(kept.notice, kept.token);
    if (this.session?.id !== kept.id) this.replaced();
  }

  async send(message: Outgoing): Promise<number> {
    const answer = await this.call("messages", { method: "POST", body: message });
    return ((await answer.json()) as { seq: number }).seq;
  }

  async page(after: number): Promise<Page> {
    return (await (await this.call(`messages?after=${after}&limit=100`)).json()) as Page;
  }

  stream(after: number, signal: AbortSignal): Promise<Response> {
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(after) };
    return this.call("events", { headers, signal });
  }

  async seen(seq: number): Promise<void> {
    await this.call("seen", { method: "POST", body: { seq } });
  }

  async upload(file: File): Promise<Attachment> {
    const body = new FormData();
    body.append("file", file);
    const answer = await this.call("uploads", { method: "POST", body, timeout: UPLOAD_TIMEOUT });
    return (await answer.json()) as Attachment;
  }

  async download(id: string): Promise<Blob> {
    const path = `attachments/${encodeURIComponent(id)}`;
    return (await this.call(path, { timeout: UPLOAD_TIMEOUT })).blob();
  }

  async rate(value: number, word: string): Promise<void> {
    await this.call("ratings", { method: "POST", body: word === "" ? { value } : { value, word } });
  }

  async transcript(): Promise<{ text: Blob; name: string }> {
    const answer = await this.call("transcript");
    const told = answer.headers.get("Content-Disposition") ?? "";
    const name = /filename="([^"]+)"/.exec(told)?.[1] ?? "percakapan-nindy.txt";
    return { text: await answer.blob(), name };
  }

  async forget(): Promise<void> {
    await this.call("sessions", { method: "DELETE" });
  }

  /** Use a token that the server sent along. */
  rotate(token: string): void {
    const kept = this.session;
    if (kept !== null) this.store.set(SESSION, { ...kept, token });
  }

  private async call(path: string, call: Call = {}): Promise<Response> {
    const used = this.session?.token ?? "";
    try {
      return await this.fetch(path, call, used);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "token") throw error;
      // Another tab may have a fresh token already; else one try to renew ours.
      if (this.session?.token === used) await this.renew();
      if (this.session === null) throw error;
      return this.fetch(path, call, this.session.token);
    }
  }

  private renew(): Promise<void> {
    const kept = this.session;
    if (kept === null) throw new Refused("token");
    this.renewing ??= this.issue(kept.notice, kept.token)
      .then(() => {
        if (this.session?.id !== kept.id) this.replaced();
      })
      .finally(() => (this.renewing = null));
    return this.renewing;
  }

  private async issue(notice: string, old: string | null): Promise<void> {
    let { user } = this;
    for (;;) {
      try {
        const body = user === null ? { notice } : { notice, user };
        const answer = await this.fetch("sessions", { method: "POST", body }, old ?? "");
        const made = (await answer.json()) as { session_id: string; token: string };
        const { session_id: id, token } = made;
        const session: Session = { id, token, notice, user: user?.id ?? "" };
        this.store.set(SESSION, session);
        return;
      } catch (error) {
        const code = error instanceof Refused ? error.code : "";
        if (code === "token" && old !== null) old = null;
        else if (code === "invalid" && user !== null) {
          // The host's proof is wrong, which is no fault of the visitor's.
          console.warn("nindy: data-user-hmac does not fit data-user-id");
          user = null;
        } else throw error;
      }
    }
  }

  private async fetch(path: string, call: Call, token = ""): Promise<Response> {
    const headers: Record<string, string> = { ...call.headers };
    if (token !== "") headers["Authorization"] = `Bearer ${token}`;
    const { body } = call;
    const form = body instanceof FormData;
    if (body !== undefined && !form) headers["Content-Type"] = "application/json";
    const stop = new AbortController();
    // A stream lives long; whoever asked for it ends it.
    const timer = call.signal ? 0 : setTimeout(() => stop.abort(), call.timeout ?? TIMEOUT);
    let answer: Response;
    try {
      answer = await fetch(this.base + path, {
        method: call.method ?? "GET",
        headers,
        body: body === undefined ? null : form ? body : JSON.stringify(body),
        signal: call.signal ?? stop.signal,
        credentials: "omit",
        cache: path === "config" ? "default" : "no-store",
      });
    } catch {
      throw new Refused("offline");
    } finally {
      clearTimeout(timer);
    }
    const fresh = answer.headers.get("X-Nindy-Token");
    if (fresh !== null) this.rotate(fresh);
    if (answer.ok) return answer;
    const wait = Number(answer.headers.get("Retry-After")) || 0;
    throw new Refused(await code(answer), wait);
  }
}

const CODES: Record<number, string> = { 401: "token", 403: "origin", 413: "large", 429: "busy" };

async function code(answer: Response): Promise<string> {
  try {
    const told = ((await answer.json()) as { error?: unknown }).error;
    if (typeof told === "string") return told;
  } catch {
    // A proxy's answer: its status has to do.
  }
  return CODES[answer.status] ?? (answer.status >= 500 ? "away" : "invalid");
}
