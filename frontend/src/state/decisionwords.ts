import type { Event } from "../protocol/Event";

type OpenApproval = Extract<Event, { type: "approval_requested" }>;
type Decided = Extract<Event, { type: "approval_decided" }>;

/** A decision in words, as a row shows it. */
export function decisionWords(decided: Decided): string {
  const rule = decided.rule ? ` (${decided.rule})` : "";
  switch (decided.decision) {
    case "approve":
      return decided.by === "user" ? "approved by you" : `allowed by a rule${rule}`;
    case "approve_session":
      return `approved for this session${covered(decided)}`;
    case "approve_always":
      return `always approved${covered(decided)}`;
    case "deny": {
      const words = decided.feedback ? `: ${decided.feedback}` : "";
      return decided.by === "user" ? `denied by you${words}` : `refused by the guard${rule}${words}`;
    }
    case "void":
      return "went stale";
  }
}

/** What the person changed about the proposal before the yes, in words. */
export function revisionWords(asked: OpenApproval | undefined, decided: Decided): string {
  if (decided.decision === "deny" || decided.decision === "void") return "";
  if (decided.text !== undefined) return ", as you edited it";
  if (decided.hunks === undefined) return "";
  const all = asked?.kind === "edit" || asked?.kind === "write" ? asked.changes.hunks.length : 0;
  const kept = decided.hunks.length;
  if (kept === all) return "";
  return all > 0 ? `, ${kept} of ${all} parts` : `, ${kept} ${kept === 1 ? "part" : "parts"} of it`;
}

/** What the person turned on the card of a command, in words. */
export function limitWords(asked: OpenApproval | undefined, decided: Decided): string {
  if (asked?.kind !== "exec" || decided.decision === "deny" || decided.decision === "void") return "";
  const words: string[] = [];
  if (decided.confine !== undefined && decided.confine !== asked.confine)
    words.push(decided.confine ? "confined" : "UNCONFINED");
  if (decided.network !== undefined && decided.network !== asked.network) {
    words.push(decided.network ? "with the network" : "without the network");
  }
  return words.length > 0 ? `, ${words.join(", ")}` : "";
}

function covered(decided: Decided): string {
  if (decided.pattern) return `: ${decided.pattern}`;
  if (decided.scope === "file") return ": edits to this file";
  if (decided.scope === "workspace") return ": edits in this workspace";
  return "";
}
