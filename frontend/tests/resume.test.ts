import { describe, expect, it, vi } from "vitest";
import type { ChangeScope } from "../src/protocol/ChangeScope";
import type { Event } from "../src/protocol/Event";
import { fold } from "../src/state/fold";
import { emptySession, type SessionFold, type ToolItem } from "../src/state/items";
import { revertedWords } from "../src/state/revertwords";
import { Session } from "../src/state/session.svelte";
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

const SAID: Event = { type: "user_message", text: "Fix it" };
const STEP: Event = { type: "step_started", step: 1 };
const CALL: Event = { type: "tool_call", call: "c", tool: "exec", args: { command: "npm test" } };
const STARTED: Event = { type: "tool_started", call: "c" };
const RESUMED: Event = { type: "session_resumed" };
const DONE: Event = { type: "run_finished", reason: "end_turn" };

describe("a run that goes on", () => {
  it("shows what was cut off as interrupted, also once the model was told so", () => {
    const state = folded(SAID, STEP, CALL, STARTED, RESUMED);
    expect(tool(state, "c").state).toBe("interrupted");
    expect(state.items.at(-1)).toMatchObject({ kind: "notice", calm: true, about: "resumed" });
    const told: Event = { type: "tool_finished", call: "c", ok: false, result: { error: "…" }, duration_ms: 0 };
    for (const envelope of envelopes([told], "s", 6)) fold(state, envelope);
    expect(tool(state, "c")).toMatchObject({ state: "interrupted", duration: null, began: false });
  });

  it("leaves calls of earlier runs, and those that came to an end, as they are", () => {
    const end: Event = { type: "tool_finished", call: "c", ok: false, result: {}, duration_ms: 5, exit_code: 1 };
    const state = folded(SAID, CALL, STARTED, end, DONE, SAID, RESUMED);
    expect(tool(state, "c").state).toBe("failed");
  });

  it("shows a call that a run left behind as interrupted when the run ends", () => {
    expect(tool(folded(SAID, CALL, STARTED, { type: "run_finished", reason: "interrupted" }), "c").state).toBe(
      "interrupted",
    );
  });

  it("of a finished session is but opened again", () => {
    expect(folded(SAID, DONE, RESUMED).items.at(-1)).toMatchObject({ text: "Opened again.", about: "resumed" });
  });

  it("has not ended where its end was not stored: a disk was full, and what comes next is the same turn", () => {
    const state = folded(SAID, STEP, CALL, STARTED);
    fold(state, { session: "s", time: "", type: "run_finished", reason: "error", error: "The disk is full." });
    expect(state.items.at(-1)).toMatchObject({ kind: "notice", text: "The disk is full." });
    for (const envelope of envelopes([RESUMED, SAID], "s", 5)) fold(state, envelope);
    expect(state.items.at(-1)).toMatchObject({ kind: "user", turn: 0 });
    expect(tool(state, "c").state).toBe("interrupted");
  });

  it("takes away what had streamed of an answer that is asked for again", () => {
    const state = folded(SAID, STEP, { type: "text_delta", text: "Half" }, RESUMED, STEP, {
      type: "text_delta",
      text: "Whole",
    });
    expect(state.items.flatMap((item) => (item.kind === "assistant" ? [item.text] : []))).toEqual(["", "Whole"]);
  });

  it("shows a card again in its place, once, and as the new one", () => {
    const state = folded(CALL, execCard("a", "c"), execCard("b", "d"), RESUMED, execCard("a", "c", { revision: 4 }));
    expect([...state.approvals.values()].map((card) => [card.approval, card.revision])).toEqual([
      ["a", 4],
      ["b", 1],
    ]);
    expect(tool(state, "c").state).toBe("waiting");
    expect(state.approvalsVersion).toBe(3);
  });

  it("shows a card again that had taken another's place", () => {
    const again = execCard("b", "c", { replaces: "a", revision: 2 });
    const state = folded(CALL, execCard("a", "c"), execCard("b", "c", { replaces: "a" }), RESUMED, again);
    expect([...state.approvals.keys()]).toEqual(["b"]);
    expect(state.approvals.get("b")?.revision).toBe(2);
    const late = folded(CALL, execCard("a", "c"), execCard("b", "c"), again);
    expect([...late.approvals.values()].map((card) => [card.approval, card.revision])).toEqual([["b", 2]]);
  });

  it("has one row for a call that is named again", () => {
    const state = folded(CALL, RESUMED, CALL);
    expect(state.items.filter((item) => item.kind === "tool")).toHaveLength(1);
  });
});

describe("turns", () => {
  it("are begun by messages while nothing runs, and steered by others", () => {
    const state = folded(SAID, STEP, { type: "user_message", text: "And this" }, DONE, SAID, RESUMED, SAID);
    const turns = state.items.flatMap((item) => (item.kind === "user" ? [item.turn] : []));
    expect(turns).toEqual([1, 0, 2, 0]);
  });

  it("know their messages' places, to fork from", () => {
    const state = folded(SAID, STEP, DONE, SAID);
    expect(state.items.flatMap((item) => (item.kind === "user" ? [item.seq] : []))).toEqual([1, 4]);
  });
});

