/** The little Markdown that messages may hold: bold, lists and links. Everything else is text. */

import { el } from "./dom";

const SCHEMES = new Set(["https:", "tel:", "mailto:"]);
const BULLET = /^\s*[-•*]\s+(.*)$/;
const NUMBER = /^\s*(\d{1,3})[.)]\s+(.*)$/;
// In turn: [words](link) · a bare https link · an e-mail address · *bold* or **bold**.
const INLINE = new RegExp(
  [
    String.raw`\[([^\]\n]{1,200})\]\(((?:https:\/\/|tel:|mailto:)[^\s()]{1,500})\)`,
    String.raw`(https:\/\/[^\s<>"']{1,500})`,
    String.raw`([A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5})`,
    String.raw`(^|[^\w*])(\*\*?)(\S|\S[^*\n]{0,500}?\S)\6(?![\w*])`,
  ].join("|"),
  "g",
);

/** The nodes of a message. */
export function nodes(text: string): DocumentFragment {
  const made = document.createDocumentFragment();
  let list: HTMLUListElement | HTMLOListElement | null = null;
  let lines: string[] = [];
  const close = (): void => {
    const words = lines.join("\n").replace(/^\n+|\n+$/g, "");
    if (words !== "") made.append(el("p", {}, inline(words)));
    lines = [];
  };
  for (const line of text.split("\n")) {
    const bullet = BULLET.exec(line);
    const number = NUMBER.exec(line);
    const tag = bullet ? "ul" : number ? "ol" : null;
    if (tag === null) {
      if (line.trim() !== "" || lines.length > 0) list = null;
      lines.push(line);
      continue;
    }
    close();
    if (list === null || list.localName !== tag) {
      list = el(tag);
      made.append(list);
    }
    const item = el("li", { value: number?.[1] }, inline((bullet?.[1] ?? number?.[2]) as string));
    list.append(item);
  }
  close();
  return made;
}

function inline(text: string): DocumentFragment {
  const made = document.createDocumentFragment();
  let done = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, words, target, bare, address, before, , bold] = found;
    let start = found.index ?? 0;
    let length = whole.length;
    let node: Node | null = null;
    if (words !== undefined && target !== undefined) node = link(target, words);
    else if (bare !== undefined) {
      const clean = bare.replace(/[.,;:!?)*\]]+$/, "");
      length = clean.length;
      node = link(clean, clean);
    } else if (address !== undefined) node = link(`mailto:${address}`, address);
    else if (bold !== undefined) {
      start += before?.length ?? 0;
      length -= before?.length ?? 0;
      node = el("strong", {}, inline(bold));
    }
    if (node === null) continue;
    made.append(text.slice(done, start), node);
    done = start + length;
  }
  made.append(text.slice(done));
  return made;
}

function link(target: string, words: string): Node | null {
  let address: URL;
  try {
    address = new URL(target);
  } catch {
    return null;
  }
  if (!SCHEMES.has(address.protocol)) return null;
  const rel = "noopener noreferrer nofollow";
  const blank = address.protocol === "https:";
  return el("a", { href: address.href, rel, target: blank && "_blank" }, words);
}
