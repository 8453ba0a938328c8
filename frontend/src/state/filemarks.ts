import type { Diff } from "../protocol/Diff";

/** Lines of a file that differ from what they were. */
export interface FileMark {
  kind: "added" | "changed" | "removed";
  /** The first line, from 1. Of what was removed the one that stands there now; one past the last at the end. */
  from: number;
  /** The last line; `from - 1` where lines were only removed. */
  to: number;
  /** How many lines were taken out. */
  removed: number;
}

/** Where a text differs from what it was, in order: lines that changed side by side are one mark. */
export function marksOf(diff: Diff): FileMark[] {
  const marks: FileMark[] = [];
  for (const hunk of diff.hunks) {
    // A hunk that leaves nothing names the line before it.
    let next = hunk.new_lines === 0 ? hunk.new_start + 1 : hunk.new_start;
    let added = 0;
    let removed = 0;
    const end = (): void => {
      if (added + removed > 0) {
        const kind = removed === 0 ? "added" : added === 0 ? "removed" : "changed";
        marks.push({ kind, from: next - added, to: next - 1, removed });
      }
      added = 0;
      removed = 0;
    };
    for (const line of hunk.text.split("\n")) {
      const sign = line[0];
      if (sign === "-") removed += 1;
      else if (sign === "+") {
        added += 1;
        next += 1;
      } else if (sign === " ") {
        end();
        next += 1;
      }
    }
    end();
  }
  return marks;
}

/** The mark that a line shows, found by halving: files are long. Where lines were removed, the line after shows it. */
export function markAt(marks: readonly FileMark[], line: number): FileMark | null {
  let low = 0;
  let high = marks.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const mark = marks[middle];
    if (!mark) return null;
    if (line < mark.from) high = middle - 1;
    else if (line > Math.max(mark.from, mark.to)) low = middle + 1;
    else return mark;
  }
  return null;
}

/** The place of the next mark after a line (`by` 1) or the one before it (-1), around the ends; -1 without any. */
export function markFrom(marks: readonly FileMark[], line: number, by: 1 | -1): number {
  if (marks.length === 0) return -1;
  if (by === 1) {
    const after = marks.findIndex((mark) => mark.from > line);
    return after === -1 ? 0 : after;
  }
  const before = marks.findLastIndex((mark) => mark.from < line);
  return before === -1 ? marks.length - 1 : before;
}
