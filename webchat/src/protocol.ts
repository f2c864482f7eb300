/** The shapes that the server speaks (docs/webchat.md). */

export interface Choice {
  id: string;
  title: string;
  description?: string;
}

export interface Attachment {
  id: string;
  name: string;
  type: string;
  /** Bytes. */
  size: number;
}

export interface Message {
  /** Place in the conversation; grows, never skipped by a reader. */
  seq: number;
  /** Made by whoever sent it. */
  id: string;
  at: string;
  from: "user" | "nindy" | "agent";
  /** The agent's name, or empty. */
  name: string;
  text: string;
  choices: Choice[];
  /** The word above the choices. */
  menu: string;
  attachments: Attachment[];
}

export interface State {
  /** Up to here our messages were shown to the visitor, in whatever tab. */
  seq_read: number;
  held: boolean;
  agent: string;
  typing: "nindy" | "agent" | "";
  /** Whether agents are at work now. */
  open: boolean;
}

export interface Page {
  messages: Message[];
  next: number;
  state: State;
}

export interface Channel {
  name: string;
  text: string;
  url?: string;
}

export interface Config {
  words: Record<string, string>;
  notice: { version: string; text: string };
  hours: { open: boolean; text: string };
  channels: Channel[];
  limits: { text: number; file_bytes: number; files: number; types: string[] };
}

/** What the visitor sends; kept until the server has it. */
export interface Outgoing {
  id: string;
  text?: string;
  payload?: string;
  attachments?: string[];
}
