import { type DiffHunk, linesOf } from "../../ui/diff/lines";

/** What a part of a change is called: its place, where it stands in the file, and how much it changes. */
export function partWords(hunk: DiffHunk, place: number, of: number): string {
  let added = 0;
  let removed = 0;
  let first = 0;
  let last = 0;
  const lines = linesOf(hunk);
  for (let place = 0; place < lines.length; place += 1) {
    const line = lines.line(place);
    if (line.kind === "context") continue;
    if (line.kind === "added") added += 1;
    else removed += 1;
    const at = line.new ?? line.old ?? 0;
    if (first === 0) first = at;
    last = Math.max(last, at);
  }
  const where = first === last ? `line ${first}` : `lines ${first}–${last}`;
  return `Part ${place} of ${of}, ${where}: +${added} −${removed}`;
}
