/** Making elements. Text is always text: nothing here, nor anywhere, parses HTML. */

const SVG = "http://www.w3.org/2000/svg";

type Attributes = Record<string, string | number | boolean | undefined>;

/** Make an element; `true` sets an attribute without value, `false` and undefined leave it out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** Make a button that does something. */
export function button(
  words: string | Node,
  press: () => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, words);
  made.onclick = press;
  return made;
}

const ICONS = {
  attach: "M8 12.5 14.5 6a3.2 3.2 0 0 1 4.5 4.5l-8 8a5 5 0 0 1-7-7L11.5 4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  checks: "M2 12.5l4.5 4.5L16 7.5M11 16l1 1L22 7.5",
  clock: "M12 3a9 9 0 1 0 .01 0M12 7v5l3.5 2",
  close: "M6 6l12 12M18 6L6 18",
  down: "M12 5v14M6 13l6 6 6-6",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  fault: "M12 3a9 9 0 1 0 .01 0M12 7v6M12 16.5v.01",
  fold: "M6 9l6 6 6-6",
  more: "M12 5v.01M12 12v.01M12 19v.01",
  send: "M5 12h14M13 6l6 6-6 6",
} as const;

export type Icon = keyof typeof ICONS;

/** Make a drawing that screen readers pass over. */
export function icon(name: Icon): SVGSVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

/** Make text that only screen readers meet. */
export function unseen(text: string): HTMLSpanElement {
  return el("span", { class: "unseen" }, text);
}

/** Hand bytes to the person as a file. */
export function save(bytes: Blob, name: string): void {
  const address = URL.createObjectURL(bytes);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
