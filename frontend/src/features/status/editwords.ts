import type { RuleRecord } from "../../protocol/RuleRecord";
import { shownIn } from "../../state/rules.svelte";
import { plural } from "../../ui/text";

/** Which edits apply without asking: in a few words, and all of it. */
export function editWords(edits: readonly RuleRecord[]): { short: string; all: string } {
  if (edits.some((rule) => rule.grant === "edit_workspace")) {
    const all = "Accepting edits in this workspace";
    return { short: all, all };
  }
  // Two rules may be for one file: one for the session, one for always.
  const files = [...new Set(edits.map(shownIn))];
  const [first = "", ...others] = files;
  const more = others.length > 0 ? ` and ${plural(others.length, "more file")}` : "";
  return { short: `Accepting edits: ${first}${more}`, all: `Accepting edits: ${files.join(", ")}` };
}
