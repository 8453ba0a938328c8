import { describe, expect, it } from "vitest";
import type { Event } from "../src/protocol/Event";
import { fold } from "../src/state/fold";
import { emptySession, type SessionFold, type ToolItem } from "../src/state/items";
import { plainRows } from "../src/state/output";
import { envelopes, execCard, USAGE } from "./envelopes";

function folded(...events: Event[]): SessionFold {
  const state = emptySession("s");
  for (const envelope of envelopes(events)) fold(state, envelope);
  return state;
}

function tool(state: SessionFold, call: string): ToolItem {
  const item = state.items[state.calls.get(call) ?? -1];
  if (item?.kind !== "tool") throw new Error(`no row of ${call}`);
  return item;
}

const CALL: Event = { type: "tool_call", call: "c", tool: "exec", args: { command: "npm test" } };
const STARTED: Event = { type: "tool_started", call: "c" };
const FINISHED: Event = { type: "tool_finished", call: "c", ok: true, result: {}, duration_ms: 12, exit_code: 0 };
const approve: Event = { type: "approval_decided", approval: "a", call: "c", decision: "approve", by: "user" };

describe("messages", () => {
  it("streams into one item and ends as the finished message says", () => {
    const state = folded(
      { type: "step_started", step: 1 },
      { type: "thinking_delta", text: "Hm" },
      { type: "text_delta", text: "Hel" },
      { type: "text_delta", text: "lo" },
    );
    expect(state.items).toEqual([{ kind: "assistant", id: 0, thinking: "Hm", text: "Hello", streaming: true }]);
    fold(state, {
      seq: 2,
      session: "s",
      time: "",
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: "Hello." }],
    });
    expect(state.items).toEqual([{ kind: "assistant", id: 0, thinking: "", text: "Hello.", streaming: false }]);
  });

  it("draws nothing for the tool results that are sent as the user, and for a message of calls alone", () => {
    const state = folded(
      {
        type: "message",
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "c", content: "{}", is_error: false }],
      },
      { type: "message", role: "assistant", content: [{ type: "tool_use", id: "c", name: "exec", input: {} }] },
    );
    expect(state.items).toEqual([]);
  });

  it("starts the message over on a retry, so that no word stands there twice", () => {
    const state = folded(
      { type: "step_started", step: 1 },
      { type: "text_delta", text: "Half" },
      { type: "retrying", attempt: 2, wait_ms: 1500, error: "The server closed the connection." },
      { type: "text_delta", text: "Whole" },
    );
    expect(state.items.map((item) => (item.kind === "assistant" ? item.text : item.kind))).toEqual([
      "",
      "notice",
      "Whole",
    ]);
    expect(state.items[1]).toMatchObject({
      text: "The server closed the connection. Trying again in 1.5 s (attempt 2).",
    });
  });

  it("takes the title from the first message", () => {
    const state = folded({ type: "user_message", text: "Fix it\nplease" }, { type: "user_message", text: "And this" });
    expect(state.title).toBe("Fix it");
  });

  it("folds 20,000 pieces into one text", () => {
    const pieces = Array.from({ length: 20_000 }, (_, at): Event => ({ type: "text_delta", text: `${at % 10}` }));
    const state = folded({ type: "step_started", step: 1 }, ...pieces);
    expect(state.items).toHaveLength(1);
    expect(state.items[0]).toMatchObject({ kind: "assistant", text: "0123456789".repeat(2000) });
  });
});

describe("tool calls", () => {
  it.each<[string, Event[], Partial<ToolItem>]>([
    ["proposed", [CALL], { state: "proposed", decision: "" }],
    ["waiting", [CALL, execCard("a", "c")], { state: "waiting" }],
    ["approved", [CALL, execCard("a", "c"), approve], { state: "proposed", decision: "approved by you" }],
    [
      "approved with its limits turned",
      [CALL, execCard("a", "c"), { ...approve, confine: false, network: false }],
      { state: "proposed", decision: "approved by you, UNCONFINED, without the network" },
    ],
    ["running", [CALL, execCard("a", "c"), approve, STARTED], { state: "running" }],
    ["done", [CALL, execCard("a", "c"), approve, STARTED, FINISHED], { state: "done", duration: 12, exitCode: 0 }],
    ["failed", [CALL, STARTED, { ...FINISHED, ok: false, exit_code: 1 }], { state: "failed", exitCode: 1 }],
    [
      "denied",
      [
        CALL,
        execCard("a", "c"),
        { type: "approval_decided", approval: "a", call: "c", decision: "deny", feedback: "use pnpm", by: "user" },
        { type: "tool_finished", call: "c", ok: false, result: { error: "denied" }, duration_ms: 0 },
      ],
      { state: "refused", decision: "denied by you: use pnpm" },
    ],
    [
      "refused by a rule",
      [CALL, { type: "approval_decided", approval: "a", call: "c", decision: "deny", by: "policy", rule: "deny rm *" }],
      { state: "refused", decision: "refused by the guard (deny rm *)" },
    ],
    [
      "allowed by a rule",
      [CALL, { type: "approval_decided", approval: "a", call: "c", decision: "approve", by: "policy", rule: "npm *" }],
      { state: "proposed", decision: "allowed by a rule (npm *)" },
    ],
    [
      "for the session",
      [
        CALL,
        { type: "approval_decided", approval: "a", call: "c", decision: "approve_session", by: "user", scope: "file" },
      ],
      { decision: "approved for this session: edits to this file" },
    ],
  ])("%s", (_name, events, expected) => {
    expect(tool(folded(...events), "c")).toMatchObject(expected);
  });

  it("keeps what a call prints and counts it", () => {
    const line = "x".repeat(1000);
    const pieces = Array.from(
      { length: 600 },
      (): Event => ({ type: "tool_output", call: "c", stream: "stdout", text: line }),
    );
    const row = tool(
      folded(CALL, STARTED, ...pieces, { type: "tool_output", call: "c", stream: "stderr", text: "END" }),
      "c",
    );
    expect(row.output && plainRows(row.output.rows()).endsWith("END")).toBe(true);
    expect(row.printed).toBe(600_003);
  });

  it("passes over what names no call", () => {
    const state = folded(STARTED, { type: "tool_output", call: "x", stream: "stdout", text: "?" }, FINISHED);
    expect(state.items).toEqual([]);
  });
});

