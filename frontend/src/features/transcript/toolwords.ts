import type { ChangeKind } from "../../protocol/ChangeKind";
import type { CallChanges, ToolItem } from "../../state/items";
import { Output } from "../../state/output";
import type { IconName } from "../../ui/Icon.svelte";
import { plural, visible } from "../../ui/text";

/** A tool row in words. */
export interface ToolWords {
  icon: IconName;
  verb: string;
  /** What it acts on: the command, the path, the pattern. */
  subject: string;
  /** What came of it, or where it stands. */
  outcome: string;
  /** Who let it, or did not. */
  decision: string;
}

const VERBS: Record<string, { icon: IconName; before: string; during: string; after: string; subject: string }> = {
  exec: { icon: "terminal", before: "Run", during: "Running", after: "Ran", subject: "command" },
  read: { icon: "eye", before: "Read", during: "Reading", after: "Read", subject: "path" },
  write: { icon: "edit", before: "Write", during: "Writing", after: "Wrote", subject: "path" },
  edit: { icon: "edit", before: "Edit", during: "Editing", after: "Edited", subject: "path" },
  glob: { icon: "eye", before: "List", during: "Listing", after: "Listed", subject: "pattern" },
  grep: { icon: "eye", before: "Search", during: "Searching", after: "Searched", subject: "pattern" },
};

export function toolWords(row: ToolItem): ToolWords {
  const verbs = Object.hasOwn(VERBS, row.tool) ? VERBS[row.tool] : undefined;
  if (!verbs)
    return {
      icon: "spark",
      verb: row.tool,
      subject: firstText(row.args),
      outcome: resultWords(row),
      decision: row.decision,
    };
  const verb =
    row.state === "done" || row.state === "failed"
      ? verbs.after
      : row.state === "running"
        ? verbs.during
        : verbs.before;
  return {
    icon: verbs.icon,
    // A command that failed did run; a read that failed did not read.
    verb: row.state === "failed" && row.exitCode === null ? verbs.before : verb,
    subject: textField(row.args, verbs.subject) || firstText(row.args),
    outcome: resultWords(row),
    decision: row.decision,
  };
}

/** What the model was told that went wrong; empty where nothing did. */
export function errorOf(row: ToolItem): string {
  return textField(row.result, "error");
}

const CHANGED: Record<ChangeKind, string> = {
  created: "new",
  modified: "changed",
  deleted: "deleted",
  mode: "other permissions",
  kind: "another kind",
};

/** What a call changed, a line each; and what of it cannot be undone. */
export function changedWords(changed: CallChanges): string {
  const lines = changed.files.map((file) => `${file.shown} (${CHANGED[file.change]})`);
  const more = changed.count - changed.files.length;
  if (more > 0) lines.push(`… and ${plural(more, "more file")}`);
  return [...lines, ...changed.leftOut.map((one) => `${one.path}: cannot be undone, ${visible(one.why)}`)].join("\n");
}

/** What a command printed, also where its output was not seen live; null where it printed nothing. */
export function printedBy(row: ToolItem): Output | null {
  if (row.output !== null) return row.output;
  const out = textField(row.result, "stdout");
  const err = textField(row.result, "stderr");
  const text = out !== "" && err !== "" && !out.endsWith("\n") ? `${out}\n${err}` : out + err;
  if (text === "") return null;
  const output = new Output();
  output.push(text);
  return output;
}

function resultWords(row: ToolItem): string {
  switch (row.state) {
    case "proposed":
      return row.decision === "" ? "proposed" : "";
    case "waiting":
      return "waits for you";
    case "running":
      return "";
    case "interrupted":
      return "interrupted; it may have acted in part";
    case "refused":
      return row.decision === "" ? "refused" : "";
    case "failed":
      if (field(row.result, "timed_out") === true) return "timed out";
      return row.exitCode !== null ? `exit ${row.exitCode}` : errorOf(row).split("\n", 1)[0] || "failed";
    case "done":
      return doneWords(row);
  }
}

function doneWords(row: ToolItem): string {
  switch (row.tool) {
    case "exec":
      return row.exitCode === null ? "" : `exit ${row.exitCode}`;
    case "read": {
      const lines = field(row.result, "total_lines");
      return typeof lines === "number" ? plural(lines, "line") : "";
    }
    case "write":
      return field(row.result, "created") === true ? "new file" : "";
    case "edit": {
      const places = field(row.result, "replacements");
      return typeof places === "number" ? plural(places, "place") : "";
    }
    case "glob":
      return listWords(row, "files", "file", "files");
    case "grep":
      return listWords(row, "matches", "match", "matches");
    default:
      return "";
  }
}

function listWords(row: ToolItem, name: string, one: string, many: string): string {
  const list = field(row.result, name);
  if (!Array.isArray(list)) return "";
  return field(row.result, "truncated") === true
    ? `first ${plural(list.length, one, many)}`
    : plural(list.length, one, many);
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function textField(value: unknown, name: string): string {
  const text = field(value, name);
  return typeof text === "string" ? text : "";
}

function firstText(args: unknown): string {
  if (typeof args === "string") return args;
  if (typeof args !== "object" || args === null) return "";
  return Object.values(args).find((value): value is string => typeof value === "string") ?? "";
}
