import { type DiffHunk, type DiffLine, type DiffSpan, type Lines, linesOf } from "./lines";

/** As much of a line as stands in one row. */
export interface Piece {
  line: DiffLine;
  /** The line's place in its hunk. */
  index: number;
  spans: readonly DiffSpan[];
  /** Where in the line it begins, and where it ends. */
  from: number;
  to: number;
  last: boolean;
}

/** What is drawn in one row: in `pair` the lines before and after stand side by side. */
export type DiffRow =
  | { type: "gap"; key: number; count: number }
  | { type: "head"; key: number; hunk: number }
  | { type: "line"; key: number; hunk: number; piece: Piece }
  | { type: "pair"; key: number; hunk: number; old: Piece | null; now: Piece | null };

/** One line under the other, or the two sides beside each other. */
export type DiffLayout = "unified" | "split";

/** A longer line goes on in further rows, so that no row is too heavy to draw. */
export const ROW_LENGTH = 1000;
export const TAB = 4;

/** A row before it is made: a gap of so many lines, a head, or the places in the hunk of what stands on its sides. */
type Kind = "gap" | "head" | "line" | "pair";
const NONE = -1;

/**
 * The rows of a change: its lines, and between them how many unchanged ones are left out. With heads, one a hunk.
 * A change may have 100,000 rows: where each begins is known at once, and a row is made when it is drawn.
 */
export class Rows {
  readonly #hunks: readonly DiffHunk[];
  readonly #kinds: Kind[] = [];
  /** The place of its hunk, of a gap how many lines. */
  readonly #of: number[] = [];
  /** The line on the old side, or the only one, and where in it the row begins; then those of the new side. */
  readonly #at: number[] = [];
  readonly #made = new Map<number, DiffRow>();

  constructor(hunks: readonly DiffHunk[], heads = false, layout: DiffLayout = "unified") {
    this.#hunks = hunks;
    // The last line on each side that was drawn or left out.
    let before = 0;
    let after = 0;
    for (const [place, hunk] of hunks.entries()) {
      const gap = hunk.old_lines > 0 ? hunk.old_start - before - 1 : hunk.new_start - after - 1;
      if (gap > 0) {
        this.#push("gap", gap);
        before += gap;
        after += gap;
      }
      if (heads) this.#push("head", place);
      before += hunk.old_lines;
      after += hunk.new_lines;
      const lines = linesOf(hunk);
      if (layout === "split") this.#pushPairs(place, lines);
      else this.#pushLines(place, lines);
    }
  }

  get length(): number {
    return this.#kinds.length;
  }

  /** The places of the rows. */
  places(): number[] {
    return Array.from(this.#kinds, (_, at) => at);
  }

  /** Where a hunk's head stands; -1 without one. */
  headOf(hunk: number): number {
    return this.#kinds.findIndex((kind, at) => kind === "head" && this.#hunks[this.#of[at] ?? NONE]?.number === hunk);
  }

  /** A row, by its place. */
  at(place: number): DiffRow {
    let row = this.#made.get(place);
    if (!row) {
      row = this.#make(place);
      this.#made.set(place, row);
    }
    return row;
  }

  #make(key: number): DiffRow {
    const kind = this.#kinds[key] ?? "gap";
    const of = this.#of[key] ?? 0;
    if (kind === "gap") return { type: "gap", key, count: of };
    const hunk = this.#hunks[of];
    if (!hunk) throw new RangeError(`there is no row ${key}`);
    if (kind === "head") return { type: "head", key, hunk: hunk.number };
    const lines = linesOf(hunk);
    const [old = NONE, oldFrom = 0, now = NONE, nowFrom = 0] = this.#at.slice(key * 4, key * 4 + 4);
    if (kind === "pair") {
      return { type: "pair", key, hunk: hunk.number, old: piece(lines, old, oldFrom), now: piece(lines, now, nowFrom) };
    }
    const only = piece(lines, old, oldFrom);
    if (!only) throw new RangeError(`row ${key} has no line`);
    return { type: "line", key, hunk: hunk.number, piece: only };
  }

  #push(kind: Kind, of: number, old = NONE, oldFrom = 0, now = NONE, nowFrom = 0): void {
    this.#kinds.push(kind);
    this.#of.push(of);
    this.#at.push(old, oldFrom, now, nowFrom);
  }

  #pushLines(place: number, lines: Lines): void {
    for (let line = 0; line < lines.length; line += 1) {
      for (const from of begins(lines, line)) this.#push("line", place, line, from);
    }
  }

  /** Removed lines stand beside the added ones that take their place; a context line stands on both sides. */
  #pushPairs(place: number, lines: Lines): void {
    let old: number[] = [];
    let now: number[] = [];
    const flush = (): void => {
      for (let at = 0; at < Math.max(old.length, now.length); at += 2) {
        this.#push("pair", place, old[at], old[at + 1], now[at], now[at + 1]);
      }
      old = [];
      now = [];
    };
    for (let line = 0; line < lines.length; line += 1) {
      const kind = lines.kind(line);
      // What follows added lines begins a new change.
      if (kind === "context" || (kind === "removed" && now.length > 0)) flush();
      for (const from of begins(lines, line)) {
        if (kind !== "added") old.push(line, from);
        if (kind !== "removed") now.push(line, from);
      }
      if (kind === "context") flush();
    }
    flush();
  }
}

const WHOLE = [0] as const;

/** Where in a line its rows begin. */
function begins(lines: Lines, line: number): readonly number[] {
  const width = lines.width(line);
  if (width <= ROW_LENGTH) return WHOLE;
  const text = lines.text(line);
  const found: number[] = [];
  for (let from = 0; from < width; from = end(text, from)) found.push(from);
  return found;
}

/** Where a row ends that begins at a place of a line: no character is cut in two. */
function end(text: string, from: number): number {
  const to = from + ROW_LENGTH;
  const code = text.charCodeAt(to - 1);
  return code >= 0xd800 && code <= 0xdbff ? to + 1 : to;
}

function piece(lines: Lines, index: number, from: number): Piece | null {
  if (index === NONE) return null;
  const width = lines.width(index);
  const to = width - from <= ROW_LENGTH ? width : Math.min(width, end(lines.text(index), from));
  return { line: lines.line(index), index, spans: lines.spans(index, from, to), from, to, last: to === width };
}

/** How many digits the highest line number has, at least two. */
export function digits(hunks: readonly DiffHunk[]): number {
  const last = hunks.at(-1);
  const highest = last ? Math.max(last.old_start + last.old_lines, last.new_start + last.new_lines) - 1 : 0;
  return Math.max(2, String(highest).length);
}
