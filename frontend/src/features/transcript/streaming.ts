import remend from "remend";
import { type Block, languageIn, lex } from "./markdown";

/** A block of code at the very beginning, as far as it has come. */
const FENCE = /^(`{3,}|~{3,})([^\n]*)\n/;
/** A definition of a link, which changes what stands above it. */
const DEFINITION = /^ {0,3}\[[^\]\n]+\]:/m;

/**
 * Reads markdown that grows at its end. All but the last block stays as it was read: the same objects, so that
 * nothing that is drawn of them is touched again.
 */
export class MarkdownReader {
  /** The source of the blocks that stand. */
  #head = "";
  #standing: Block[] = [];

  read(given: string, streaming: boolean): Block[] {
    const text = given.includes("\r") ? given.replace(/\r\n?/g, "\n") : given;
    if (!text.startsWith(this.#head) || (!streaming && DEFINITION.test(text))) {
      this.#head = "";
      this.#standing = [];
    }
    if (!streaming) return [...this.#standing, ...lex(text.slice(this.#head.length)).blocks];
    this.#settle(text);
    const tail = text.slice(this.#head.length);
    if (tail === "") return this.#standing;
    const code = openCode(tail);
    return [...this.#standing, ...(code ? [code] : lex(remend(tail, { linkMode: "text-only" })).blocks)];
  }

  /** Takes whatever stands before the last block to what stands. */
  #settle(text: string): void {
    const tail = text.slice(this.#head.length);
    // One block holds no blank line, unless it is code or a list; an end of code may follow without one.
    if (!tail.includes("\n") || openCode(tail)) return;
    const { sources } = lex(tail, false);
    let last = sources.length - 1;
    while (last > 0 && sources[last]?.trim() === "") last -= 1;
    if (last <= 0) return;
    const done = sources.slice(0, last).join("");
    // What the lexer changed on its way cannot be found again in the text.
    if (!tail.startsWith(done)) return;
    this.#standing = [...this.#standing, ...lex(done).blocks];
    this.#head += done;
  }
}

/** The code of a block that has no end yet; null for anything else. */
function openCode(tail: string): Block | null {
  const begin = FENCE.exec(tail);
  const fence = begin?.[1];
  if (!begin || !fence || (fence.startsWith("`") && begin[2]?.includes("`"))) return null;
  const end = new RegExp(`(?:^|\\n) {0,3}\\${fence[0]}{${fence.length},}[ \\t]*(?:\\n|$)`);
  const body = tail.slice(begin[0].length);
  if (end.test(body)) return null;
  // The first marks of its end are no code: they would show for a moment and be gone.
  const text = body.replace(/(?:^|\n) {0,3}(?:`+|~+)$/, "").replace(/\n$/, "");
  return { kind: "code", lang: languageIn(begin[2]?.trim()), text };
}
