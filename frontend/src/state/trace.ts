import type { Envelope } from "../protocol/Envelope";
import type { Event } from "../protocol/Event";
import type { RunEnd } from "../protocol/RunEnd";
import type { StepUsage } from "../protocol/StepUsage";
import { begin, finish, finishAll, type Span, type SpanState, type TraceFold } from "./spans";

type Of<T extends Event["type"]> = Extract<Event, { type: T }>;

/**
 * Takes one envelope into the trace, in place: a session may hold many thousands.
 * Stored envelopes that were taken in before are passed over.
 */
export function trace(fold: TraceFold, envelope: Envelope): void {
  if (envelope.seq !== undefined) {
    if (envelope.seq <= fold.seq) return;
    fold.seq = envelope.seq;
  }
  const parsed = Date.parse(envelope.time);
  const time = Number.isNaN(parsed) ? fold.last : parsed;
  const seq = envelope.seq ?? 0;
  take(fold, envelope, seq, time);
  fold.last = Math.max(fold.last, time);
}

function take(fold: TraceFold, event: Event, seq: number, time: number): void {
  switch (event.type) {
    case "session_started":
      fold.provider = event.provider;
      fold.model = event.model;
      return;
    case "session_resumed":
      resumed(fold);
      return;
    case "user_message":
      said(fold, event.text, seq, time);
      return;
    case "step_started":
      startStep(fold, event.step, seq, time);
      return;
    case "text_delta":
    case "thinking_delta":
      if (fold.modelCall) fold.modelCall.first ??= time;
      return;
    case "message":
      if (event.role !== "assistant") return;
      finish(fold.modelCall, time, "ok");
      if (event.usage) {
        count(fold, event.usage);
        fold.counted = true;
      }
      return;
    case "tool_call":
      proposed(fold, event, seq, time);
      return;
    case "approval_requested":
      asked(fold, event, seq, time);
      return;
    case "approval_decided":
      decided(fold, event, seq, time);
      return;
    case "tool_started":
      acts(fold, event.call, seq, time);
      return;
    case "files_changed": {
      const call = fold.calls.get(event.call);
      if (call) call.changed += event.files.length + (event.more ?? 0);
      return;
    }
    case "tool_finished":
      finished(fold, event, time);
      return;
    case "step_finished":
      if (!fold.counted) count(fold, event.usage);
      fold.counted = false;
      finish(fold.modelCall, time, "ok");
      if (fold.step) finishAll(fold.step, time, "ok");
      fold.step = null;
      return;
    case "retrying":
      retrying(fold, event, seq, time);
      return;
    case "run_finished":
      // One that is not stored stands still, and can go on.
      if (seq === 0) cutOff(fold, time);
      else endRun(fold, event, time);
      return;
    case "changes_reverted": {
      const about = `${event.restored.length} put back${event.left.length > 0 ? `, ${event.left.length} left` : ""}`;
      begin(fold, null, "revert", seq, time, { name: "undo", about, end: time, state: "ok", result: { ...event } });
      return;
    }
    case "session_renamed":
    case "tool_output":
    case "revert_started":
    case "rule_revoked":
    case "input_error":
      return;
    default:
      unknownEvent(event);
  }
}

/** What was under way ended with the program that ran it, at the last time that is known of it. */
function resumed(fold: TraceFold): void {
  cutOff(fold, fold.last);
}

/** All but the turn is cut off: the turn can go on. */
function cutOff(fold: TraceFold, time: number): void {
  for (const child of fold.turn?.children ?? []) if (child.end === null) finishAll(child, time, "cut");
  fold.step = null;
  fold.modelCall = null;
}

function said(fold: TraceFold, text: string, seq: number, time: number): void {
  const about = line(text);
  if (fold.turn) {
    begin(fold, fold.turn, "said", seq, time, { name: "you said", about, end: time, state: "ok", args: text });
    return;
  }
  const turns = fold.roots.filter((root) => root.kind === "turn").length;
  fold.turn = begin(fold, null, "turn", seq, time, { name: `Turn ${turns + 1}`, about, args: text });
}

function startStep(fold: TraceFold, step: number, seq: number, time: number): void {
  if (fold.step) finishAll(fold.step, time, "ok");
  fold.turn ??= begin(fold, null, "turn", seq, time, { name: "Turn" });
  fold.step = begin(fold, fold.turn, "step", seq, time, { name: `Step ${step}` });
  fold.modelCall = begin(fold, fold.step, "model", seq, time, { name: "model call" });
  fold.counted = false;
}

function count(fold: TraceFold, usage: StepUsage): void {
  for (const span of [fold.modelCall, fold.step, fold.turn]) {
    if (span) span.usage = add(span.usage, usage);
  }
}

/** The sum of what two took. */
export function add(one: StepUsage | null, other: StepUsage): StepUsage {
  if (one === null) return { ...other };
  return {
    input_tokens: one.input_tokens + other.input_tokens,
    output_tokens: one.output_tokens + other.output_tokens,
    cache_read_tokens: one.cache_read_tokens + other.cache_read_tokens,
    cache_write_tokens: one.cache_write_tokens + other.cache_write_tokens,
  };
}

