/** A stretch of a line; `changed` where it differs from the line that it replaces. */
export interface DiffSpan {
  text: string;
  changed: boolean;
}

/** One line of a change, with its numbers before and after. */
export interface DiffLine {
  kind: "context" | "removed" | "added";
  old?: number;
  new?: number;
  spans: readonly DiffSpan[];
  no_newline?: boolean;
}

export interface DiffHunk {
  number: number;
  lines: readonly DiffLine[];
}

/** As much of a line as stands in one row. */
export interface Piece {
  line: DiffLine;
  /** The line's place in its hunk. */
  index: number;
  spans: readonly DiffSpan[];
  /** Where in the line it begins. */
  from: number;
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

/**
 * The rows of a change: its lines, and between them how many unchanged ones are left out. With heads, one a hunk.
 * A change may have 100,000 rows, so each is little: its place is its key.
 */
export function rowsOf(hunks: readonly DiffHunk[], heads = false, layout: DiffLayout = "unified"): DiffRow[] {
  const rows: DiffRow[] = [];
  // The last line on each side that was drawn or left out.
  let before = 0;
  let after = 0;
  for (const hunk of hunks) {
    const gap = gapBefore(hunk, before, after);
    if (gap > 0) {
      rows.push({ type: "gap", key: rows.length, count: gap });
      before += gap;
      after += gap;
    }
    if (heads) rows.push({ type: "head", key: rows.length, hunk: hunk.number });
    for (const line of hunk.lines) {
      before = line.old ?? before;
      after = line.new ?? after;
    }
    if (layout === "split") pushPairs(rows, hunk);
    else pushLines(rows, hunk);
  }
  return rows;
}

function pushLines(rows: DiffRow[], hunk: DiffHunk): void {
  let index = 0;
  for (const line of hunk.lines) {
    for (const piece of split(line, index)) rows.push({ type: "line", key: rows.length, hunk: hunk.number, piece });
    index += 1;
  }
}

/** Removed lines stand beside the added ones that take their place; a context line stands on both sides. */
function pushPairs(rows: DiffRow[], hunk: DiffHunk): void {
  let old: Piece[] = [];
  let now: Piece[] = [];
  const flush = (): void => {
    for (let at = 0; at < Math.max(old.length, now.length); at += 1) {
      rows.push({ type: "pair", key: rows.length, hunk: hunk.number, old: old[at] ?? null, now: now[at] ?? null });
    }
    old = [];
    now = [];
  };
  for (const [index, line] of hunk.lines.entries()) {
    // What follows added lines begins a new change.
    if (line.kind === "context" || (line.kind === "removed" && now.length > 0)) flush();
    if (line.kind !== "added") old.push(...split(line, index));
    if (line.kind !== "removed") now.push(...split(line, index));
    if (line.kind === "context") flush();
  }
  flush();
}

function gapBefore(hunk: DiffHunk, before: number, after: number): number {
  const [first] = hunk.lines;
  if (first?.old !== undefined) return first.old - before - 1;
  if (first?.new !== undefined) return first.new - after - 1;
  return 0;
}

function split(line: DiffLine, index: number): Piece[] {
  const { spans } = line;
  let length = 0;
  for (const span of spans) length += span.text.length;
  if (length <= ROW_LENGTH) return [{ line, index, spans, from: 0, last: true }];
  const pieces: Piece[] = [];
  let piece: DiffSpan[] = [];
  let room = ROW_LENGTH;
  let from = 0;
  let at = 0;
  const close = (): void => {
    if (piece.length > 0) pieces.push({ line, index, spans: piece, from, last: false });
    piece = [];
    room = ROW_LENGTH;
    from = at;
  };
  for (const span of spans) {
    let rest = span.text;
    while (rest !== "") {
      const text = head(rest, room);
      piece.push({ text, changed: span.changed });
      rest = rest.slice(text.length);
      room -= text.length;
      at += text.length;
      if (room <= 0) close();
    }
  }
  close();
  const end = pieces.at(-1);
  if (end) end.last = true;
  return pieces;
}

/** The first `length` units of a text, or one more where that would cut a character in two. */
function head(text: string, length: number): string {
  const code = text.charCodeAt(length - 1);
  return text.slice(0, code >= 0xd800 && code <= 0xdbff ? length + 1 : length);
}

/** How many digits the highest line number has, at least two. */
export function digits(hunks: readonly DiffHunk[]): number {
  let highest = 0;
  for (const line of hunks.at(-1)?.lines ?? []) highest = Math.max(highest, line.old ?? 0, line.new ?? 0);
  return Math.max(2, String(highest).length);
}
