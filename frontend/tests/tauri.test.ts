import { beforeEach, describe, expect, it, vi } from "vitest";
import { TauriBackend } from "../src/backend/tauri";
import type { Envelope } from "../src/protocol/Envelope";
import type { Feed } from "../src/protocol/Feed";

const { invoke } = vi.hoisted(() => ({ invoke: vi.fn() }));
vi.mock("@tauri-apps/api/core", () => ({ invoke }));

/** What the program answers, batch by batch; the next one is asked for and not there yet where it is empty. */
let answers: ((batch: Feed[] | null) => void)[];
let frames: FrameRequestCallback[];
let got: Feed[][];
let ended: boolean;

const envelope = (text: string, seq?: number): Envelope => ({
  ...(seq === undefined ? {} : { seq }),
  session: "s",
  time: "",
  type: "text_delta",
  text,
});
const live = (text: string): Feed[] => [{ type: "envelopes", envelopes: [envelope(text)] }];
const stored = (text: string): Feed[] => [{ type: "envelopes", envelopes: [envelope(text, 1)] }];
const words = (): string[] =>
  got
    .flat()
    .flatMap((feed) => (feed.type === "envelopes" ? feed.envelopes : []).map((one) => (one as { text: string }).text));
/** Lets all that is ready go on: it needs no timer, and this one is after it. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const answer = async (batch: Feed[] | null): Promise<void> => {
  answers.shift()?.(batch);
  await settle();
};
const draw = (): void => {
  for (const frame of frames.splice(0)) frame(0);
};

beforeEach(async () => {
  answers = [];
  frames = [];
  got = [];
  ended = false;
  vi.unstubAllGlobals();
  invoke.mockReset();
  invoke.mockImplementation((command: string) =>
    command === "subscribe" ? Promise.resolve({ feed: 7, first: [] }) : new Promise((resolve) => answers.push(resolve)),
  );
  vi.stubGlobal("requestAnimationFrame", (frame: FrameRequestCallback) => frames.push(frame));
  await new TauriBackend().subscribe(
    0,
    (batch) => got.push(batch),
    () => {
      ended = true;
    },
  );
  await settle();
  draw();
  await settle();
  got = [];
});

describe("the feed of the window", () => {
  it("asks for the next batch while one is drawn, and for no more than that", async () => {
    await answer(live("a"));
    expect(words()).toEqual(["a"]);
    expect(answers.length).toBe(1);
    await answer(live("b"));
    expect(words()).toEqual(["a"]);
    expect(answers.length).toBe(0);
    draw();
    await vi.waitFor(() => expect(words()).toEqual(["a", "b"]));
    expect(invoke).toHaveBeenLastCalledWith("next", { feed: 7 });
  });

  it("hands on at once what is no piece of a text", async () => {
    await answer(live("a"));
    await answer(stored("card"));
    expect(words()).toEqual(["a", "card"]);
  });

  it("goes on where the page is not drawn", async () => {
    await answer(live("a"));
    await answer(live("b"));
    await vi.waitFor(() => expect(words()).toEqual(["a", "b"]));
  });

  it("says when nothing more comes, or the program is gone", async () => {
    await answer(null);
    expect(ended).toBe(true);
  });

  it("loses no batch to one that the page fails on", async () => {
    const told = vi.fn();
    vi.stubGlobal("reportError", told);
    const before = got;
    got = {
      push: () => {
        throw new Error("no");
      },
    } as unknown as Feed[][];
    await answer(stored("a"));
    got = before;
    await answer(stored("b"));
    expect(told).toHaveBeenCalledOnce();
    expect(words()).toEqual(["b"]);
  });
});

describe("what was asked for before the page's script was read", () => {
  const early = (subscribed: Promise<{ feed: number; first: Feed[] | null }>): void => {
    vi.stubGlobal("countersignEarly", subscribed);
    invoke.mockClear();
  };
  const subscribe = async (since = 0): Promise<void> => {
    const backend = new TauriBackend();
    await backend.subscribe(
      since,
      (batch) => got.push(batch),
      () => {
        ended = true;
      },
    );
    await settle();
  };

  it("is handed on, and not asked for again; what follows it is", async () => {
    early(Promise.resolve({ feed: 9, first: stored("first") }));
    await subscribe();
    expect(words()).toEqual(["first"]);
    expect(invoke.mock.calls).toEqual([["next", { feed: 9 }]]);
  });

  it("is of no use to who asks for what is new only", async () => {
    early(Promise.resolve({ feed: 9, first: stored("first") }));
    await subscribe(5);
    expect(words()).toEqual([]);
    expect(invoke.mock.calls).toEqual([
      ["subscribe", { since: 5 }],
      ["next", { feed: 7 }],
    ]);
  });

  it("is told where it failed", async () => {
    const failure = Promise.reject(new Error("gone"));
    failure.catch(() => {});
    early(failure);
    await expect(subscribe()).rejects.toThrow("gone");
  });
});
