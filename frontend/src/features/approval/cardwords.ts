import type { TextWarning } from "../../protocol/TextWarning";
import type { OpenCard } from "../../state/approvals.svelte";
import { plural, visible } from "../../ui/text";
import { runsAgain } from "./limits";

/** The question that a card asks. `confines` tells whether commands are confined here at all. */
export function question(card: OpenCard, confines: boolean): string {
  switch (card.kind) {
    case "exec":
      return runsAgain(card, confines) ? "Run this command again?" : "Run this command?";
    case "write":
      return card.created ? `Create ${card.display.shown}?` : `Write over ${card.display.shown}?`;
    case "edit":
      return `Apply this edit to ${card.display.shown}?`;
    case "path":
      return lookQuestion(card.tool, card.outside);
  }
}

function lookQuestion(tool: string, outside: boolean): string {
  const where = outside ? "outside the workspace" : "";
  switch (tool) {
    case "glob":
      return outside ? `Let the agent list files ${where}?` : "Let the agent list secrets?";
    case "grep":
      return outside ? `Let the agent search ${where}?` : "Let the agent search a secret?";
    default:
      return outside ? `Let the agent read a file ${where}?` : "Let the agent read a secret?";
  }
}

/** What went wrong with what was sent, in words. */
export function troubleWords(error: unknown): string {
  if (typeof error === "string" && error !== "") return error;
  if (typeof error === "object" && error !== null && "message" in error && typeof error.message === "string") {
    const hint = "hint" in error && typeof error.hint === "string" ? error.hint : "";
    return hint === "" ? error.message : `${error.message} ${hint}`;
  }
  return "It could not be sent. Try again.";
}

/** What stands on the card's button in the tray: the verb, the thing, and whether it is code. */
export function trayWords(card: OpenCard): { verb: string; thing: string } {
  switch (card.kind) {
    case "exec":
      return { verb: "Run", thing: oneLine(card.display.shown) };
    case "write":
      return { verb: card.created ? "Create" : "Write over", thing: oneLine(card.display.shown) };
    case "edit":
      return { verb: "Edit", thing: oneLine(card.display.shown) };
    case "path":
      return { verb: card.tool === "grep" ? "Search" : "Read", thing: oneLine(card.display.shown) };
  }
}

const TRAY_LENGTH = 48;

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const chars = [...line];
  return chars.length <= TRAY_LENGTH ? line : `${chars.slice(0, TRAY_LENGTH - 1).join("")}…`;
}

/** How long a command is, where that can't be taken in at a glance; else empty. */
export function lengthWords(command: string): string {
  const chars = [...command].length;
  const lines = command.split("\n").length;
  if (chars <= 160 && lines <= 2) return "";
  return `${plural(chars, "character")}, ${plural(lines, "line")}, all shown below`;
}

/** `45 s`, `5 min`, `1 min 30 s`, `2 h`. */
export function seconds(total: number): string {
  if (total < 60) return `${total} s`;
  const parts = [
    [Math.floor(total / 3600), "h"],
    [Math.floor((total % 3600) / 60), "min"],
    [total % 60, "s"],
  ] as const;
  return parts
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}

interface Deception {
  where: string;
  words: string;
}

/** What on the card is not what it looks like. */
export function deceptions(card: OpenCard): Deception[] {
  const found: Deception[] = [];
  const add = (where: string, warnings: readonly TextWarning[]): void => {
    if (warnings.length > 0) found.push({ where, words: warnings.map(warningWords).join(", ") });
  };
  switch (card.kind) {
    case "exec":
      add("The command", card.display.warnings);
      break;
    case "write":
    case "edit":
      add("The file's name", card.display.warnings);
      add("The new text", card.warnings);
      break;
    case "path":
      add("The path", card.display.warnings);
      break;
  }
  return found;
}

/** Why it asks, without what the card says anyway: in its question, or of the text that deceives. */
export function reasonsOf(card: OpenCard): string[] {
  const said = saidAnyway(card);
  return card.reasons.filter((reason) => !said.includes(reason));
}

/** The program's words for it. Should they become others, it is said twice, and nothing is lost. */
function saidAnyway(card: OpenCard): string[] {
  if (card.kind === "path") return card.outside ? ["It is outside the workspace."] : [];
  if (card.kind !== "exec") return [];
  return card.display.warnings.map((one) => `The command holds deceptive characters: ${one.what}.`);
}

function warningWords(warning: TextWarning): string {
  return warning.count === 1 ? visible(warning.what) : `${visible(warning.what)} (${warning.count})`;
}
