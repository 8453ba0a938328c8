import { highlightTree, tagHighlighter, tags } from "@lezer/highlight";
import { languageOf } from "../code/languages";
import { afterFrame } from "../frame";
import { type DiffHunk, type DiffSpan, linesOf } from "./lines";
import type { Piece } from "./rows";

type Parser = NonNullable<Awaited<ReturnType<typeof languageOf>>>["language"]["parser"];
type Tree = ReturnType<Parser["parse"]>;

/** How long one slice of reading may take, in milliseconds: drawing goes before colours. */
const SLICE_MS = 6;
/** A longer text stays plain, in characters. */
const LONGEST = 4_000_000;

const CLASSES = tagHighlighter([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], class: "syn-keyword" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], class: "syn-string" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], class: "syn-number" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.macroName],
    class: "syn-function",
  },
  { tag: [tags.typeName, tags.className, tags.tagName], class: "syn-type" },
  { tag: [tags.comment, tags.meta], class: "syn-comment" },
  { tag: tags.heading, class: "syn-heading" },
]);

/** One side of a hunk: its lines as one text, which is read as a whole so that comments over lines are known. */
interface Side {
  text: string;
  tree: Tree | null;
}

interface Sides {
  old: Side;
  now: Side;
  /** Where each line of the hunk begins in the text of its side. */
  from: Uint32Array;
}

interface Part {
  text: string;
  /** Its colour's class; empty where it is plain. */
  syn: string;
}

/** A span with its colours: the text is the span's, cut where the colour changes. */
export interface Painted {
  changed: boolean;
  parts: Part[];
}

/**
 * The colours of a change, by the name of its file. They come when they are ready; until then, and where the language
 * is not known, a line is plain. Only what is asked for is read, in slices between two frames.
 */
export class Colours {
  /** Rises when more of the change has colours. */
  #version: number = $state(0);
  #parser: Parser | null = null;
  readonly #hunks = new Map<number, DiffHunk>();
  readonly #sides = new Map<number, Sides>();
  /** Hunks that are in sight and were not read yet, and texts that are to be parsed. */
  readonly #asked = new Set<number>();
  #due: Side[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #callOff: () => void = () => {};
  #going = true;

  constructor(hunks: readonly DiffHunk[], path: string | undefined) {
    for (const hunk of hunks) this.#hunks.set(hunk.number, hunk);
    // A language is a lot of script: the lines are drawn before it is read.
    if (path !== undefined) this.#callOff = afterFrame(() => void this.#load(path));
  }

  /** The spans of a piece with their colours. */
  paint(hunk: number, piece: Piece): Painted[] {
    void this.#version;
    return join(piece.spans, this.#stretches(hunk, piece));
  }

  stop(): void {
    this.#going = false;
    this.#callOff();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #load(path: string): Promise<void> {
    try {
      const support = await languageOf(path);
      if (!support || !this.#going) return;
      this.#parser = support.language.parser;
      this.#version += 1;
    } catch {
      // Without its colours the change is still there.
    }
  }

  #stretches(hunk: number, piece: Piece): Stretch[] {
    if (this.#parser === null) return [];
    const sides = this.#sides.get(hunk);
    if (!sides) {
      // A hunk may have 100,000 lines: it is read once the lines are drawn.
      this.#asked.add(hunk);
      this.#timer ??= setTimeout(() => this.#work(), 0);
      return [];
    }
    // What stands on both sides takes its colours from the new one.
    const { tree } = piece.line.kind === "removed" ? sides.old : sides.now;
    if (tree === null) return [];
    const from = (sides.from[piece.index] ?? 0) + piece.from;
    const to = from + piece.to - piece.from;
    const found: Stretch[] = [];
    highlightTree(
      tree,
      CLASSES,
      (start, end, syn) => found.push({ from: Math.max(start, from) - from, to: Math.min(end, to) - from, syn }),
      from,
      to,
    );
    return found;
  }

  #read(number: number): void {
    const hunk = this.#hunks.get(number);
    if (!hunk) return;
    const lines = linesOf(hunk);
    const old: string[] = [];
    const now: string[] = [];
    const sides = {
      old: { text: "", tree: null },
      now: { text: "", tree: null },
      from: new Uint32Array(lines.length),
    };
    this.#sides.set(number, sides);
    let oldAt = 0;
    let nowAt = 0;
    for (let at = 0; at < lines.length; at += 1) {
      const text = lines.text(at);
      const kind = lines.kind(at);
      sides.from[at] = kind === "removed" ? oldAt : nowAt;
      if (kind !== "added") {
        old.push(text);
        oldAt += text.length + 1;
      }
      if (kind !== "removed") {
        now.push(text);
        nowAt += text.length + 1;
      }
    }
    if (oldAt + nowAt > LONGEST) return;
    sides.old.text = old.join("\n");
    sides.now.text = now.join("\n");
    this.#due.push(sides.now, sides.old);
  }

  /** Reads for one slice, and goes on after the next frame. */
  #work(parse: ReturnType<Parser["startParse"]> | null = null): void {
    this.#timer = null;
    for (const hunk of this.#asked) this.#read(hunk);
    this.#asked.clear();
    const [side] = this.#due;
    if (!side || !this.#parser || !this.#going) return;
    const reading = parse ?? this.#parser.startParse(side.text);
    const end = performance.now() + SLICE_MS;
    let going: typeof reading | null = reading;
    do {
      const tree = reading.advance();
      if (tree === null) continue;
      side.tree = tree;
      this.#due.shift();
      this.#version += 1;
      going = null;
      break;
    } while (performance.now() < end);
    if (this.#due.length > 0) this.#timer = setTimeout(() => this.#work(going), 0);
  }
}

interface Stretch {
  from: number;
  to: number;
  syn: string;
}

/** Lays colours over spans. Both are in order; not a character is added or lost. */
export function join(spans: readonly DiffSpan[], stretches: readonly Stretch[]): Painted[] {
  let at = 0;
  let next = 0;
  return spans.map((span) => {
    const parts: Part[] = [];
    const end = at + span.text.length;
    const start = at;
    while (at < end) {
      let stretch = stretches[next];
      while (stretch && stretch.to <= at) stretch = stretches[++next];
      const inside = stretch !== undefined && stretch.from <= at;
      const to = Math.min(end, inside ? (stretch?.to ?? end) : (stretch?.from ?? end));
      parts.push({ text: span.text.slice(at - start, to - start), syn: inside ? (stretch?.syn ?? "") : "" });
      at = to;
    }
    return { changed: span.changed, parts };
  });
}
