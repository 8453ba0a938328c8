import { Lexer, type Token, type Tokens } from "marked";

/** What the components draw. Raw HTML is among it as text, never as markup. */
export type Block =
  | { kind: "heading"; depth: number; inline: Inline[] }
  | { kind: "paragraph"; inline: Inline[] }
  | { kind: "code"; lang: string; text: string }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "list"; ordered: boolean; start: number; items: ListItem[] }
  | { kind: "table"; head: Cell[]; rows: Cell[][] }
  | { kind: "rule" };

interface ListItem {
  /** Whether a task is done; null where the item is no task. */
  checked: boolean | null;
  blocks: Block[];
}

interface Cell {
  align: "left" | "center" | "right" | null;
  inline: Inline[];
}

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong" | "em" | "del"; inline: Inline[] }
  | { kind: "link"; href: string; inline: Inline[] }
  | { kind: "break" };

/** Past this depth quotes and lists are drawn as text: a hostile text nests thousands. */
const DEEPEST = 12;

/** Reads markdown: its blocks, and the source of each token. Without `draw` only the sources. */
export function lex(text: string, draw = true): { blocks: Block[]; sources: string[] } {
  const lexer = new Lexer({ gfm: true, breaks: false });
  const tokens = draw ? lexer.lex(text) : lexer.blockTokens(text);
  return { blocks: draw ? blocksOf(tokens, 0) : [], sources: tokens.map((token) => token.raw) };
}

function blocksOf(tokens: readonly Token[], depth: number): Block[] {
  const blocks: Block[] = [];
  for (const token of tokens) {
    const block = blockOf(token as Tokens.Generic, depth);
    if (block) blocks.push(block);
  }
  return blocks;
}

function blockOf(token: Tokens.Generic, depth: number): Block | null {
  if (depth > DEEPEST) return { kind: "paragraph", inline: [{ kind: "text", text: token.raw }] };
  switch (token.type) {
    case "space":
    case "def":
    case "checkbox":
      return null;
    case "heading":
      return { kind: "heading", depth: token.depth as number, inline: inlineOf(token.tokens ?? []) };
    case "code":
      return { kind: "code", lang: languageIn(token.lang), text: token.text as string };
    case "blockquote":
      return { kind: "quote", blocks: blocksOf(token.tokens ?? [], depth + 1) };
    case "list":
      return listOf(token as Tokens.List, depth);
    case "table":
      return tableOf(token as Tokens.Table);
    case "hr":
      return { kind: "rule" };
    case "html":
      return { kind: "paragraph", inline: [{ kind: "text", text: token.raw.trimEnd() }] };
    default:
      // Paragraphs, and the bare text of a tight list.
      return {
        kind: "paragraph",
        inline: token.tokens ? inlineOf(token.tokens) : [{ kind: "text", text: token.raw }],
      };
  }
}

/** The language that a block of code names first. */
export function languageIn(lang: unknown): string {
  return typeof lang === "string" ? (lang.split(/\s/, 1)[0] ?? "") : "";
}

function listOf(list: Tokens.List, depth: number): Block {
  const items = list.items.map((item) => ({
    checked: item.task ? item.checked === true : null,
    blocks: blocksOf(item.tokens, depth + 1),
  }));
  return { kind: "list", ordered: list.ordered, start: Number(list.start) || 1, items };
}

function tableOf(table: Tokens.Table): Block {
  const cell = (one: Tokens.TableCell): Cell => ({ align: one.align, inline: inlineOf(one.tokens) });
  return { kind: "table", head: table.header.map(cell), rows: table.rows.map((row) => row.map(cell)) };
}

function inlineOf(tokens: readonly Token[], depth = 0): Inline[] {
  const out: Inline[] = [];
  for (const token of tokens) {
    const inline = oneInline(token as Tokens.Generic, depth);
    if (inline) out.push(inline);
  }
  return out;
}

function oneInline(token: Tokens.Generic, depth: number): Inline | null {
  if (depth > DEEPEST) return { kind: "text", text: token.raw };
  const inside = (): Inline[] => inlineOf(token.tokens ?? [], depth + 1);
  switch (token.type) {
    case "strong":
    case "em":
    case "del":
      return { kind: token.type, inline: inside() };
    case "codespan":
      return { kind: "code", text: token.text as string };
    case "br":
      return { kind: "break" };
    case "link":
      return { kind: "link", href: String(token.href), inline: inside() };
    case "image":
      // Nothing is fetched: an image is the link that it is.
      return {
        kind: "link",
        href: String(token.href),
        inline: [{ kind: "text", text: token.text ? `image: ${token.text}` : "image" }],
      };
    case "checkbox":
      return null;
    case "html":
      return { kind: "text", text: token.raw };
    default:
      if (token.tokens && token.tokens.length > 0) {
        const parts = inside();
        const [only] = parts;
        return parts.length === 1 && only ? only : { kind: "text", text: token.raw };
      }
      return { kind: "text", text: typeof token.text === "string" ? token.text : token.raw };
  }
}
