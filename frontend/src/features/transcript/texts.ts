import type { Item } from "../../state/items";
import { isGap } from "../../state/output";
import { textOf } from "../../state/terminal";
import { visible } from "../../ui/text";
import { endWords } from "./endwords";
import type { Block, Inline } from "./markdown";
import { MarkdownReader } from "./streaming";
import { errorOf, printedBy, toolWords } from "./toolwords";

/** A text of an item as it is drawn, and where: the names are those of `data-find` in the page. */
export interface Part {
  where: "main" | "thinking" | "error" | "output";
  /** The line of an output; null elsewhere. */
  line: number | null;
  text: string;
}

/** All that is drawn of an item, also what is folded. */
export function partsOf(item: Item): Part[] {
  const part = (where: Part["where"], text: string): Part => ({ where, line: null, text: visible(text) });
  switch (item.kind) {
    case "user":
    case "notice":
      return [part("main", item.text)];
    case "assistant":
      return [part("thinking", item.thinking), part("main", plainMarkdown(item.text))];
    case "tool": {
      const rows = printedBy(item)?.rows() ?? [];
      const lines = rows.flatMap((row): Part[] =>
        isGap(row) ? [] : [{ where: "output", line: row.id, text: visible(textOf(row)) }],
      );
      return [part("main", toolWords(item).subject), ...lines, part("error", errorOf(item))];
    }
    case "end":
      return item.reason === "end_turn" ? [] : [part("main", `${endWords(item.reason)}\n${item.error}`)];
  }
}

/** Whether the part is only drawn where its item is unfolded. */
export function isFolded(where: Part["where"]): boolean {
  return where !== "main";
}

/** Markdown without its marks, a line a block. */
function plainMarkdown(text: string): string {
  return /[^\p{L}\p{N} .,;:?!'"()/-]/u.test(text)
    ? new MarkdownReader().read(text, false).map(blockText).join("\n")
    : text;
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "heading":
    case "paragraph":
      return inlineText(block.inline);
    case "code":
      return block.text;
    case "quote":
      return block.blocks.map(blockText).join("\n");
    case "list":
      return block.items.flatMap((item) => item.blocks.map(blockText)).join("\n");
    case "table":
      return [block.head, ...block.rows].flatMap((row) => row.map((cell) => inlineText(cell.inline))).join("\n");
    case "rule":
      return "";
  }
}

function inlineText(inline: readonly Inline[]): string {
  return inline
    .map((one) => {
      switch (one.kind) {
        case "text":
        case "code":
          return one.text;
        case "break":
          return "";
        default:
          return inlineText(one.inline);
      }
    })
    .join("");
}
