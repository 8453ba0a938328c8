import { describe, expect, it } from "vitest";
import type { Envelope } from "../src/protocol/Envelope";
import type { Event } from "../src/protocol/Event";
import { otlp } from "../src/state/otlp";
import { emptyTrace, type Span, spent, type TraceFold, waited } from "../src/state/spans";
import { trace } from "../src/state/trace";
import { barOf, NO_FILTER, traceRows } from "../src/state/tracerows";
import { execCard, USAGE } from "./envelopes";

const UNSTORED = new Set(["text_delta", "thinking_delta", "tool_output"]);
const START = Date.UTC(2025, 0, 15, 9);

/** Events, each some milliseconds after the start. */
function timed(events: readonly (readonly [number, Event])[]): Envelope[] {
  let seq = 0;
  return events.map(([ms, event]) => {
    const stored = !UNSTORED.has(event.type);
    if (stored) seq += 1;
    return { ...(stored ? { seq } : {}), session: "s", time: new Date(START + ms).toISOString(), ...event };
  });
}

function traced(events: readonly (readonly [number, Event])[]): TraceFold {
  const fold = emptyTrace("s");
  for (const envelope of timed(events)) trace(fold, envelope);
  return fold;
}

const STARTED: Event = {
  type: "session_started",
  workspace: "/w",
  provider: "anthropic",
  model: "m1",
  policy: { exec_security: "approval-always", file_approval: "always", confine: true, allow: [] },
};

const ONE: readonly (readonly [number, Event])[] = [
  [0, STARTED],
  [100, { type: "user_message", text: "Fix it\nplease" }],
  [110, { type: "step_started", step: 1 }],
  [600, { type: "text_delta", text: "I" }],
  [1110, { type: "message", role: "assistant", content: [], usage: USAGE }],
  [1111, { type: "tool_call", call: "r", tool: "read", args: { path: "a.ts" } }],
  [1112, { type: "tool_started", call: "r" }],
  [1114, { type: "tool_finished", call: "r", ok: true, result: { content: "needle" }, duration_ms: 2 }],
  [1120, { type: "tool_call", call: "x", tool: "exec", args: { command: "npm test" } }],
  [1121, execCard("a", "x")],
  [4121, { type: "approval_decided", approval: "a", call: "x", decision: "approve", by: "user" }],
  [4130, { type: "tool_started", call: "x" }],
  [5930, { type: "tool_finished", call: "x", ok: false, result: {}, duration_ms: 1800, exit_code: 1 }],
  [5940, { type: "step_finished", step: 1, usage: USAGE }],
  [5950, { type: "run_finished", reason: "end_turn" }],
];

/** Every span as `kind name state duration`, indented. */
function drawn(fold: TraceFold, now = START + 10_000): string[] {
  return traceRows(fold, new Set(), NO_FILTER).map(
    ({ span, depth }) => `${"  ".repeat(depth)}${span.kind} ${span.name} ${span.state} ${spent(span, now)}`,
  );
}

const find = (fold: TraceFold, id: string): Span => {
  const row = traceRows(fold, new Set(), NO_FILTER).find(({ span }) => span.id === id);
  if (!row) throw new Error(`no span ${id}`);
  return row.span;
};