function proposed(fold: TraceFold, event: Of<"tool_call">, seq: number, time: number): void {
  // A journal without the message ends the model call here.
  finish(fold.modelCall, time, "ok");
  const there = fold.calls.get(event.call);
  if (there) {
    // A run that goes on may name a call again.
    there.args = event.args;
    there.cut = event.cut ?? 0;
    return;
  }
  const { args, cut = 0 } = event;
  const more = { name: event.tool, about: aboutArgs(args), call: event.call, args, cut };
  fold.calls.set(event.call, begin(fold, fold.step ?? fold.turn, "call", seq, time, more));
}

function asked(fold: TraceFold, event: Of<"approval_requested">, seq: number, time: number): void {
  const call = fold.calls.get(event.call) ?? null;
  // The same card with another revision is one wait.
  const there = fold.approvals.get(event.approval);
  if (there && there.end === null) {
    there.reasons = event.reasons;
    return;
  }
  const stale = event.replaces === undefined ? undefined : fold.approvals.get(event.replaces);
  if (stale) finish(stale, time, "cut");
  // A command that is put to the person again was refused something: that act is over.
  finish(openChild(call, "act"), time, "failed");
  reopen(fold, call);
  const more = { name: `card: ${event.kind}`, about: event.display.shown, call: event.call, reasons: event.reasons };
  const wait = begin(fold, call ?? fold.step ?? fold.turn, "approval", seq, time, { ...more, state: "wait" });
  fold.approvals.set(event.approval, wait);
  if (call) call.state = "wait";
}

/** A call that was cut off and goes on after all. */
function reopen(fold: TraceFold, call: Span | null): void {
  for (let one: Span | null = call; one !== null && one !== fold.turn; one = one.parent) {
    if (one.end === null || one.state !== "cut") return;
    one.end = null;
    one.state = "open";
    if (one.kind === "step") fold.step = one;
  }
}

function decided(fold: TraceFold, event: Of<"approval_decided">, seq: number, time: number): void {
  const call = fold.calls.get(event.call) ?? null;
  const denied = event.decision === "deny";
  const state: SpanState = denied ? "refused" : event.decision === "void" ? "cut" : "ok";
  let span = fold.approvals.get(event.approval);
  if (!span) {
    // The policy decided at once, or the card was told before this page listened.
    const more = { name: event.by === "policy" ? "policy" : "decision", about: event.rule ?? "", call: event.call };
    span = begin(fold, call ?? fold.step ?? fold.turn, "approval", seq, time, more);
    fold.approvals.set(event.approval, span);
  }
  span.verdict = {
    decision: event.decision,
    by: event.by,
    rule: event.rule ?? "",
    feedback: event.feedback ?? "",
  };
  finish(span, time, state);
  if (call && call.end === null) call.state = "open";
}

function acts(fold: TraceFold, id: string, seq: number, time: number): void {
  const call = fold.calls.get(id);
  if (!call) return;
  reopen(fold, call);
  begin(fold, call, "act", seq, time, { name: call.name, about: call.about, call: id });
}

function finished(fold: TraceFold, event: Of<"tool_finished">, time: number): void {
  const call = fold.calls.get(event.call);
  if (!call) return;
  call.result = event.result;
  call.exitCode = event.exit_code ?? null;
  const verdict = lastVerdict(call);
  const refused = verdict?.decision === "deny" && !call.children.some((child) => child.kind === "act");
  const state: SpanState = event.ok ? "ok" : refused ? "refused" : "failed";
  // What was cut off stays so: its end came when the program looked at it again.
  finish(openChild(call, "act"), time, state);
  finish(openChild(call, "approval"), time, "cut");
  finish(call, time, state);
}

/** The last decision on a call; null where none was taken. */
function lastVerdict(call: Span): Span["verdict"] {
  return call.children.findLast((child) => child.verdict !== null)?.verdict ?? null;
}

function openChild(call: Span | null, kind: Span["kind"]): Span | null {
  return call?.children.findLast((child) => child.kind === kind && child.end === null) ?? null;
}

function retrying(fold: TraceFold, event: Of<"retrying">, seq: number, time: number): void {
  if (fold.modelCall) fold.modelCall.first = null;
  const about = `attempt ${event.attempt}: ${line(event.error)}`;
  const more = { name: "retry", about, args: event.error, end: time + event.wait_ms, state: "failed" as const };
  begin(fold, fold.step ?? fold.turn, "retry", seq, time, more);
}

const ENDS: Record<RunEnd, SpanState> = {
  end_turn: "ok",
  max_steps: "failed",
  interrupted: "cut",
  refused: "refused",
  error: "failed",
};

function endRun(fold: TraceFold, event: Of<"run_finished">, time: number): void {
  const state = ENDS[event.reason];
  if (fold.modelCall && event.reason === "error") finish(fold.modelCall, time, "failed");
  if (fold.turn) {
    fold.turn.ended = event.reason;
    fold.turn.result = event.error ?? null;
    finishAll(fold.turn, time, state);
  }
  fold.turn = null;
  fold.step = null;
  fold.modelCall = null;
  fold.approvals.clear();
}

const ABOUT = ["path", "command", "pattern"];

/** What a call is about: the argument that says it. */
function aboutArgs(args: unknown): string {
  if (typeof args !== "object" || args === null) return "";
  const said = Object.entries(args).find(([name, value]) => ABOUT.includes(name) && typeof value === "string");
  return said ? line(String(said[1])) : "";
}

function line(text: string): string {
  const first = text.trim().split("\n", 1)[0] ?? "";
  return first.length > 200 ? `${first.slice(0, 199)}…` : first;
}

/** A newer backend may send what this page does not know; it is passed over. */
function unknownEvent(_event: never): void {}
