import { flushSync } from "svelte";
import { describe, expect, it } from "vitest";
import type { Event } from "../src/protocol/Event";
import { Approvals } from "../src/state/approvals.svelte";
import { Session } from "../src/state/session.svelte";
import { envelopes, execCard } from "./envelopes";

const START: Event = {
  type: "session_started",
  workspace: "/w",
  provider: "anthropic",
  model: "m",
  policy: { exec_security: "approval-always", file_approval: "always", confine: true, allow: [] },
};

describe("the session in the window", () => {
  it("keeps what comes for a session until it is shown", () => {
    const session = new Session();
    session.show("a");
    session.take(envelopes([START, { type: "user_message", text: "New" }], "b"));
    expect(session.view.items).toHaveLength(0);
    session.show("b");
    expect(session.view.title).toBe("New");
  });

  it("takes a session in anew that comes again from its first envelope", () => {
    const session = new Session();
    session.show("a");
    session.take(envelopes([{ type: "user_message", text: "Late" }], "b", 7));
    session.take(envelopes([START, { type: "user_message", text: "First" }], "b"));
    session.show("b");
    expect(session.view.items.map((item) => item.kind)).toEqual(["user"]);
    expect(session.view.title).toBe("First");
  });

  it("draws 20,000 pieces of a batch once", () => {
    const session = new Session();
    session.show("a");
    const drawn: string[] = [];
    const stop = $effect.root(() => {
      $effect(() => {
        const item = session.view.items[0];
        drawn.push(item?.kind === "assistant" ? item.text : "");
      });
    });
    session.take(
      envelopes(
        [
          { type: "step_started", step: 1 },
          { type: "text_delta", text: "" },
        ],
        "a",
      ),
    );
    flushSync();
    const before = drawn.length;
    session.take(
      envelopes(
        Array.from({ length: 20_000 }, (): Event => ({ type: "text_delta", text: "ab" })),
        "a",
      ),
    );
    flushSync();
    expect(drawn).toHaveLength(before + 1);
    expect(drawn.at(-1)).toBe("ab".repeat(20_000));
    stop();
  });

  it("forgets words that were handed over, the first of equal ones", () => {
    const session = new Session();
    session.show("a");
    session.queue("Go");
    session.queue("Go");
    session.take(envelopes([{ type: "user_message", text: "Go" }], "a"));
    expect(session.queued).toEqual([{ id: 2, text: "Go" }]);
  });
});

describe("the queue of cards", () => {
  it("keeps what was set aside until it is shown, decided or replaced", () => {
    const session = new Session();
    session.show("a");
    const approvals = new Approvals(() => session.cards);
    session.take(envelopes([execCard("1", "c"), execCard("2", "d")], "a"));
    approvals.putAside("1");
    approvals.putAside("2");
    approvals.putAside("unknown");
    approvals.settle();
    expect([...approvals.setAside]).toEqual(["1", "2"]);
    approvals.show("2");
    session.take(envelopes([execCard("3", "c", { replaces: "1" })], "a", 3));
    approvals.settle();
    expect([...approvals.setAside]).toEqual([]);
    expect(approvals.cards.map((card) => card.approval)).toEqual(["3", "2"]);
    expect(approvals.waiting).toBe(2);
  });
});
