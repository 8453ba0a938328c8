import type { CommandPart } from "../../protocol/CommandPart";

type ShellKind = "plain" | "command" | "option" | "string" | "variable" | "operator" | "redirect" | "comment";

/** A stretch of a command as it is drawn. Colours are a help to read, no judgement: the guard's rows are that. */
export interface ShellPiece {
  kind: ShellKind;
  text: string;
}

/** A longer command is drawn plain. */
const LONGEST = 40_000;
const BLANK = /\s+/y;
const OPERATOR = /&&|\|\||\|&|;;|[;|&(){}`]/y;
const REDIRECT = /\d*(?:&>>|&>|>>|>\||>&|<<<|<<-?|<&|<>|>|<)(?:&?\d+(?![\w./-])|)/y;
const ATTACHED = />>|>|</y;
const COMMENT = /#[^\n]*/y;
const ASSIGNMENT = /[A-Za-z_]\w*=/y;
const VARIABLE = /\$(?:\{[^}]*\}|\(|\w+|[@*#?$!-])/y;
const SINGLE = /'[^']*'?/y;
const DOUBLE = /"(?:[^"\\]|\\[\s\S])*"?/y;
const PLAIN = /(?:\\[\s\S]|[^\s;|&(){}`<>'"$\\])+/y;

/** A command cut into what a shell's words are. Together the pieces are the command, to the character. */
export function shellPieces(text: string): ShellPiece[] {
  if (text.length > LONGEST) return [{ kind: "plain", text }];
  const pieces: ShellPiece[] = [];
  let at = 0;
  // Whether a command's name comes next, whether a file does, and whether a word goes on.
  let name = true;
  let target = false;
  let within = false;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    return found === "" ? null : found;
  };
  const push = (kind: ShellKind, piece: string): void => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += piece;
    else pieces.push({ kind, text: piece });
    at += piece.length;
  };
  while (at < text.length) {
    const blank = take(BLANK);
    if (blank !== null) {
      if (within) endWord();
      if (blank.includes("\n")) name = true;
      push("plain", blank);
      continue;
    }
    const comment = within ? null : take(COMMENT);
    const redirect: string | null = take(within ? ATTACHED : REDIRECT);
    if (comment !== null) push("comment", comment);
    else if (redirect !== null) {
      if (within) endWord();
      push("redirect", redirect);
      // `2>&1` names no file.
      target = !/&\d+$/.test(redirect);
    } else operatorOrWord();
  }
  return pieces;

  function endWord(): void {
    within = false;
    target = false;
  }

  function operatorOrWord(): void {
    const operator = take(OPERATOR);
    if (operator !== null) {
      endWord();
      name = true;
      push("operator", operator);
      return;
    }
    const assignment = !within && name && !target ? take(ASSIGNMENT) : null;
    if (assignment !== null) {
      within = true;
      push("variable", assignment);
      return;
    }
    const started = within;
    within = true;
    const variable = take(VARIABLE);
    const quoted = take(SINGLE) ?? take(DOUBLE);
    if (variable !== null) push(variable === "$(" ? "operator" : "variable", variable);
    else if (quoted !== null) push(target ? "redirect" : "string", quoted);
    else {
      const word = take(PLAIN) ?? text.charAt(at);
      push(kindOf(word, started), word);
    }
    if (variable === "$(") {
      endWord();
      name = true;
    } else if (!started && !target) name = false;
  }

  function kindOf(word: string, started: boolean): ShellKind {
    if (target) return "redirect";
    if (started) return pieces.at(-1)?.kind === "command" ? "command" : "plain";
    if (name) return "command";
    return word.startsWith("-") ? "option" : "plain";
  }
}

/** Where in a command as it is drawn the parts that ask or are refused stand; none where that cannot be told for all. */
export function askedRanges(shown: string, parts: readonly CommandPart[]): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  let at = 0;
  for (const part of parts) {
    const from = shown.indexOf(part.text, at);
    // Between two simple commands stands nothing but what joins them.
    if (from < 0 || /[^\s;|&]/.test(shown.slice(at, from))) return [];
    at = from + part.text.length;
    if (part.verdict !== "allow") ranges.push({ from, to: at });
  }
  // Where all of it asks there is nothing to tell apart.
  return ranges.length === parts.length ? [] : ranges;
}

/** The pieces cut at the ranges too, and whether each is inside of one. */
export function marked(
  pieces: readonly ShellPiece[],
  ranges: readonly { from: number; to: number }[],
): { asks: boolean; pieces: ShellPiece[] }[] {
  const groups: { asks: boolean; pieces: ShellPiece[] }[] = [];
  let at = 0;
  for (const piece of pieces) {
    let rest = piece.text;
    while (rest !== "") {
      const range = ranges.find((one) => one.to > at);
      const asks = range !== undefined && range.from <= at;
      const edge = range === undefined ? Number.POSITIVE_INFINITY : asks ? range.to : range.from;
      const text = rest.slice(0, edge - at);
      const last = groups.at(-1);
      if (last?.asks === asks) last.pieces.push({ kind: piece.kind, text });
      else groups.push({ asks, pieces: [{ kind: piece.kind, text }] });
      rest = rest.slice(text.length);
      at += text.length;
    }
  }
  return groups;
}

/** The file that a part would write to by a redirection, where the guard's note tells it; else none. */
export function writesTo(note: string): string | null {
  return /^It has the redirection (?:\d*|&)>(?:>|\|)? ?(.+), which is a file\.$/.exec(note)?.[1] ?? null;
}