describe("approvals", () => {
  const open = (state: SessionFold): string[] => [...state.approvals.keys()];

  it("keeps open proposals in the order in which they came", () => {
    expect(open(folded(execCard("a", "c"), execCard("b", "d")))).toEqual(["a", "b"]);
  });

  it("gives the proposal that replaces a stale one its place", () => {
    const state = folded(execCard("a", "c"), execCard("b", "d"), execCard("e", "c", { replaces: "a" }));
    expect(open(state)).toEqual(["e", "b"]);
  });

  it("closes a void proposal, and the call waits again with the new one", () => {
    const state = folded(CALL, execCard("a", "c"), {
      type: "approval_decided",
      approval: "a",
      call: "c",
      decision: "void",
      by: "policy",
    });
    expect(open(state)).toEqual([]);
    expect(tool(state, "c").state).toBe("proposed");
    for (const envelope of envelopes([execCard("b", "c", { replaces: "a" })], "s", 4)) fold(state, envelope);
    expect(open(state)).toEqual(["b"]);
    expect(tool(state, "c").state).toBe("waiting");
  });

  it("tells of a command that ran and was not let run again as what it is", () => {
    const again: Event[] = [CALL, execCard("a", "c"), approve, STARTED, execCard("b", "c", { replaces: "a" })];
    const state = folded(...again);
    expect(open(state)).toEqual(["b"]);
    expect(tool(state, "c").state).toBe("waiting");
    const rest: Event[] = [
      { type: "approval_decided", approval: "b", call: "c", decision: "deny", by: "user", feedback: "no" },
      { ...FINISHED, exit_code: 1 },
    ];
    for (const envelope of envelopes(rest, "s", 6)) fold(state, envelope);
    expect(tool(state, "c")).toMatchObject({
      state: "done",
      exitCode: 1,
      decision: "approved by you; to run it again: denied by you: no",
    });
    const lost: Event = { type: "approval_decided", approval: "b", call: "c", decision: "void", by: "policy" };
    const left = folded(...again, lost, { ...FINISHED, exit_code: 1 });
    expect(tool(left, "c")).toMatchObject({ state: "done", decision: "approved by you" });
  });

  it("shows a card that comes again after a restart once", () => {
    const state = folded(execCard("a", "c"), execCard("a", "c", { revision: 2 }));
    expect(open(state)).toEqual(["a"]);
    expect(state.approvals.get("a")?.revision).toBe(2);
  });

  it("tells those who watch of each change", () => {
    const state = folded(execCard("a", "c"), approve);
    expect(state.approvalsVersion).toBe(2);
  });
});

describe("runs", () => {
  it("ends with the reason, and nothing streams on", () => {
    const state = folded(
      { type: "step_started", step: 3 },
      { type: "text_delta", text: "Half" },
      { type: "run_finished", reason: "interrupted" },
    );
    expect(state.running).toBe(false);
    expect(state.step).toBe(3);
    expect(state.items).toMatchObject([
      { kind: "assistant", text: "Half", streaming: false },
      { kind: "end", reason: "interrupted" },
    ]);
  });

  it("adds up what the steps took, the cache included", () => {
    const state = folded(
      { type: "step_finished", step: 1, usage: USAGE },
      { type: "step_finished", step: 2, usage: USAGE },
    );
    expect(state.tokens).toEqual({ input: 212, output: 20 });
  });

  it("takes a stored envelope in once", () => {
    const state = emptySession("s");
    const batch = envelopes([{ type: "user_message", text: "Once" }]);
    for (const envelope of [...batch, ...batch]) fold(state, envelope);
    expect(state.items).toHaveLength(1);
  });

  it("shows why an input was refused", () => {
    expect(folded({ type: "input_error", error: "That card was decided already." }).items).toEqual([
      { kind: "notice", id: 0, text: "That card was decided already." },
    ]);
  });

  it("says which rule the person ended", () => {
    expect(folded({ type: "rule_revoked", rule: "r1", shown: "npm test" }).items).toEqual([
      { kind: "notice", id: 0, text: "You ended the rule npm test. It asks again.", calm: true },
    ]);
  });

  it("passes over an event that a newer program may send", () => {
    const state = emptySession("s");
    fold(state, { seq: 1, session: "s", time: "", type: "from_the_future" } as never);
    expect(state.seq).toBe(1);
    expect(state.items).toEqual([]);
  });
});
