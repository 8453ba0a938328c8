import type { StepUsage } from "../../protocol/StepUsage";
import { isWait, type Span, type SpanState } from "../../state/spans";
import type { IconName } from "../../ui/Icon.svelte";
import { count, duration } from "../../ui/text";

/** Tokens in a few words: `6.2k in (5.9k cached), 142 out`. */
export function tokenWords(usage: StepUsage): string {
  const read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
  const cached = usage.cache_read_tokens > 0 ? ` (${count(usage.cache_read_tokens)} cached)` : "";
  return `${count(read)} in${cached}, ${count(usage.output_tokens)} out`;
}

/** All of it, for where there is room. */
export function allTokens(usage: StepUsage): string {
  const n = (tokens: number): string => tokens.toLocaleString("en");
  const parts = [`${n(usage.input_tokens)} read`, `${n(usage.output_tokens)} written`];
  if (usage.cache_read_tokens > 0) parts.push(`${n(usage.cache_read_tokens)} from the cache`);
  if (usage.cache_write_tokens > 0) parts.push(`${n(usage.cache_write_tokens)} put into the cache`);
  return `Tokens: ${parts.join(", ")}`;
}

/** What a row is called. */
export function nameWords(span: Span): string {
  if (span.kind === "act") return "act";
  if (span.kind !== "approval" || span.verdict === null) return span.name;
  return span.verdict.by === "policy" ? "decided by policy" : span.name;
}

export function stateWords(span: Span): string {
  if (span.kind === "approval" && span.verdict) {
    const by = span.verdict.by === "user" ? "by you" : "by the policy";
    if (span.verdict.decision === "void") return "void: what it was drawn from changed";
    return `${span.verdict.decision === "deny" ? "denied" : "approved"} ${by}`;
  }
  return STATES[span.state];
}

const STATES: Record<SpanState, string> = {
  open: "running",
  wait: "waits for you",
  ok: "done",
  failed: "failed",
  refused: "denied",
  cut: "cut off",
};

/** The sign before a row. What went wrong has its own, so that no colour is needed to tell it. */
export function iconOf(span: Span): IconName | null {
  if (span.state === "failed") return "cross";
  if (span.state === "refused") return "shield";
  if (span.state === "cut") return "pause";
  switch (span.kind) {
    case "turn":
    case "step":
      return null;
    case "model":
      return "spark";
    case "call":
      return toolIcon(span.name);
    case "approval":
      return isWait(span) ? "clock" : "shield";
    case "act":
      return "check";
    case "retry":
      return "warn";
    case "said":
      return "up";
    case "revert":
      return "undo";
  }
}

function toolIcon(tool: string): IconName {
  if (tool === "exec") return "terminal";
  return tool === "edit" || tool === "write" ? "edit" : "eye";
}

/** What a session came to: `3 turns, 14.2 s, of which 6.1 s waited for you`. */
export function sumWords(turns: number, took: number, wait: number): string {
  const first = `${turns} ${turns === 1 ? "turn" : "turns"}, ${duration(took)}`;
  return wait > 0 ? `${first}, ${duration(wait)} of it waiting for you` : first;
}

/** `09:00:04.121`. */
export function clock(ms: number): string {
  const then = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = [then.getHours(), then.getMinutes(), then.getSeconds()].map(two).join(":");
  return `${day}.${String(then.getMilliseconds()).padStart(3, "0")}`;
}
