import { applySgr, PLAIN, type Style } from "./sgr";

interface Piece {
  text: string;
  style: Style;
}

/** One line that a command printed. */
export interface OutputLine {
  /** Counts the lines, from 0. */
  id: number;
  pieces: readonly Piece[];
  /** How often the command wrote over it from its beginning. */
  over: number;
}

/** A line is broken after so many characters. */
const LONGEST = 4_000;
/** An escape sequence that is longer is none: its text is drawn. */
const LONGEST_SEQUENCE = 2_048;

/** A character as a regular expression names it. */
const char = (code: number): string => `\\x${code.toString(16).padStart(2, "0")}`;
const range = (from: number, to: number): string => `${char(from)}-${char(to)}`;
const ESC = char(0x1b);
const BEL = char(0x07);
/** All control characters but the tab, the line feed and the carriage return. */
const CONTROL = `${range(0, 0x08)}${range(0x0b, 0x0c)}${range(0x0e, 0x1f)}${range(0x7f, 0x9f)}`;
/** What a terminal would do something about; only colours and the carriage return have an effect here. */
const SPECIAL = new RegExp(
  [
    `${ESC}\\[(?<sgr>[0-9;:]*)m`,
    `${ESC}\\[[0-?]*[ -/]*[@-~]`,
    `${ESC}\\][^${BEL}${ESC}]{0,${LONGEST_SEQUENCE}}(?:${BEL}|${ESC}\\\\)`,
    `${ESC}[ -/]*[0-OQ-WYZ\\\\a-~]`,
    "(?<cr>\\r)",
    `(?<control>[${CONTROL}])`,
  ].join("|"),
  "g",
);
const ANY_SPECIAL = new RegExp(`[\\r${CONTROL}]`);
/** The beginning of a sequence, of which more may come. */
const UNFINISHED = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*|\\][^${BEL}${ESC}]*(?:${ESC})?|[ -/]*)?$`);

/**
 * Reads what a command prints as a terminal would draw it, line by line. It does nothing that a terminal is asked to
 * do but to colour, and to begin a line anew: all text stays in sight, and other control characters become marks.
 */
export class LineReader {
  #emit: (line: OutputLine) => void;
  #rest = "";
  #style: Style = PLAIN;
  #pieces: Piece[] = [];
  #length = 0;
  #over = 0;
  #back = false;
  #id = 0;

  constructor(emit: (line: OutputLine) => void) {
    this.#emit = emit;
  }

  /** The line that has no end yet; null where nothing of it came. */
  get open(): OutputLine | null {
    return this.#pieces.length === 0 ? null : { id: this.#id, pieces: [...this.#pieces], over: this.#over };
  }

  read(text: string): void {
    const all = this.#rest + text;
    this.#rest = "";
    let at = 0;
    for (let end = all.indexOf("\n"); end !== -1; end = all.indexOf("\n", at)) {
      this.#stretch(all.slice(at, end));
      this.#end();
      at = end + 1;
    }
    const last = all.slice(at);
    const open = last.length > 0 ? UNFINISHED.exec(last) : null;
    if (open && last.length - open.index <= LONGEST_SEQUENCE) {
      this.#rest = open[0];
      this.#stretch(last.slice(0, open.index));
    } else this.#stretch(last);
  }

  /** What comes next follows on nothing that came before. */
  cut(): void {
    this.#rest = "";
    this.#style = PLAIN;
    if (this.#pieces.length > 0) this.#end();
  }

  #stretch(text: string): void {
    if (text === "") return;
    if (!ANY_SPECIAL.test(text)) {
      this.#add(text);
      return;
    }
    let at = 0;
    for (const match of text.matchAll(SPECIAL)) {
      if (match.index > at) this.#add(text.slice(at, match.index));
      at = match.index + match[0].length;
      const { sgr, cr, control } = match.groups ?? {};
      if (sgr !== undefined) this.#style = applySgr(this.#style, sgr);
      else if (cr !== undefined) this.#back = true;
      else if (control !== undefined) this.#add(markOf(control));
    }
    if (at < text.length) this.#add(text.slice(at));
  }

  #add(text: string): void {
    if (this.#back && this.#pieces.length > 0) {
      this.#pieces = [];
      this.#length = 0;
      this.#over += 1;
    }
    this.#back = false;
    let rest = text;
    while (this.#length + rest.length > LONGEST) {
      const room = LONGEST - this.#length;
      this.#pieces.push({ text: rest.slice(0, room), style: this.#style });
      rest = rest.slice(room);
      this.#end();
    }
    if (rest === "") return;
    this.#pieces.push({ text: rest, style: this.#style });
    this.#length += rest.length;
  }

  #end(): void {
    this.#emit({ id: this.#id, pieces: this.#pieces, over: this.#over });
    this.#id += 1;
    this.#pieces = [];
    this.#length = 0;
    this.#over = 0;
    this.#back = false;
  }
}

function markOf(control: string): string {
  return `‹U+${(control.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}›`;
}

export function textOf(line: OutputLine): string {
  const [only] = line.pieces;
  return line.pieces.length === 1 && only ? only.text : line.pieces.map((piece) => piece.text).join("");
}
