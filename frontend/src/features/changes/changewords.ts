import type { ChangeKind } from "../../protocol/ChangeKind";
import type { ChangeScope } from "../../protocol/ChangeScope";
import type { FileChanges } from "../../protocol/FileChanges";
import type { SessionFold, ToolItem } from "../../state/items";
import { plural, visible } from "../../ui/text";

/** A kind of change: a letter for the list, and the word for it. */
export const KINDS: Record<ChangeKind, { letter: string; word: string }> = {
  created: { letter: "A", word: "new" },
  modified: { letter: "M", word: "changed" },
  deleted: { letter: "D", word: "deleted" },
  mode: { letter: "P", word: "permissions" },
  kind: { letter: "T", word: "another kind" },
};

/** How many calls are named before the rest is counted. */
const NAMED = 2;

/** Which calls changed the file, and in which turns. */
export function byWords(file: FileChanges, view: SessionFold): string {
  const names = [...new Set(file.calls.map((call) => callWords(call, view)))];
  const rest = names.length - NAMED;
  const by = names.slice(0, NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  return `${by} · ${turnsWords(file.turns)}`;
}

function callWords(call: string, view: SessionFold): string {
  if (call.startsWith("revert_")) return "you, taking back";
  const item = view.items[view.calls.get(call) ?? -1];
  if (item?.kind !== "tool") return "a call";
  return item.tool === "exec" ? commandOf(item) : visible(item.tool);
}

function commandOf(item: ToolItem): string {
  const { args } = item;
  const command = typeof args === "object" && args !== null && "command" in args ? args.command : "";
  const line = typeof command === "string" ? visible(command.split("\n", 1)[0] ?? "") : "";
  if (line === "") return "a command";
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

function turnsWords(turns: readonly number[]): string {
  const [first, second, ...more] = turns;
  if (first === undefined) return "outside a turn";
  if (second === undefined) return `turn ${first}`;
  return more.length === 0
    ? `turns ${first} and ${second}`
    : `turns ${turns.slice(0, -1).join(", ")} and ${turns.at(-1)}`;
}

export interface TurnChoice {
  turn: number;
  words: string;
}

/** The turns that changed anything, with what the person asked for in them. */
export function turnChoices(files: readonly FileChanges[], view: SessionFold): TurnChoice[] {
  const turns = [...new Set(files.flatMap((file) => file.turns))].sort((one, other) => one - other);
  const said = new Map<number, string>();
  for (const item of view.items) {
    if (item.kind === "user" && item.turn > 0) said.set(item.turn, visible(item.text.trim().split("\n", 1)[0] ?? ""));
  }
  return turns.map((turn) => {
    const words = said.get(turn) ?? "";
    const short = words.length > 60 ? `${words.slice(0, 59)}…` : words;
    return { turn, words: short === "" ? `Turn ${turn}` : `Turn ${turn}: ${short}` };
  });
}

/** The files of a turn, or of all (0). */
export function filesOf(files: readonly FileChanges[], turn: number): FileChanges[] {
  return files.filter((file) => turn === 0 || file.turns.includes(turn));
}

export function fileScope(file: FileChanges, turn: number): ChangeScope {
  return turn === 0 ? { scope: "file", path: file.path } : { scope: "file", path: file.path, turn };
}

/** What taking all of them back will do, a sentence each. */
export function forecast(files: readonly FileChanges[], turn: number): string[] {
  const kept = files.filter((file) => file.lost === undefined);
  const yours = kept.filter((file) => file.changed_since).length;
  const mine = kept.filter((file) => !file.changed_since);
  const built = turn === 0 ? 0 : mine.filter((file) => (file.turns.at(-1) ?? turn) > turn).length;
  const lost = files.length - kept.length;
  const words: string[] = [];
  if (turn === 0) {
    const away = mine.filter((file) => file.change === "created").length;
    const back = mine.length - away;
    if (back > 0) words.push(`${goBack(back)} at the session's start.`);
    if (away > 0) words.push(`${plural(away, "file")} that it made ${away === 1 ? "is" : "are"} removed.`);
  } else if (mine.length > built) words.push(`${goBack(mine.length - built)} before turn ${turn}.`);
  if (words.length === 0) words.push("Nothing would be put back.");
  const end = words[0] === "Nothing would be put back." ? [] : ["You can take this back in turn."];
  if (built > 0)
    words.push(`${plural(built, "file")} that a later turn changed too ${stay(built)}: take that turn back first.`);
  if (yours > 0) words.push(`${plural(yours, "file")} that you changed since ${stay(yours)}.`);
  if (lost > 0) words.push(`${plural(lost, "file")} cannot be taken back.`);
  return [...words, ...end];
}

function goBack(count: number): string {
  return `${plural(count, "file")} ${count === 1 ? "goes back to how it was" : "go back to how they were"}`;
}

function stay(count: number): string {
  return count === 1 ? "stays as it is" : "stay as they are";
}

/** What stands at a hunk, for its button. */
export function hunkWords(file: FileChanges, number: number): string {
  const hunk = file.diff?.hunks.find((one) => one.number === number);
  if (!hunk) return `part ${number}`;
  const from = Math.max(1, hunk.new_start);
  const to = from + Math.max(0, hunk.new_lines - 1);
  return from === to ? `line ${from}` : `lines ${from} to ${to}`;
}
