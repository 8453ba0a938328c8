/** A stretch of a line; `changed` where it differs from the line that it replaces. */
interface DiffSpan {
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

/** What is drawn in one row. */
export type DiffRow =
  | { type: "gap"; key: string; count: number }
  | { type: "head"; key: string; hunk: number }
  | { type: "line"; key: string; line: DiffLine; spans: readonly DiffSpan[]; continued: boolean; last: boolean };

/** A longer line goes on in further rows, so that no row is too heavy to draw. */
export const ROW_LENGTH = 1000;
export const TAB = 4;

/** The rows of a change: its lines, and between them how many unchanged ones are left out. With heads, one a hunk. */
export function rowsOf(hunks: readonly DiffHunk[], heads = false): DiffRow[] {
  const rows: DiffRow[] = [];
  // The last line on each side that was drawn or left out.
  let before = 0;
  let after = 0;
  for (const hunk of hunks) {
    const gap = gapBefore(hunk, before, after);
    if (gap > 0) {
      rows.push({ type: "gap", key: `${hunk.number}-gap`, count: gap });
      before += gap;
      after += gap;
    }
    if (heads) rows.push({ type: "head", key: `${hunk.number}-head`, hunk: hunk.number });
    for (const [index, line] of hunk.lines.entries()) {
      before = line.old ?? before;
      after = line.new ?? after;
      const pieces = split(line.spans);
      for (const [piece, spans] of pieces.entries()) {
        rows.push({
          type: "line",
          key: `${hunk.number}-${index}-${piece}`,
          line,
          spans,
          continued: piece > 0,
          last: piece === pieces.length - 1,
        });
      }
    }
  }
  return rows;
}

function gapBefore(hunk: DiffHunk, before: number, after: number): number {
  const [first] = hunk.lines;
  if (first?.old !== undefined) return first.old - before - 1;
  if (first?.new !== undefined) return first.new - after - 1;
  return 0;
}

function split(spans: readonly DiffSpan[]): (readonly DiffSpan[])[] {
  const length = spans.reduce((sum, span) => sum + span.text.length, 0);
  if (length <= ROW_LENGTH) return [spans];
  const pieces: DiffSpan[][] = [];
  let piece: DiffSpan[] = [];
  let room = ROW_LENGTH;
  for (const span of spans) {
    let rest = span.text;
    while (rest !== "") {
      const text = head(rest, room);
      piece.push({ text, changed: span.changed });
      rest = rest.slice(text.length);
      room -= text.length;
      if (room <= 0) {
        pieces.push(piece);
        piece = [];
        room = ROW_LENGTH;
      }
    }
  }
  if (piece.length > 0) pieces.push(piece);
  return pieces;
}

/** The first `length` units of a text, or one more where that would cut a character in two. */
function head(text: string, length: number): string {
  const code = text.charCodeAt(length - 1);
  return text.slice(0, code >= 0xd800 && code <= 0xdbff ? length + 1 : length);
}

/** How many columns the widest row takes. */
export function columns(rows: readonly DiffRow[]): number {
  let widest = 0;
  for (const row of rows) {
    if (row.type === "line") widest = Math.max(widest, width(row.spans));
  }
  return widest;
}

function width(spans: readonly DiffSpan[]): number {
  let total = 0;
  for (const span of spans) {
    for (let at = 0; at < span.text.length; at += 1) {
      const code = span.text.charCodeAt(at);
      if (code === 9) total += TAB - (total % TAB);
      // Most of what is beyond here is drawn two columns wide; a little too much room does no harm.
      else total += code < 0x1100 ? 1 : 2;
    }
  }
  return total;
}
