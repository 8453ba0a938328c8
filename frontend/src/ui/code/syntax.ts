import { type Parser, type Tree, TreeFragment } from "@lezer/common";
import { highlightTree, tagHighlighter, tags } from "@lezer/highlight";
import { languageOf } from "./languages";

/** What a stretch of code is; each has its colour in the style sheet, `plain` has none. */
type SyntaxKind = "plain" | "keyword" | "string" | "number" | "function" | "type" | "comment";

interface CodePiece {
  kind: SyntaxKind;
  text: string;
}

/** One line of code, without its ending. */
export type CodeLine = readonly CodePiece[];

/** A longer text is drawn plain: colours are not worth a frame that stalls. */
const LONGEST = 200_000;
/** How far above an appended text its colours may still change. */
const LINES_BACK = 40;

const KINDS = tagHighlighter([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], class: "keyword" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], class: "string" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], class: "number" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.macroName],
    class: "function",
  },
  { tag: [tags.typeName, tags.className, tags.tagName], class: "type" },
  { tag: [tags.comment, tags.meta], class: "comment" },
]);

/** Names of languages that are no file's ending. */
const ENDINGS: ReadonlyMap<string, string> = new Map([
  ["javascript", "js"],
  ["typescript", "ts"],
  ["rust", "rs"],
  ["python", "py"],
]);

/** By name, so that what is drawn again has its colours from the first frame on. */
const PARSERS = new Map<string, Parser | null>();

/** The parser of a language if it was loaded before; undefined where nobody asked yet. */
export function parserAtHand(name: string): Parser | null | undefined {
  return name === "" ? null : PARSERS.get(name.toLowerCase());
}

/** Loads the parser of a language; null where there is none. */
export async function loadParser(language: string): Promise<Parser | null> {
  const name = language.toLowerCase();
  const there = PARSERS.get(name);
  if (there !== undefined) return there;
  try {
    const parser = (await languageOf(`.${ENDINGS.get(name) ?? name}`))?.language.parser ?? null;
    PARSERS.set(name, parser);
    return parser;
  } catch {
    // Without its colours the text is still there.
    return null;
  }
}

/** Colours a text. One that only grew since is not read again from its beginning. */
export class SyntaxReader {
  #parser: Parser | null = null;
  #text = "";
  #tree: Tree | null = null;
  #lines: CodeLine[] = [];

  read(parser: Parser | null, text: string): readonly CodeLine[] {
    if (parser === null || text.length > LONGEST) {
      this.#tree = null;
      this.#lines = [];
      return text.split("\n").map((line) => [{ kind: "plain", text: line }]);
    }
    if (parser === this.#parser && text === this.#text) return this.#lines;
    const old = parser === this.#parser && text.startsWith(this.#text) ? this.#tree : null;
    const kept = old === null ? [] : this.#lines.slice(0, Math.max(0, this.#lines.length - LINES_BACK));
    const grown = { fromA: this.#text.length, toA: this.#text.length, fromB: this.#text.length, toB: text.length };
    const tree = parser.parse(text, old ? TreeFragment.applyChanges(TreeFragment.addTree(old), [grown]) : []);
    let from = 0;
    for (const line of kept) from += line.reduce((sum, piece) => sum + piece.text.length, 1);
    this.#parser = parser;
    this.#text = text;
    this.#tree = tree;
    this.#lines = [...kept, ...coloured(text, tree, from)];
    return this.#lines;
  }
}

function coloured(text: string, tree: Tree, from: number): CodeLine[] {
  const lines: CodePiece[][] = [[]];
  let at = from;
  const put = (to: number, kind: SyntaxKind): void => {
    if (to <= at) return;
    const [first = "", ...rest] = text.slice(at, to).split("\n");
    if (first !== "") lines.at(-1)?.push({ kind, text: first });
    for (const part of rest) lines.push(part === "" ? [] : [{ kind, text: part }]);
    at = to;
  };
  highlightTree(
    tree,
    KINDS,
    (start, end, kind) => {
      put(start, "plain");
      put(end, kind as SyntaxKind);
    },
    from,
  );
  put(text.length, "plain");
  return lines;
}