describe("what a session tells of itself", () => {
  it("goes by its name, and without one by its first message", () => {
    const named = folded(SAID, { type: "session_renamed", title: "Rounding" });
    expect(named.title).toBe("Rounding");
    for (const envelope of envelopes([{ type: "session_renamed", title: "" }], "s", 3)) fold(named, envelope);
    expect(named.title).toBe("Fix it");
    expect(folded({ type: "session_renamed", title: "Early" }, SAID).title).toBe("Early");
  });

  it("counts what a step took once, whether the message or the step tells it", () => {
    const message: Event = { type: "message", role: "assistant", content: [] };
    const both = folded(STEP, { ...message, usage: USAGE }, { type: "step_finished", step: 1, usage: USAGE });
    const cut = folded(STEP, { ...message, usage: USAGE });
    const old = folded(STEP, message, { type: "step_finished", step: 1, usage: USAGE });
    for (const state of [both, cut, old]) expect(state.tokens).toEqual({ input: 106, output: 10 });
    const two = folded(
      STEP,
      { ...message, usage: USAGE },
      { type: "step_finished", step: 1, usage: USAGE },
      { type: "step_started", step: 2 },
      message,
      { type: "step_finished", step: 2, usage: USAGE },
    );
    expect(two.tokens).toEqual({ input: 212, output: 20 });
  });

  it("says on the call's row what it changed", () => {
    const file = (path: string) => ({ path, shown: path, change: "modified" as const });
    const state = folded(CALL, { type: "files_changed", call: "c", files: [file("a"), file("b")], more: 40 });
    expect(tool(state, "c").changed).toMatchObject({ count: 42, leftOut: [] });
    expect(tool(folded(CALL), "c").changed).toBeNull();
  });

  it("says what the person revised before the yes", () => {
    const yes = { type: "approval_decided", approval: "a", call: "c", decision: "approve", by: "user" } as const;
    expect(tool(folded(CALL, { ...yes, text: "x" }), "c").decision).toBe("approved by you, as you edited it");
    expect(tool(folded(CALL, { ...yes, hunks: [2] }), "c").decision).toBe("approved by you, 1 part of it");
    expect(tool(folded(CALL, { ...yes, decision: "deny", hunks: [2] }), "c").decision).toBe("denied by you");
  });

  it.each<[string, ChangeScope, string[], number]>([
    ["You took back the whole session: 2 files put back, 1 left as it is.", { scope: "session" }, ["a", "b"], 1],
    ["You took back turn 2: nothing was put back, 2 left as they are.", { scope: "turn", turn: 2 }, [], 2],
    ["You took back src/a.ts.", { scope: "file", path: "src/a.ts" }, ["src/a.ts"], 0],
    ["You took back src/a.ts in turn 3.", { scope: "file", path: "src/a.ts", turn: 3 }, ["src/a.ts"], 0],
    ["You took back 2 parts of a.", { scope: "hunks", path: "a", hunks: [1, 3], seen_sha256: "" }, ["a"], 0],
    ["You undid a taking back: 1 file brought again.", { scope: "call", call: "revert_1" }, ["a"], 0],
  ])("%s", (words, scope, restored, left) => {
    const rest = Array.from({ length: left }, (_, at) => ({ path: `${at}`, why: "you changed it since" }));
    expect(revertedWords(scope, restored, rest)).toBe(words);
    const state = folded({ type: "changes_reverted", act: "revert_9", scope, restored, left: rest });
    expect(state.items).toEqual([{ kind: "notice", id: 0, text: words, calm: true, about: "undo" }]);
  });

  it("says that it was forked", () => {
    const state = folded({
      type: "session_started",
      workspace: "/w",
      provider: "anthropic",
      model: "m",
      policy: { exec_security: "approval-always", file_approval: "always", confine: true, allow: [] },
      forked_from: { session: "p", seq: 4 },
    });
    expect(state.items[0]).toMatchObject({ kind: "notice", about: "fork" });
  });
});

describe("a long session", () => {
  /** 5,000 messages with a call each, as a stored session tells them. */
  const turn = (at: number): Event[] => [
    { type: "user_message", text: `Do ${at}` },
    { type: "step_started", step: 1 },
    { type: "message", role: "assistant", content: [{ type: "text", text: `Done ${at}` }], usage: USAGE },
    { type: "tool_call", call: `c${at}`, tool: "exec", args: { command: "x" } },
    { type: "tool_started", call: `c${at}` },
    { type: "tool_finished", call: `c${at}`, ok: true, result: {}, duration_ms: 1 },
    { type: "step_finished", step: 1, usage: USAGE },
    DONE,
  ];

  it("is taken in with work that grows with its length, not with its square", () => {
    const reads = (turns: number): number => {
      let count = 0;
      const state = emptySession("s");
      state.items = new Proxy(state.items, {
        get(target, key, receiver) {
          count += 1;
          return Reflect.get(target, key, receiver);
        },
      });
      const events = Array.from({ length: turns }, (_, at) => turn(at)).flat();
      for (const envelope of envelopes(events)) fold(state, envelope);
      expect(state.turns).toBe(turns);
      return count / turns;
    };
    expect(reads(5_000)).toBeLessThan(reads(50) * 1.1);
  });

  it("is drawn from plain values once it is there whole", () => {
    const session = new Session();
    session.show("s");
    const drawn = vi.spyOn(globalThis, "Proxy");
    session.take(envelopes(Array.from({ length: 5_000 }, (_, at) => turn(at)).flat()));
    // Each value that is watched is one of these.
    expect(drawn.mock.calls.length).toBeLessThan(10);
    drawn.mockRestore();
    expect(session.view.items).toHaveLength(20_000);
    expect(session.view.tokens).toEqual({ input: 106 * 5_000, output: 10 * 5_000 });
  });
});
