import type { FileMark } from "../../state/filemarks";
import { plural } from "../../ui/text";

/** What the agent did there, in words. */
export function markWords(mark: FileMark): string {
  const lines = mark.to - mark.from + 1;
  const by = "by the agent in this session";
  if (mark.kind === "removed") return `${plural(mark.removed, "line")} removed ${by}`;
  return `${plural(lines, "line")} ${mark.kind} ${by}`;
}

/** Which of the marks it is, and where: `2 of 3, line 14: 2 lines changed …`. */
export function placeWords(marks: readonly FileMark[], at: number): string {
  const mark = marks[at];
  return mark ? `Change ${at + 1} of ${marks.length}, line ${mark.from}: ${markWords(mark)}` : "";
}
