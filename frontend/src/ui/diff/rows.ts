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

/** The rows of one hunk, with the gap and the head above its lines. */
interface Block {
  hunk: DiffHunk;
  lines: Lines;
  /** The place of its first row. */
  first: number;
  /** How many unchanged lines are left out above it. */
  gap: number;
  /** How many rows stand above those of its lines. */
  above: number;
  /**
   * Four numbers a row: the line on the old side, or the only one, and where in it the row begins; then those of the new
   * side. Null where each line is one row.
   */
  table: readonly number[] | null;
}

const NONE = -1;

/**
 * The rows of a change: its lines, and between them how many unchanged ones are left out. With heads, one a hunk.
 * A change may have 100,000 rows: where each stands is known at once, and a row is made when it is drawn.
 */
export class Rows {
  readonly length: number;
  readonly #layout: DiffLayout;
  readonly #blocks: Block[] = [];
  readonly #made = new Map<number, DiffRow>();

  constructor(hunks: readonly DiffHunk[], heads = false, layout: DiffLayout = "unified") {
    this.#layout = layout;
    // The last line on each side that was drawn or left out.
    let before = 0;
    let after = 0;
    let first = 0;
    for (const hunk of hunks) {
      const gap = hunk.old_lines > 0 ? hunk.old_start - before - 1 : hunk.new_start - after - 1;
      const shown = Math.max(0, gap);
      before += shown + hunk.old_lines;
      after += shown + hunk.new_lines;
      const lines = linesOf(hunk);
      const above = (gap > 0 ? 1 : 0) + (heads ? 1 : 0);
      const table = layout === "split" ? pairsOf(lines) : lines.widest > ROW_LENGTH ? piecesOf(lines) : null;
      this.#blocks.push({ hunk, lines, first, gap: shown, above, table });
      first += above + (table === null ? lines.length : table.length / 4);
    }
    this.length = first;
  }

  /** Where a hunk's head stands; -1 without one. */
  headOf(hunk: number): number {
    const block = this.#blocks.find((one) => one.hunk.number === hunk);
    if (!block || block.above === (block.gap > 0 ? 1 : 0)) return -1;
    return block.first + block.above - 1;
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
    const { hunk, lines, first, gap, above, table } = this.#blockOf(key);
    const at = key - first - above;
    if (at < 0)
      return gap > 0 && key === first ? { type: "gap", key, count: gap } : { type: "head", key, hunk: hunk.number };
    const [old = NONE, oldFrom = 0, now = NONE, nowFrom = 0] = table === null ? [at] : table.slice(at * 4, at * 4 + 4);
    if (this.#layout === "split") {
      return { type: "pair", key, hunk: hunk.number, old: piece(lines, old, oldFrom), now: piece(lines, now, nowFrom) };
    }
    const only = piece(lines, old, oldFrom);
    if (!only) throw new RangeError(`row ${key} has no line`);
    return { type: "line", key, hunk: hunk.number, piece: only };
  }

  /** The block that a row is in, found by halving. */
  #blockOf(place: number): Block {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#blocks[middle]?.first ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    const block = this.#blocks[low];
    if (!block) throw new RangeError("there are no rows");
    return block;
  }
}

/** The rows of lines that are too wide for one. */
function piecesOf(lines: Lines): number[] {
  const table: number[] = [];
  for (let line = 0; line < lines.length; line += 1) {
    for (const from of begins(lines, line)) table.push(line, from, NONE, 0);
  }
  return table;
}

/** Removed lines stand beside the added ones that take their place; a context line stands on both sides. */
function pairsOf(lines: Lines): number[] {
  const table: number[] = [];
  let old: number[] = [];
  let now: number[] = [];
  const flush = (): void => {
    for (let at = 0; at < Math.max(old.length, now.length); at += 2) {
      table.push(old[at] ?? NONE, old[at + 1] ?? 0, now[at] ?? NONE, now[at + 1] ?? 0);
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
  return table;
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
