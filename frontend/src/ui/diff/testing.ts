import type { DiffHunk, DiffSpan, LineKind } from "./lines";
import { type DiffLayout, type DiffRow, Rows } from "./rows";

/** A line of a change, by itself. */
export interface SingleLine {
  kind: LineKind;
  old?: number;
  new?: number;
  spans: readonly DiffSpan[];
  no_newline?: boolean;
}

/** A hunk as the engine tells it, from its lines one by one. */
export function pack(number: number, lines: readonly SingleLine[]): DiffHunk & { marks: Mark[]; no_newline: number[] } {
  const sides = {
    old: lines.filter((line) => line.kind !== "added"),
    new: lines.filter((line) => line.kind !== "removed"),
  };
  const hunk = {
    number,
    old_start: sides.old[0]?.old ?? 0,
    old_lines: sides.old.length,
    new_start: sides.new[0]?.new ?? 0,
    new_lines: sides.new.length,
    text: "",
    marks: [] as Mark[],
    no_newline: [] as number[],
  };
  for (const [place, line] of lines.entries()) {
    hunk.text += SIGNS[line.kind];
    let from = 0;
    for (const span of line.spans) {
      const to = from + span.text.length;
      if (span.changed && to > from) hunk.marks.push({ line: place, from, to });
      hunk.text += span.text;
      from = to;
    }
    hunk.text += "\n";
    if (line.no_newline) hunk.no_newline.push(place);
  }
  return hunk;
}

type Mark = NonNullable<DiffHunk["marks"]>[number];
const SIGNS = { context: " ", removed: "-", added: "+" } as const;

/** All rows of a change. */
export function rowsOf(hunks: readonly DiffHunk[], heads = false, layout: DiffLayout = "unified"): DiffRow[] {
  const rows = new Rows(hunks, heads, layout);
  return Array.from({ length: rows.length }, (_, place) => rows.at(place));
}
