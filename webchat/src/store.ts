/** What the browser keeps: in its storage, or in memory where that is forbidden. */

import { storeName } from "./shell";

export class Store {
  private readonly storage: Storage | null;
  private readonly memory = new Map<string, string>();

  constructor(
    private readonly kind: "local" | "session",
    private readonly base: string,
  ) {
    this.storage = open(kind, storeName(base, "probe"));
  }

  get<T>(key: string): T | null {
    const name = storeName(this.base, key);
    const text = this.memory.get(name) ?? this.storage?.getItem(name) ?? null;
    if (text === null) return null;
    try {
      return JSON.parse(text) as T;
    } catch {
      return null;
    }
  }

  set(key: string, value: unknown): void {
    const name = storeName(this.base, key);
    const text = JSON.stringify(value);
    try {
      if (this.storage === null) throw new Error("no storage");
      this.storage.setItem(name, text);
      this.memory.delete(name);
    } catch {
      // Forbidden or full: it lives as long as the page.
      this.memory.set(name, text);
    }
  }

  remove(key: string): void {
    this.storage?.removeItem(storeName(this.base, key));
    this.memory.delete(storeName(this.base, key));
  }

  /** The keys with this beginning, in order. */
  keys(beginning: string): string[] {
    const names = new Set([...this.memory.keys(), ...Object.keys(this.storage ?? {})]);
    const prefix = storeName(this.base, "");
    return [...names]
      .filter((name) => name.startsWith(prefix + beginning))
      .map((name) => name.slice(prefix.length))
      .sort();
  }

  /** Tell when another tab changes something. */
  watch(changed: (key: string) => void): void {
    if (this.kind === "session") return;
    const prefix = storeName(this.base, "");
    addEventListener("storage", (event) => {
      // Without a key: everything was cleared.
      if (event.key === null) changed("session");
      else if (event.key.startsWith(prefix)) changed(event.key.slice(prefix.length));
    });
  }
}

function open(kind: "local" | "session", probe: string): Storage | null {
  try {
    const storage = kind === "session" ? sessionStorage : localStorage;
    storage.setItem(probe, "1");
    storage.removeItem(probe);
    return storage;
  } catch {
    return null;
  }
}
