import type { DecisionInput } from "../../protocol/DecisionInput";
import type { OpenCard } from "../../state/approvals.svelte";

const DAY_S = 86_400;

function base(card: OpenCard): Pick<DecisionInput, "approval" | "revision"> {
  return { approval: card.approval, revision: card.revision };
}

export function approveOnce(card: OpenCard): DecisionInput {
  return { ...base(card), decision: "approve" };
}

/** Yes to this and to the like of it; `pattern` says which commands, `days` for how long an always holds. */
export function approveMore(
  card: OpenCard,
  decision: "approve_session" | "approve_always",
  pattern: string,
  days: number | null = null,
): DecisionInput {
  switch (card.kind) {
    case "exec":
      return {
        ...base(card),
        decision,
        pattern,
        ...(decision === "approve_always" && days !== null ? { expires_in: days * DAY_S } : {}),
      };
    case "write":
    case "edit":
      return { ...base(card), decision, scope: "file" };
    case "path":
      return { ...base(card), decision };
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
