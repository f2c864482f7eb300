/** What the launcher hands to the chat when it is loaded. */

export interface User {
  id: string;
  name: string;
  /** Made by the host's server over the id; ours checks it. */
  hmac: string;
}

/** The attributes of the script tag. */
export interface Options {
  greeting: string;
  storage: "local" | "session";
  user: User | null;
}

export interface Shell {
  root: ShadowRoot;
  /** The launcher's button: hidden while the chat is open. */
  button: HTMLButtonElement;
  /** Where the web chat lives, with a slash at the end. */
  base: string;
  options: Options;
  /** Add a style sheet in a way that a strict policy of the host allows. */
  style(text: string): void;
  /** Show how many messages wait, with the words that say so. */
  badge(count: number, label: string): void;
}

export interface Chat {
  open(): void;
}

/** Under this name (and the base) a session is kept; the launcher looks whether there is one. */
export const SESSION = "session";

export function storeName(base: string, key: string): string {
  return `nindy:${base}:${key}`;
}
