import type { DecidedBy } from "../protocol/DecidedBy";
import type { Decision } from "../protocol/Decision";
import type { RunEnd } from "../protocol/RunEnd";
import type { StepUsage } from "../protocol/StepUsage";

/**
 * What a span is: a run of the agent, one of its steps, the model call or a tool call in it, a proposal that was
 * decided, the act itself, a model call that failed and is tried again, words said while it ran, a taking back.
 */
export type SpanKind = "turn" | "step" | "model" | "call" | "approval" | "act" | "retry" | "said" | "revert";

/** `open` runs still; `wait` waits for the person; `cut` was cut off, and nothing says that it failed by itself. */
export type SpanState = "open" | "wait" | "ok" | "failed" | "refused" | "cut";

/** How a proposal was decided. */
interface Verdict {
  decision: Decision;
  by: DecidedBy;
  /** The rule that decided, where the policy did. */
  rule: string;
  /** The person's words to the model. */
  feedback: string;
}

/** One stretch of a session. */
export interface Span {
  /** Stays the same however often the session is read. */
  id: string;
  kind: SpanKind;
  /** The place of the envelope that opened it. */
  seq: number;
  parent: Span | null;
  children: Span[];
  /** What it is called; foreign text. */
  name: string;
  /** What it is about, in one line; foreign text. */
  about: string;
  /** Milliseconds since 1970. */
  start: number;
  /** The same; null while it is open. */
  end: number | null;
  state: SpanState;
  /** What it took: of a model call, and summed up of a step and a turn. */
  usage: StepUsage | null;
  /** When the first piece of a model's answer came; null where nobody was there to see. */
  first: number | null;
  /** A call's id. */
  call: string;
  args: unknown;
  /** Characters of long arguments that are not among them. */
  cut: number;
  result: unknown;
  exitCode: number | null;
  /** How many files a call changed. */
  changed: number;
  /** Why a proposal asked. */
  reasons: readonly string[];
  verdict: Verdict | null;
  ended: RunEnd | null;
}

/** The trace of one session after the envelopes so far. */
export interface TraceFold {
  session: string;
  /** The place of the last stored envelope; 0 before the first. */
  seq: number;
  provider: string;
  model: string;
  /** Turns, and what was taken back between them. */
  roots: Span[];
  /** How many spans there are. */
  count: number;
  /** The turn, the step and the model call under way. */
  turn: Span | null;
  step: Span | null;
  modelCall: Span | null;
  calls: Map<string, Span>;
  approvals: Map<string, Span>;
  /** What is told before its turn began keeps its time. */
  last: number;
  /** Whether the step's message told already what the step took. */
  counted: boolean;
}

export function emptyTrace(session: string): TraceFold {
  return {
    session,
    seq: 0,
    provider: "",
    model: "",
    roots: [],
    count: 0,
    turn: null,
    step: null,
    modelCall: null,
    calls: new Map(),
    approvals: new Map(),
    last: 0,
    counted: false,
  };
}

/** Begins a span under `parent`, or at the top. */
export function begin(
  fold: TraceFold,
  parent: Span | null,
  kind: SpanKind,
  seq: number,
  start: number,
  more: Partial<Span>,
): Span {
  const among = parent === null ? fold.roots : parent.children;
  fold.count += 1;
  const span: Span = {
    // Spans of one kind do not share a place, but for those that live events open: their number tells them apart.
    id: seq > 0 ? `${kind}-${seq}` : `${kind}-live-${fold.count}`,
    kind,
    seq,
    parent,
    children: [],
    name: kind,
    about: "",
    start,
    end: null,
    state: "open",
    usage: null,
    first: null,
    call: "",
    args: null,
    cut: 0,
    result: null,
    exitCode: null,
    changed: 0,
    reasons: [],
    verdict: null,
    ended: null,
    ...more,
  };
  among.push(span);
  return span;
}

/** Ends a span that is open; one that ended keeps its end. */
export function finish(span: Span | null, end: number, state: SpanState): void {
  if (span === null || span.end !== null) return;
  // A clock that was set back makes no span that ends before it begins.
  span.end = Math.max(span.start, end);
  span.state = state;
}

/** Ends a span, and all that is open in it: steps end as it does, and what they did is cut off. */
export function finishAll(span: Span, end: number, state: SpanState): void {
  // What is open stands under what is open: the rest is not gone through.
  for (let at = span.children.length - 1; at >= 0; at -= 1) {
    const child = span.children[at];
    if (child && child.end === null) finishAll(child, end, child.kind === "step" ? state : "cut");
  }
  finish(span, end, state);
}

/** How long it took so far, in milliseconds. */
export function spent(span: Span, now: number): number {
  return Math.max(0, (span.end ?? now) - span.start);
}

/** How long of it was spent waiting for the person, in milliseconds; what waited side by side counts once. */
export function waited(span: Span, now: number): number {
  const waits: [number, number][] = [];
  const gather = (one: Span): void => {
    if (isWait(one)) waits.push([one.start, one.end ?? now]);
    for (const child of one.children) gather(child);
  };
  gather(span);
  waits.sort((a, b) => a[0] - b[0]);
  let total = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const [start, end] of waits) {
    total += Math.max(0, end - Math.max(start, until));
    until = Math.max(until, end);
  }
  return total;
}

/** Whether it waits, or waited, for the person. */
export function isWait(span: Span): boolean {
  return span.kind === "approval" && (span.verdict === null || span.verdict.by === "user");
}

/** Whether something went wrong in it: the span itself, not what stands under it. */
export function isFailure(span: Span): boolean {
  return span.state === "failed" || span.state === "refused" || span.state === "cut";
}
