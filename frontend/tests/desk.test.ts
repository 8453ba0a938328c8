import { describe, expect, it, vi } from "vitest";
import { ReplayBackend } from "../src/backend/replay";
import type { ContentBlock } from "../src/protocol/ContentBlock";
import type { Op } from "../src/protocol/Op";
import { Desk } from "../src/state/desk";
import { Drafts } from "../src/state/drafts.svelte";
import { Session } from "../src/state/session.svelte";
import { envelopes, execCard } from "./envelopes";

const text = (of: string): ContentBlock => ({ type: "text", text: of });
const use = (id: string): ContentBlock => ({ type: "tool_use", id, name: "exec", input: {} });

function desk(): { desk: Desk; drafts: Drafts; session: Session; ops: Op[]; refuse: () => void } {
  const backend = new ReplayBackend({ batches: [] });
  const ops: Op[] = [];
  let refused = false;
  const session = new Session();
  session.show("s");
  const drafts = new Drafts(backend, async () => true);
  void drafts.show("s");
  const made = new Desk(
    backend,
    async (op) => {
      ops.push(op);
      return refused ? { code: "state", message: "No.", hint: "" } : null;
    },
    drafts,
    session,
  );
  return { desk: made, drafts, session, ops, refuse: () => (refused = true) };
}

describe("the model's own reason", () => {
  it("is the last paragraph before the call, in the same message, in one line", () => {
    const { desk: on, session } = desk();
    session.take(
      envelopes([
        { type: "message", role: "assistant", content: [text("Look.\n\nI run the\n  tests."), use("a"), use("b")] },
        { type: "message", role: "assistant", content: [use("c"), text("Afterwards."), use("d"), text("Too late.")] },
      ]),
    );
    expect(on.said("a")).toBe("I run the tests.");
    expect(on.said("b")).toBe("I run the tests.");
    expect(on.said("c")).toBe("");
    expect(on.said("d")).toBe("Afterwards.");
    expect(on.said("unknown")).toBe("");
  });
});

describe("revising", () => {
  const [card] = envelopes([execCard("a", "c", { revision: 2 })]);

  it("sends the text, or none to go back, and needs the draft no more", async () => {
    if (card?.type !== "approval_requested") throw new Error("no card");
    const { desk: on, ops } = desk();
    on.keepDraft("a", "half");
    expect(on.draft("a")).toBe("half");
    await on.revise(card, "whole");
    await on.revise(card);
    const op = { type: "revise", session: "s", approval: "a", revision: 2 };
    expect(ops).toEqual([{ ...op, text: "whole" }, op]);
    expect(on.draft("a")).toBe("");
  });

  it("that is refused keeps the draft", async () => {
    if (card?.type !== "approval_requested") throw new Error("no card");
    const { desk: on, refuse } = desk();
    refuse();
    on.keepDraft("a", "half");
    await expect(on.revise(card, "half")).rejects.toMatchObject({ message: "No." });
    expect(on.draft("a")).toBe("half");
  });

  it("goes over, half-done, to the card that takes the place of a stale one", async () => {
    const { desk: on, drafts } = desk();
    on.keepDraft("a", "half");
    drafts.note(envelopes([execCard("b", "c", { replaces: "a" })]));
    expect(on.draft("b")).toBe("half");
    expect(on.draft("a")).toBe("");
  });
});

describe("asking", () => {
  it("rejects with what the program says, and takes no other answer", async () => {
    const backend = new ReplayBackend({ batches: [] });
    const session = new Session();
    const on = new Desk(backend, async () => null, new Drafts(backend, async () => true), session);
    const query = vi.spyOn(backend, "query").mockRejectedValue({ code: "state", message: "Gone.", hint: "" });
    await expect(on.texts("a")).rejects.toMatchObject({ message: "Gone." });
    query.mockResolvedValue({ type: "drafts", drafts: [] });
    await expect(on.matches("npm *")).rejects.toThrow();
  });
});
