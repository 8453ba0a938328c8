import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReplayBackend } from "../src/backend/replay";
import type { Event } from "../src/protocol/Event";
import type { SessionChanges } from "../src/protocol/SessionChanges";
import type { WireError } from "../src/protocol/WireError";
import { Changes, LOOK_MS, TELL_MS } from "../src/state/changes.svelte";
import { envelopes } from "./envelopes";

let asked: number;
let answer: () => SessionChanges;
let refused: WireError | null;
let tools: Record<string, string>;
let changes: Changes;
let leave: () => void;

const nothing = (): SessionChanges => ({ session: "s", workspace: "/w", files: [], left_out: [], kept_bytes: asked });
const tell = (...events: Event[]): void => changes.note(envelopes(events));
const finished = (call: string): Event => ({ type: "tool_finished", call, ok: true, result: {}, duration_ms: 1 });
const reverted: Event = {
  type: "changes_reverted",
  act: "revert_1",
  scope: { scope: "session" },
  restored: ["a"],
  left: [],
};
const wait = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  answer = nothing;
  refused = null;
  tools = { r: "read", e: "edit" };
  const backend = new ReplayBackend({
    batches: [],
    answer: () => {
      asked += 1;
      return { type: "changes", ...answer() };
    },
  });
  changes = new Changes(
    backend,
    async () => refused,
    (call) => tools[call] ?? "",
  );
  changes.show("s");
});
afterEach(() => {
  vi.useRealTimers();
});

describe("what changed", () => {
  it("is not asked for while nobody looks, and is once somebody does", async () => {
    tell(finished("e"));
    changes.touch();
    await wait(LOOK_MS * 2);
    expect(asked).toBe(0);
    leave = changes.watch();
    await wait(0);
    expect(asked).toBe(1);
    leave();
    leave = changes.watch();
    await wait(0);
    expect(asked).toBe(1);
  });

  it.each<[string, Event, number]>([
    ["files changed", { type: "files_changed", call: "e", files: [] }, 1],
    ["changes were taken back", reverted, 1],
    ["a tool that acts ended", finished("e"), 1],
    ["a tool that only looks ended", finished("r"), 0],
    ["a run ended", { type: "run_finished", reason: "end_turn" }, 1],
    ["a word streamed", { type: "text_delta", text: "x" }, 0],
  ])("is asked for anew after %s: %#", async (_name, event, times) => {
    leave = changes.watch();
    await wait(0);
    asked = 0;
    tell(event);
    await wait(LOOK_MS);
    expect(asked).toBe(times);
  });

  it("is asked for once after a burst", async () => {
    leave = changes.watch();
    await wait(0);
    asked = 0;
    for (let at = 0; at < 50; at += 1) changes.touch();
    await wait(LOOK_MS);
    expect(asked).toBe(1);
  });

  it("stays as it is drawn where nothing changed, but for the disk's use", async () => {
    leave = changes.watch();
    await wait(0);
    const before = changes.data;
    changes.touch();
    await wait(LOOK_MS);
    expect(changes.data).toBe(before);
    expect(changes.kept).toBe(2);
  });

  it("says why it is not known, and asks again when one looks again", async () => {
    answer = () => {
      throw { code: "system", message: "The disk is gone.", hint: "" } satisfies WireError;
    };
    leave = changes.watch();
    await wait(0);
    expect(changes.trouble).toBe("The disk is gone.");
    answer = nothing;
    leave();
    leave = changes.watch();
    await wait(0);
    expect(changes.trouble).toBe("");
  });

  it("of another session is forgotten", async () => {
    leave = changes.watch();
    await wait(0);
    changes.show("t");
    expect(changes.data).toBeNull();
    tell(finished("e"));
    await wait(LOOK_MS);
    expect(asked).toBe(2);
  });
});

describe("the outcome", () => {
  it("is told by the event, whether it comes before the answer or after", async () => {
    const before = changes.revert({ scope: "session" });
    tell(reverted);
    await before;
    expect(changes.outcome).toMatchObject({ act: "revert_1", restored: ["a"] });
    expect(changes.busy).toBe(false);
    await changes.revert({ scope: "session" });
    expect(changes.outcome).toBeNull();
    expect(changes.busy).toBe(true);
    tell(reverted);
    expect(changes.outcome).not.toBeNull();
    expect(changes.busy).toBe(false);
  });

  it("of the past is no news", () => {
    tell(reverted);
    expect(changes.outcome).toBeNull();
  });

  it("is that nothing was put back where no event comes", async () => {
    await changes.revert({ scope: "session" });
    await wait(TELL_MS);
    expect(changes.outcome).toEqual({ scope: { scope: "session" }, restored: [], left: [], act: null });
    expect(changes.busy).toBe(false);
  });

  it("cannot be taken back where nothing was put back", async () => {
    await changes.revert({ scope: "session" });
    tell({ ...reverted, restored: [], left: [{ path: "a", why: "you changed it since" }] } as Event);
    expect(changes.outcome?.act).toBeNull();
    expect(changes.outcome?.left).toHaveLength(1);
  });

  it("is waited for before the next act begins", async () => {
    const first = changes.revert({ scope: "session" });
    expect(await changes.revert({ scope: "session" })).toBe(false);
    await first;
    tell(reverted);
    refused = { code: "state", message: "No.", hint: "" };
    expect(await changes.revert({ scope: "session" })).toBe(false);
    expect(changes.refusal).toBe("No.");
    expect(changes.busy).toBe(false);
  });
});
