import { fireEvent, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ReplayBackend } from "../src/backend/replay";
import type { Draft } from "../src/protocol/Draft";
import type { DraftOf } from "../src/protocol/DraftOf";
import type { Op } from "../src/protocol/Op";
import { Drafts, SAVE_MS } from "../src/state/drafts.svelte";
import { envelopes, execCard } from "./envelopes";
import { showScreen } from "./screen";

const MESSAGE: DraftOf = { of: "message" };
const NOTE: DraftOf = { of: "feedback", approval: "a" };
const PROPOSAL: DraftOf = { of: "proposal", approval: "a" };

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function store(kept: Record<string, Draft[]> = {}): { drafts: Drafts; saved: Op[]; release: () => Promise<void> } {
  vi.useFakeTimers();
  const saved: Op[] = [];
  const waiting: (() => void)[] = [];
  const backend = new ReplayBackend({ batches: [] });
  vi.spyOn(backend, "query").mockImplementation(async (query) => {
    if (query.type !== "drafts") throw new Error("only drafts");
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { type: "drafts", drafts: kept[query.session] ?? [] };
  });
  const drafts = new Drafts(backend, async (op) => {
    saved.push(op);
    return true;
  });
  const release = async (): Promise<void> => {
    for (const go of waiting.splice(0)) go();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { drafts, saved, release };
}

const save = (of: DraftOf, text: string, session = "s"): Op => ({ type: "save_draft", session, ...of, text });

describe("a draft", () => {
  it("is stored once, a moment after the last change", async () => {
    const { drafts, saved, release } = store();
    void drafts.show("s");
    await release();
    for (const text of ["F", "Fi", "Fix"]) {
      drafts.set(MESSAGE, text);
      await vi.advanceTimersByTimeAsync(SAVE_MS - 1);
    }
    expect(saved).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(saved).toEqual([save(MESSAGE, "Fix")]);
    await vi.advanceTimersByTimeAsync(SAVE_MS * 3);
    expect(saved).toHaveLength(1);
  });

  it("is stored at once where the window may be about to go, and each of them by itself", () => {
    const { drafts, saved } = store();
    void drafts.show("s");
    drafts.set(MESSAGE, "Fix");
    drafts.set(NOTE, "use pnpm");
    drafts.set(PROPOSAL, "a = 2");
    drafts.flush();
    drafts.flush();
    expect(saved).toEqual([save(MESSAGE, "Fix"), save(NOTE, "use pnpm"), save(PROPOSAL, "a = 2")]);
  });

  it("comes back when its session is shown, but never over what was written meanwhile", async () => {
    const { drafts, release } = store({ s: [{ of: "message", text: "Old" }, { ...NOTE, text: "use pnpm" } as Draft] });
    void drafts.show("s");
    drafts.set(MESSAGE, "New");
    drafts.set(MESSAGE, "");
    await release();
    expect(drafts.get(MESSAGE)).toBe("");
    expect(drafts.get(NOTE)).toBe("use pnpm");
  });

  it("of a session that was left is stored under its session, and an answer that comes too late is dropped", async () => {
    const { drafts, saved, release } = store({
      s: [{ of: "message", text: "Of s" }],
      t: [{ of: "message", text: "Of t" }],
    });
    void drafts.show("s");
    drafts.set(NOTE, "half");
    void drafts.show("t");
    expect(saved).toEqual([save(NOTE, "half")]);
    await release();
    expect(drafts.get(MESSAGE)).toBe("Of t");
    expect(drafts.get(NOTE)).toBe("");
  });

  it("is removed once it was sent, also where it was stored only", async () => {
    const { drafts, saved, release } = store({ s: [{ of: "message", text: "Old" }] });
    void drafts.show("s");
    await release();
    drafts.drop(MESSAGE);
    expect(saved).toEqual([save(MESSAGE, "")]);
    drafts.drop(MESSAGE);
    expect(saved).toHaveLength(1);
  });

  it("goes with the decision on its card, whoever made it", async () => {
    const { drafts, saved, release } = store({ s: [{ ...NOTE, text: "half" } as Draft] });
    void drafts.show("s");
    await release();
    drafts.note(envelopes([{ type: "approval_decided", approval: "a", call: "c", decision: "approve", by: "user" }]));
    expect(saved).toEqual([save(NOTE, "")]);
  });

  it("goes over to the card that takes the place of a stale one", async () => {
    const { drafts, saved, release } = store();
    void drafts.show("s");
    await release();
    drafts.set(NOTE, "use pnpm");
    drafts.note(
      envelopes([
        { type: "approval_decided", approval: "a", call: "c", decision: "void", by: "policy" },
        execCard("b", "c", { replaces: "a" }),
      ]),
    );
    expect(drafts.get({ of: "feedback", approval: "b" })).toBe("use pnpm");
    expect(drafts.get(NOTE)).toBe("");
    drafts.flush();
    expect(saved).toContainEqual(save({ of: "feedback", approval: "b" }, "use pnpm"));
    expect(saved).toContainEqual(save(NOTE, ""));
  });
});

describe("in the window", () => {
  const drafts = (ops: readonly Op[]): Op[] => ops.filter((op) => op.type === "save_draft");

  it("the message box is stored when it is left, and emptied once it is sent", async () => {
    const { backend } = await showScreen("empty");
    await userEvent.type(screen.getByTestId("composer"), "Fix it");
    await fireEvent.focusOut(screen.getByTestId("composer"));
    expect(drafts(backend.ops)).toEqual([save(MESSAGE, "Fix it", "demo")]);
    await userEvent.type(screen.getByTestId("composer"), "{Enter}");
    await vi.waitFor(() => expect(drafts(backend.ops).at(-1)).toEqual(save(MESSAGE, "", "demo")));
    expect(backend.ops.findIndex((op) => op.type === "send")).toBeLessThan(backend.ops.length - 1);
  });

  // Not on pagehide: a page that listens to it keeps the window of WebKitGTK from closing.
  it.each([
    ["blur", () => window],
    ["visibilitychange", () => document],
  ])("it is stored at once on %s", async (event, target) => {
    const { backend } = await showScreen("empty");
    await userEvent.type(screen.getByTestId("composer"), "F");
    await fireEvent(target(), new Event(event));
    expect(drafts(backend.ops)).toEqual([save(MESSAGE, "F", "demo")]);
  });

  it("stays where the words were not taken", async () => {
    const { backend } = await showScreen("empty");
    const submit = backend.submit.bind(backend);
    vi.spyOn(backend, "submit").mockImplementation(async (op) => {
      if (op.type === "send") return { code: "state", message: "No.", hint: "" };
      return submit(op);
    });
    await userEvent.type(screen.getByTestId("composer"), "Fix it{Enter}");
    await vi.waitFor(() => expect(screen.getByTestId<HTMLTextAreaElement>("composer").value).toBe("Fix it"));
    await fireEvent.focusOut(screen.getByTestId("composer"));
    expect(drafts(backend.ops).at(-1)).toEqual(save(MESSAGE, "Fix it", "demo"));
  });

  it("the words of a denial are kept on their card, and go with the decision", async () => {
    const { app, backend } = await showScreen("exec");
    const [card] = app.approvals.cards;
    if (!card) throw new Error("no card");
    const of: DraftOf = { of: "feedback", approval: card.approval };
    app.drafts.set(of, "use pnpm");
    app.drafts.flush();
    expect(drafts(backend.ops)).toEqual([save(of, "use pnpm", "demo")]);
    await app.decide({ approval: card.approval, revision: card.revision, decision: "deny" });
    expect(drafts(backend.ops).at(-1)).toEqual(save(of, "", "demo"));
  });
});
