/** The widget's sentences, as the server's data has them. */

export class Words {
  constructor(private readonly texts: Record<string, string>) {}

  /** A sentence with its values filled in. */
  say(key: string, values: Record<string, string | number> = {}): string {
    const text = this.texts[key] ?? "";
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  }

  /** The sentence for an error's code. */
  fault(code: string, values: Record<string, string | number> = {}): string {
    return this.say(`error_${code}`, values) || this.say("error_unknown");
  }
}

/** Bytes as people write them. */
export function size(bytes: number): string {
  const large = bytes >= 1024 ** 2;
  const number = large ? bytes / 1024 ** 2 : Math.max(1, bytes / 1024);
  const digits = large && number < 10 ? 1 : 0;
  const written = new Intl.NumberFormat("id-ID", { maximumFractionDigits: digits }).format(number);
  return `${written} ${large ? "MB" : "KB"}`;
}

/** The time of day, as Indonesians write it: 14.05. */
export function time(moment: Date): string {
  return moment.toLocaleTimeString("id-ID", { hour: "2-digit", minute: "2-digit" });
}

/** The day of a separator: today, yesterday or its date. */
export function day(moment: Date, now: Date, words: Words): string {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const passed = Math.ceil((midnight.getTime() - moment.getTime()) / 86_400_000);
  if (passed <= 0) return words.say("today");
  if (passed === 1) return words.say("yesterday");
  return moment.toLocaleDateString("id-ID", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
  });
}
