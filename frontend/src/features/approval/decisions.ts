import type { DecisionInput } from "../../protocol/DecisionInput";
import type { EditScope } from "../../protocol/EditScope";
import type { OpenCard } from "../../state/approvals.svelte";
import type { Turned } from "./limits";

const DAY_S = 86_400;

function base(card: OpenCard): Pick<DecisionInput, "approval" | "revision"> {
  return { approval: card.approval, revision: card.revision };
}

/** Yes to this one; `turned` is for its command alone, `kept` are the parts of its change, null for all. */
export function approveOnce(card: OpenCard, turned: Turned, kept: readonly number[] | null): DecisionInput {
  return { ...base(card), decision: "approve", ...turned, ...parts(kept) };
}

function parts(kept: readonly number[] | null): Pick<DecisionInput, "hunks"> {
  return kept === null ? {} : { hunks: [...kept] };
}

/** What a yes covers beyond its own proposal. */
export type Wider =
  /** Commands of this pattern; an always for so many days, or without an end. */
  | { of: "commands"; decision: "approve_session" | "approve_always"; pattern: string; days: number | null }
  | { of: "edits"; scope: EditScope }
  | { of: "looks" };

/** Yes to this and to the like of it; `turned` and `kept` are for this one alone. */
export function approveMore(
  card: OpenCard,
  wider: Wider,
  turned: Turned,
  kept: readonly number[] | null,
): DecisionInput {
  switch (wider.of) {
    case "commands": {
      const { decision, pattern, days } = wider;
      const end = decision === "approve_always" && days !== null ? { expires_in: days * DAY_S } : {};
      return { ...base(card), decision, pattern, ...end, ...turned };
    }
    case "edits":
      return { ...base(card), decision: "approve_session", scope: wider.scope, ...parts(kept) };
    case "looks":
      return { ...base(card), decision: "approve_session" };
  }
}

/** No, with the person's words as they wrote them. */
export function deny(card: OpenCard, feedback: string, stop: boolean): DecisionInput {
  return {
    ...base(card),
    decision: "deny",
    ...(feedback === "" ? {} : { feedback }),
    ...(stop ? { stop } : {}),
  };
}

/** Whether more than this one proposal can be approved at once. */
export function offersMore(card: OpenCard): boolean {
  switch (card.kind) {
    case "exec":
      return card.suggested_patterns.length > 0;
    case "write":
    case "edit":
      // Outside and sensitive files are approved one by one.
      return !card.outside && !card.sensitive;
    case "path":
      return true;
  }
}