describe("the trace", () => {
  it("is turns, steps, model calls, calls, waits and acts, with the times between envelopes", () => {
    const fold = traced(ONE);
    expect(drawn(fold)).toEqual([
      "turn Turn 1 ok 5850",
      "  step Step 1 ok 5830",
      "    model model call ok 1000",
      "    call read ok 3",
      "    call exec failed 4810",
      "      approval card: exec ok 3000",
      "      act exec failed 1800",
    ]);
    const [turn] = fold.roots;
    if (!turn) throw new Error("no turn");
    expect(turn.about).toBe("Fix it");
    expect(waited(turn, 0)).toBe(3000);
    expect(find(fold, "model-3").first).toBe(START + 600);
  });

  it("counts the tokens of a step once, and sums them up", () => {
    const fold = traced([
      ...ONE,
      [6000, { type: "user_message", text: "More" }],
      [6001, { type: "step_started", step: 1 }],
      [6002, { type: "step_finished", step: 1, usage: USAGE }],
      [6003, { type: "step_started", step: 2 }],
      [6004, { type: "step_finished", step: 2, usage: USAGE }],
    ]);
    expect(fold.roots.map((root) => root.usage?.input_tokens)).toEqual([100, 200]);
    expect(fold.roots[1]?.children[0]?.usage).toEqual(USAGE);
  });

  it("takes a stored envelope once", () => {
    const fold = traced(ONE);
    const count = fold.count;
    for (const envelope of timed(ONE)) trace(fold, envelope);
    expect(fold.count).toBe(count);
  });

  it("is open while it runs, and waits while a card does", () => {
    const fold = traced(ONE.slice(0, 10));
    expect(drawn(fold, START + 2121)).toEqual([
      "turn Turn 1 open 2021",
      "  step Step 1 open 2011",
      "    model model call ok 1000",
      "    call read ok 3",
      "    call exec wait 1001",
      "      approval card: exec wait 1000",
    ]);
  });

  it("keeps the acts of a command that is put to the person again apart", () => {
    const fold = traced([
      ...ONE.slice(0, 12),
      [5000, execCard("b", "x", { replaces: "a" })],
      [6000, { type: "approval_decided", approval: "b", call: "x", decision: "approve", by: "user" }],
      [6001, { type: "tool_started", call: "x" }],
      [7001, { type: "tool_finished", call: "x", ok: true, result: {}, duration_ms: 1000 }],
    ]);
    expect(drawn(fold).slice(4)).toEqual([
      "    call exec ok 5881",
      "      approval card: exec ok 3000",
      "      act exec failed 870",
      "      approval card: exec ok 1000",
      "      act exec ok 1000",
    ]);
  });

  it("tells what was refused from what failed, and who decided", () => {
    const fold = traced([
      ...ONE.slice(0, 10),
      [2000, { type: "approval_decided", approval: "a", call: "x", decision: "deny", by: "user", feedback: "No" }],
      [2001, { type: "tool_finished", call: "x", ok: false, result: {}, duration_ms: 0 }],
      [2002, { type: "tool_call", call: "y", tool: "exec", args: { command: "ls" } }],
      [2003, { type: "approval_decided", approval: "p", call: "y", decision: "approve", by: "policy", rule: "ls" }],
      [2004, { type: "tool_started", call: "y" }],
      [2006, { type: "tool_finished", call: "y", ok: true, result: {}, duration_ms: 2 }],
    ]);
    expect(drawn(fold).slice(4)).toEqual([
      "    call exec refused 881",
      "      approval card: exec refused 879",
      "    call exec ok 4",
      "      approval policy ok 0",
      "      act exec ok 2",
    ]);
    // The policy keeps no one waiting.
    const [turn] = fold.roots;
    expect(turn && waited(turn, START + 9000)).toBe(879);
  });

  it("what waits side by side counts once", () => {
    const fold = traced([
      ...ONE.slice(0, 10),
      [1200, { type: "tool_call", call: "y", tool: "exec", args: { command: "ls" } }],
      [1221, execCard("b", "y")],
      [2121, { type: "approval_decided", approval: "a", call: "x", decision: "approve", by: "user" }],
      [3121, { type: "approval_decided", approval: "b", call: "y", decision: "approve", by: "user" }],
    ]);
    const [turn] = fold.roots;
    expect(turn && waited(turn, START + 9000)).toBe(2000);
  });

  it("cuts off what ran when the program ended, at the last time that is known, and goes on", () => {
    const fold = traced([
      ...ONE.slice(0, 10),
      [900_000, { type: "session_resumed" }],
      [900_001, execCard("a", "x")],
      [901_001, { type: "approval_decided", approval: "a", call: "x", decision: "approve", by: "user" }],
      [901_002, { type: "tool_started", call: "x" }],
      [901_102, { type: "tool_finished", call: "x", ok: true, result: {}, duration_ms: 100 }],
      [901_103, { type: "step_started", step: 2 }],
      [901_104, { type: "run_finished", reason: "error", error: "No network." }],
    ]);
    expect(drawn(fold).slice(1)).toEqual([
      "  step Step 1 ok 900993",
      "    model model call ok 1000",
      "    call read ok 3",
      "    call exec ok 899982",
      "      approval card: exec cut 0",
      "      approval card: exec ok 1000",
      "      act exec ok 100",
      "  step Step 2 failed 1",
      "    model model call failed 1",
    ]);
    expect(fold.roots[0]?.state).toBe("failed");
    expect(fold.roots[0]?.result).toBe("No network.");
  });

  it("shows attempts that failed, words said meanwhile, and what was taken back", () => {
    const fold = traced([
      ...ONE.slice(0, 3),
      [200, { type: "retrying", attempt: 2, wait_ms: 1500, error: "Too many requests." }],
      [300, { type: "user_message", text: "Use cents" }],
      [400, { type: "run_finished", reason: "interrupted" }],
      [500, { type: "changes_reverted", act: "r", scope: { scope: "session" }, restored: ["a"], left: [] }],
    ]);
    expect(drawn(fold)).toEqual([
      "turn Turn 1 cut 300",
      "  step Step 1 cut 290",
      "    model model call cut 290",
      "    retry retry failed 1500",
      "  said you said ok 0",
      "revert undo ok 0",
    ]);
  });
});

