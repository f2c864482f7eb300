/** The host's colour, with the ink that can be read on it. */

export interface Ground {
  ground: string;
  ink: string;
}

/**
 * Read `#rgb` or `#rrggbb`; null for anything else.
 *
 * Of black and white one always reaches 4.5:1 (WCAG 2.2, 1.4.3), whatever the ground.
 */
export function readable(text: string): Ground | null {
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text.trim());
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text.trim());
  const parts = (short ?? long)?.slice(1).map((part) => parseInt(part.repeat(short ? 2 : 1), 16));
  if (parts === undefined) return null;
  const [red = 0, green = 0, blue = 0] = parts.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const white = 1.05 / (light + 0.05);
  return { ground: text.trim(), ink: white >= 4.5 ? "#ffffff" : "#000000" };
}
