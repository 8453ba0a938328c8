import type { UndoState } from "../../protocol/UndoState";
import { bytes, plural } from "../../ui/text";

/** What is kept to undo with: in a few words, and all of it. */
export function undoWords(undo: UndoState): { short: string; all: string } {
  const budget = undo.budget > 0 ? ` of at most ${bytes(undo.budget)}` : "";
  const size = `Undoing takes ${bytes(undo.bytes)}${budget} on disk for this workspace`;
  if (undo.ready) return { short: `undo ${bytes(undo.bytes)}`, all: `${size}.` };
  const part = undo.total > 0 ? Math.min(99, Math.floor((undo.done / undo.total) * 100)) : 0;
  return {
    short: `undo ${part} %`,
    all: `What stands here is being copied, so that it can be undone: ${undo.done.toLocaleString("en")} of ${plural(undo.total, "file")}. ${size}.`,
  };
}