describe("the rows of the trace", () => {
  const ids = (fold: TraceFold, more: Partial<typeof NO_FILTER>, folded: string[] = []): string[] =>
    traceRows(fold, new Set(folded), { ...NO_FILTER, ...more }).map((row) => row.span.id);

  it("fold", () => {
    expect(ids(traced(ONE), {}, ["step-3"])).toEqual(["turn-2", "step-3"]);
  });

  it("are found by kind, failure and words, with what they stand in, also where that is folded", () => {
    const fold = traced(ONE);
    expect(ids(fold, { show: "wait" }, ["step-3"])).toEqual(["turn-2", "step-3", "call-8", "approval-9"]);
    expect(ids(fold, { show: "model" })).toEqual(["turn-2", "step-3", "model-3"]);
    expect(ids(fold, { failures: true })).toEqual(["turn-2", "step-3", "call-8", "act-11"]);
    expect(ids(fold, { words: "NEEDLE  read" })).toEqual(["turn-2", "step-3", "call-5"]);
    expect(ids(fold, { words: "needle", show: "model" })).toEqual([]);
  });

  it("hold bars against their turn", () => {
    const fold = traced(ONE);
    const bar = barOf(find(fold, "approval-9"), 0);
    expect(bar.left).toBeCloseTo(17.45, 1);
    expect(bar.width).toBeCloseTo(51.28, 1);
    expect(barOf(find(fold, "turn-2"), 0)).toEqual({ left: 0, width: 100 });
  });

  it("of five thousand steps are all there", () => {
    const fold = emptyTrace("s");
    let seq = 0;
    const add = (event: Event): void => {
      seq += 1;
      trace(fold, { seq, session: "s", time: new Date(START + seq).toISOString(), ...event });
    };
    add({ type: "user_message", text: "Go" });
    for (let step = 1; step <= 5000; step += 1) {
      add({ type: "step_started", step });
      add({ type: "tool_call", call: `c${step}`, tool: "read", args: { path: `${step}.ts` } });
      add({ type: "tool_started", call: `c${step}` });
      add({ type: "tool_finished", call: `c${step}`, ok: step % 1000 !== 0, result: {}, duration_ms: 1 });
      add({ type: "step_finished", step, usage: USAGE });
    }
    expect(traceRows(fold, new Set(), NO_FILTER)).toHaveLength(15_001);
    expect(fold.roots[0]?.usage?.output_tokens).toBe(50_000);
    expect(traceRows(fold, new Set(), { ...NO_FILTER, failures: true })).toHaveLength(11);
  });
});

describe("the trace for OpenTelemetry", () => {
  const fold = traced([...ONE, [6000, { type: "user_message", text: "secret words" }]]);
  const { spans } = otlp(fold, "0.1.0").resourceSpans[0]?.scopeSpans[0] ?? { spans: [] };
  const named = (name: string): (typeof spans)[number] => {
    const found = spans.find((span) => span.name === name);
    if (!found) throw new Error(`no ${name} among ${spans.map((span) => span.name)}`);
    return found;
  };
  const said = (name: string): Record<string, unknown> =>
    Object.fromEntries(named(name).attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

  it("gives ids of 16 and 8 bytes, a trace a turn, the same each time", () => {
    for (const span of spans) {
      expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
    }
    expect(new Set(spans.map((span) => span.spanId)).size).toBe(spans.length);
    expect(new Set(spans.map((span) => span.traceId)).size).toBe(2);
    expect(otlp(fold, "0.1.0").resourceSpans[0]?.scopeSpans[0]?.spans).toEqual(spans);
    const roots = spans.filter((span) => span.parentSpanId === undefined);
    expect(roots.map((span) => span.name)).toEqual(["invoke_agent countersign", "invoke_agent countersign"]);
    const known = new Set(spans.map((span) => span.spanId));
    expect(spans.every((span) => span.parentSpanId === undefined || known.has(span.parentSpanId))).toBe(true);
  });

  it("hashes as FNV-1a does", () => {
    // Of "s/2/turn" and "s/2", by another program.
    expect(named("invoke_agent countersign").spanId).toBe("55bf7ac1eaba661f");
    expect(named("invoke_agent countersign").traceId).toBe("a68db519878b5822836dbc7999f01137");
  });

  it("speaks the conventions for generative AI", () => {
    expect(said("chat m1")).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "anthropic",
      "gen_ai.request.model": "m1",
      "gen_ai.usage.input_tokens": "106",
      "gen_ai.usage.output_tokens": "10",
      "gen_ai.usage.cache_read.input_tokens": "5",
      "gen_ai.usage.cache_creation.input_tokens": "1",
      "gen_ai.conversation.id": "s",
    });
    expect(said("execute_tool exec")).toMatchObject({ "gen_ai.tool.name": "exec", "gen_ai.tool.call.id": "x" });
    expect(said("wait for the person")).toMatchObject({ "countersign.approval.decision": "approve" });
    expect(named("chat m1").kind).toBe(3);
    expect(named("execute_tool exec").status).toEqual({ code: 2 });
    expect(BigInt(named("chat m1").endTimeUnixNano) - BigInt(named("chat m1").startTimeUnixNano)).toBe(1_000_000_000n);
  });

  it("tells nothing of what was said, read or run", () => {
    const text = JSON.stringify(otlp(fold, "0.1.0"));
    for (const word of ["secret words", "npm test", "a.ts", "needle", "Fix it"]) expect(text).not.toContain(word);
  });
});
