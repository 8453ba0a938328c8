/** A stretch of a line; `changed` where it differs from the line that it replaces. */
export interface DiffSpan {
  text: string;
  changed: boolean;
}

/** Where a line differs from the other side, in UTF-16 units of the line. */
interface Mark {
  line: number;
  from: number;
  to: number;
}

/** Changed lines that stand together: one text, before each line its sign and after each a line feed. */
export interface DiffHunk {
  number: number;
  /** The first line before and after, from 1; of a side without lines the one before. */
  old_start: number;
  new_start: number;
  old_lines: number;
  new_lines: number;
  text: string;
  marks?: readonly Mark[];
  no_newline?: readonly number[];
}

export type LineKind = "context" | "removed" | "added";

const KINDS: Readonly<Record<string, LineKind>> = { " ": "context", "-": "removed", "+": "added" };

/** One line of a change, with its numbers before and after. */
export interface DiffLine {
  kind: LineKind;
  old?: number;
  new?: number;
  noNewline: boolean;
}

/** The lines of a hunk, by their places from 0: of 100,000 only what is asked for is made. */
export class Lines {
  readonly length: number;
  /** The width of the widest line, in UTF-16 units. */
  readonly widest: number;
  readonly #hunk: DiffHunk;
  readonly #text: string;
  /**
   * Three numbers a line: where it begins in the text, at its sign, and how many lines of the hunk stand before it on
   * the old side and on the new one. After the last line where a further one would begin.
   */
  readonly #places: Uint32Array;
  #marks: Map<number, Mark[]> | null = null;

  constructor(hunk: DiffHunk) {
    this.#hunk = hunk;
    this.#text = hunk.text;
    const text = hunk.text;
    const most = hunk.old_lines + hunk.new_lines;
    const places = new Uint32Array(3 * most + 1);
    let count = 0;
    let olds = 0;
    let news = 0;
    let widest = 0;
    for (let at = 0; at < text.length && count < most; count += 1) {
      places[3 * count + 1] = olds;
      places[3 * count + 2] = news;
      const sign = text[at];
      if (sign !== "+") olds += 1;
      if (sign !== "-") news += 1;
      const end = text.indexOf("\n", at);
      const next = (end === -1 ? text.length : end) + 1;
      widest = Math.max(widest, next - at - 2);
      at = next;
      places[3 * count + 3] = at;
    }
    this.#places = places;
    this.length = count;
    this.widest = widest;
  }

  kind(at: number): LineKind {
    return KINDS[this.#text[this.#start(at)] ?? " "] ?? "context";
  }

  /** In UTF-16 units. */
  width(at: number): number {
    return this.#start(at + 1) - this.#start(at) - 2;
  }

  text(at: number): string {
    return this.#text.slice(this.#start(at) + 1, this.#start(at + 1) - 1);
  }

  line(at: number): DiffLine {
    const { old_start, new_start, no_newline } = this.#hunk;
    const kind = this.kind(at);
    const line: DiffLine = { kind, noNewline: no_newline?.includes(at) ?? false };
    if (kind !== "added") line.old = old_start + (this.#places[3 * at + 1] ?? 0);
    if (kind !== "removed") line.new = new_start + (this.#places[3 * at + 2] ?? 0);
    return line;
  }

  /** The stretches of a line between two places in it. */
  spans(at: number, from = 0, to = this.width(at)): DiffSpan[] {
    const text = this.text(at);
    const spans: DiffSpan[] = [];
    let done = from;
    const upTo = (end: number, changed: boolean): void => {
      const stop = Math.min(end, to);
      if (stop <= done) return;
      spans.push({ text: text.slice(done, stop), changed });
      done = stop;
    };
    for (const mark of this.#marksOf(at)) {
      upTo(mark.from, false);
      upTo(mark.to, true);
    }
    upTo(to, false);
    return spans;
  }

  #start(at: number): number {
    return this.#places[3 * at] ?? 0;
  }

  #marksOf(at: number): readonly Mark[] {
    if (!this.#hunk.marks) return [];
    if (!this.#marks) {
      this.#marks = new Map();
      for (const mark of this.#hunk.marks) {
        const there = this.#marks.get(mark.line);
        if (there) there.push(mark);
        else this.#marks.set(mark.line, [mark]);
      }
    }
    return this.#marks.get(at) ?? [];
  }
}

const KNOWN = new WeakMap<DiffHunk, Lines>();

/** The lines of a hunk, which are looked for once. */
export function linesOf(hunk: DiffHunk): Lines {
  let lines = KNOWN.get(hunk);
  if (!lines) {
    lines = new Lines(hunk);
    KNOWN.set(hunk, lines);
  }
  return lines;
}
