import type { Diff } from "../protocol/Diff";
import type { Hunk } from "../protocol/Hunk";
import type { Mark } from "../protocol/Mark";

/** A line by itself; every other one of its parts differs from the other side, from the second on. */
export interface DemoLine {
  kind: keyof typeof SIGNS;
  old?: number;
  new?: number;
  parts: readonly string[];
}

const SIGNS = { context: " ", removed: "-", added: "+" } as const;

const CONTEXT = 2;

/** A change of two texts in one hunk: a stand-in for the guard's. */
export function demoDiff(before: string, after: string): Diff {
  const old = linesOf(before);
  const now = linesOf(after);
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  if (head === old.length && head === now.length) return { hunks: [], added: 0, removed: 0 };
  const from = Math.max(0, head - CONTEXT);
  const shift = now.length - old.length;
  const lines: DemoLine[] = [];
  const context = (at: number, by: number): void => {
    lines.push({ kind: "context", old: at + 1, new: at + 1 + by, parts: [old[at] ?? ""] });
  };
  for (let at = from; at < head; at += 1) context(at, 0);
  const alike = old.length - tail - head === now.length - tail - head;
  for (let at = head; at < old.length - tail; at += 1) {
    lines.push({ kind: "removed", old: at + 1, parts: partsOf(old[at] ?? "", alike ? (now[at] ?? "") : null) });
  }
  for (let at = head; at < now.length - tail; at += 1) {
    lines.push({ kind: "added", new: at + 1, parts: partsOf(now[at] ?? "", alike ? (old[at] ?? "") : null) });
  }
  for (let at = old.length - tail; at < Math.min(old.length, old.length - tail + CONTEXT); at += 1) context(at, shift);
  return diffOf([lines]);
}

/** Hunks of these lines. */
export function diffOf(hunks: readonly DemoLine[][]): Diff {
  const count = (kind: DemoLine["kind"]): number => hunks.flat().filter((line) => line.kind === kind).length;
  return {
    hunks: hunks.map((lines, at) => hunkOf(at + 1, lines)),
    added: count("added"),
    removed: count("removed"),
  };
}

function hunkOf(number: number, lines: readonly DemoLine[]): Hunk {
  const old = lines.flatMap((line) => line.old ?? []);
  const now = lines.flatMap((line) => line.new ?? []);
  return {
    number,
    old_start: old[0] ?? 0,
    old_lines: old.length,
    new_start: now[0] ?? 0,
    new_lines: now.length,
    text: lines.map((line) => `${SIGNS[line.kind]}${line.parts.join("")}\n`).join(""),
    marks: lines.flatMap((line, at) => marksOf(at, line.parts)),
  };
}

function marksOf(line: number, parts: readonly string[]): Mark[] {
  let at = 0;
  return parts.flatMap((part, place) => {
    const from = at;
    at += part.length;
    return place % 2 === 1 && part !== "" ? [{ line, from, to: at }] : [];
  });
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** The line, in parts where it differs from the other side's. */
function partsOf(line: string, other: string | null): string[] {
  if (other === null) return [line];
  let head = 0;
  while (head < line.length && line[head] === other[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(line.length, other.length) - head && line.at(-1 - tail) === other.at(-1 - tail)) tail += 1;
  return [line.slice(0, head), line.slice(head, line.length - tail), line.slice(line.length - tail)];
}
