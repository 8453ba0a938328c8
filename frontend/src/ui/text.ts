/** Characters that change how a text reads without being seen, from what a model or a program wrote. */
const UNSEEN =
  /[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** The text with every unseen character as a visible mark, such as `‹U+202E›`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (char) => {
    const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `‹U+${code}›`;
  });
}

/** The text with a capital letter first, for words that came as part of a sentence. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The same with its full stop, where it has none. */
export function whole(text: string): string {
  return /[.!?]$/.test(text) ? sentence(text) : `${sentence(text)}.`;
}

/** The name of a model as it is shown. It is empty where a local server's first model is used. */
export function modelName(name: string): string {
  return name === "" ? "the server's first model" : visible(name);
}

/** `1.8 s`, `12 ms`, `3 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const total = Math.round(ms / 1000);
  return `${Math.floor(total / 60)} min ${total % 60} s`;
}

/** `940`, `18.2k`, `1.4M`. */
export function count(n: number): string {
  if (n < 1000) return String(n);
  if (n < 999_950) return `${(n / 1000).toFixed(1)}k`;
  return `${(n / 1_000_000).toFixed(1)}M`;
}

/** `812 bytes`, `1.2 KB`, `3.4 MB`, `2 GB`. */
export function bytes(n: number): string {
  if (n < 1000) return n === 1 ? "1 byte" : `${n} bytes`;
  if (n < 999_950) return `${(n / 1000).toFixed(1)} KB`;
  if (n < 999_950_000) return `${(n / 1_000_000).toFixed(1)} MB`;
  const gigabytes = (n / 1_000_000_000).toFixed(1);
  return `${gigabytes.endsWith(".0") ? gigabytes.slice(0, -2) : gigabytes} GB`;
}

/** `12,345`. */
export function grouped(n: number): string {
  // The first number that is grouped costs a window that starts some 20 ms; one this small is written as it is.
  return Math.abs(n) < 1000 ? String(n) : n.toLocaleString("en");
}

/** `1 line`, `3 lines`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`;
}
