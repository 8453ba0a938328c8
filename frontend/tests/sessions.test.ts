import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReplayBackend } from "../src/backend/replay";
import { hiddenCount, listRows, marked } from "../src/features/sessions/sessionwords";
import type { Op } from "../src/protocol/Op";
import type { SessionSummary } from "../src/protocol/SessionSummary";
import { SEARCH_MS, SessionList } from "../src/state/sessions.svelte";
import { ARM_MS } from "../src/ui/arming.svelte";
import { InView, showScreen, violations } from "./screen";

vi.mock("../src/ui/trusted", () => ({ trusted: () => true }));

const titles = (): string[] =>
  screen
    .getAllByTestId("session-row")
    .map((row) => within(row).queryByTestId("session-title")?.textContent.trim() ?? "");
const selected = (): string | undefined => screen.getByRole("row", { selected: true }).dataset.session;
const press = (keys: string): Promise<unknown> => userEvent.keyboard(keys);

async function open(): Promise<Awaited<ReturnType<typeof showScreen>>> {
  const shown = await showScreen("changes");
  await press("{Control>}{Shift>}o{/Shift}{/Control}");
  await screen.findByTestId("session-grid");
  await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("session-search")));
  return shown;
}

const asked = (backend: ReplayBackend): Op[] => backend.ops.filter((op) => op.type !== "save_draft");

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", InView);
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("the list of sessions", () => {
  it("opens by its shortcut and by the title, and has no fault that axe knows", async () => {
    await open();
    expect(await violations()).toEqual([]);
    await press("{Escape}");
    await vi.waitFor(() => expect(screen.queryByTestId("sessions-dialog")).toBeNull());
    await userEvent.click(screen.getByTestId("sessions"));
    expect(await screen.findByTestId("sessions-dialog")).toBeTruthy();
  });

  it("stands by workspace, the open one first, without the archived", async () => {
    await open();
    expect(screen.getAllByRole("rowheader").map((head) => head.textContent)).toEqual([
      "shop-apiopen here",
      "blog",
      "old-shop",
    ]);
    expect(titles()[2]).toBe("New session");
    expect(titles()).toHaveLength(6);
    expect(screen.getByTestId("sessions-hidden").textContent).toBe("1 archived session is not shown.");
    await userEvent.click(screen.getByTestId("session-archived"));
    expect(titles()).toHaveLength(7);
    expect(screen.queryByTestId("sessions-hidden")).toBeNull();
  });

  it("goes by keys over the heads, and opens by Enter", async () => {
    const { backend } = await open();
    await press("{ArrowDown}");
    expect(selected()).toBe("demo");
    await press("{ArrowDown}{ArrowDown}{ArrowDown}{ArrowDown}");
    expect(selected()).toBe("s4");
    await press("{ArrowUp}");
    expect(selected()).toBe("s5");
    await press("{End}");
    expect(selected()).toBe("s7");
    await press("{PageUp}{Home}{ArrowUp}{ArrowDown}");
    expect(selected()).toBe("s2");
    const grid = screen.getByTestId("session-grid");
    expect(grid.getAttribute("aria-activedescendant")).toBe(screen.getByRole("row", { selected: true }).id);
    await press("{Enter}");
    expect(asked(backend)).toEqual([{ type: "open_session", session: "s2" }]);
    await vi.waitFor(() => expect(screen.queryByTestId("sessions-dialog")).toBeNull());
  });

  it("finds words as they are typed, by their places and titles, and Enter opens the first", async () => {
    const { backend } = await open();
    await press("test");
    await vi.waitFor(() => expect(screen.getAllByTestId("session-excerpt").length).toBeGreaterThan(1));
    expect(titles()).toHaveLength(3);
    expect(selected()).toBe("demo");
    expect(screen.getAllByTestId("session-excerpt")[0]?.querySelector("mark")?.textContent).toBe("test");
    await userEvent.clear(screen.getByTestId("session-search"));
    await press("discount");
    await vi.waitFor(() => expect(titles()).toEqual(["Add a discount code to the checkout"]));
    await press("{Enter}");
    expect(asked(backend)).toEqual([{ type: "open_session", session: "s2" }]);
  });

  it("takes the words away by Escape first, and closes by the next", async () => {
    await open();
    await press("test{Escape}");
    expect(screen.getByTestId<HTMLInputElement>("session-search").value).toBe("");
    expect(titles()).toHaveLength(6);
    await press("{Escape}");
    await vi.waitFor(() => expect(screen.queryByTestId("sessions-dialog")).toBeNull());
  });

  it("renames in the row by F2, keeps the focus, and lets it be by Escape", async () => {
    const { backend } = await open();
    await press("{ArrowDown}{ArrowDown}{F2}");
    const field = await screen.findByTestId<HTMLInputElement>("session-name");
    expect(document.activeElement).toBe(field);
    await userEvent.clear(field);
    await press("Discounts{Enter}");
    await vi.waitFor(() => expect(titles()[1]).toBe("Discounts"));
    expect(document.activeElement).toBe(screen.getByTestId("session-grid"));
    expect(asked(backend)).toEqual([{ type: "rename_session", session: "s2", title: "Discounts" }]);
    await press("{F2}x{Escape}");
    await tick();
    expect(screen.queryByTestId("session-name")).toBeNull();
    expect(screen.getByTestId("sessions-dialog")).toBeTruthy();
    expect(asked(backend)).toHaveLength(1);
  });

  it("asks before it deletes, with the focus on Cancel, and goes on to the neighbour", async () => {
    const { backend } = await open();
    await press("{ArrowDown}{ArrowDown}{Delete}");
    const question = await screen.findByTestId("session-question");
    expect(question.textContent).toContain("Delete “Add a discount code to the checkout” for good?");
    expect(question.textContent).toContain("what is kept to undo its changes");
    expect(document.activeElement).toBe(screen.getByTestId("question-no"));
    await press("{Enter}");
    await vi.waitFor(() => expect(screen.queryByTestId("session-question")).toBeNull());
    expect(document.activeElement).toBe(screen.getByTestId("session-grid"));
    expect(asked(backend)).toEqual([]);
    await press("{Delete}");
    await screen.findByTestId("session-question");
    await press("{Escape}");
    expect(screen.queryByTestId("session-question")).toBeNull();
    expect(screen.getByTestId("sessions-dialog")).toBeTruthy();
    await press("{Delete}");
    await screen.findByTestId("session-question");
    // Too early: nobody has read it yet.
    await userEvent.click(screen.getByTestId("question-yes"));
    expect(asked(backend)).toEqual([]);
    await vi.waitFor(() => expect(screen.getByTestId("question-yes").dataset.armed).toBe("true"), {
      timeout: ARM_MS * 4,
    });
    await userEvent.click(screen.getByTestId("question-yes"));
    await vi.waitFor(() => expect(titles()).not.toContain("Add a discount code to the checkout"));
    expect(asked(backend)).toEqual([{ type: "delete_session", session: "s2" }]);
    expect(selected()).toBe("s3");
    expect(document.activeElement).toBe(screen.getByTestId("session-grid"));
    expect(screen.getByTestId("sessions-said").textContent).toContain("deleted");
  });

  it("takes a session off the list and brings it back", async () => {
    const { backend } = await open();
    await press("{ArrowDown}{ArrowDown}");
    await userEvent.click(screen.getByTestId("session-archive"));
    await vi.waitFor(() => expect(titles()).toHaveLength(5));
    expect(selected()).toBe("s3");
    await userEvent.click(screen.getByTestId("session-archived"));
    await userEvent.click(screen.getByText("Add a discount code to the checkout"));
    expect(screen.getByTestId("session-archive").textContent).toBe("Bring back");
    await userEvent.click(screen.getByTestId("session-archive"));
    expect(asked(backend)).toEqual([
      { type: "archive_session", session: "s2", archived: true },
      { type: "archive_session", session: "s2", archived: false },
    ]);
  });

  it("exports in both forms and imports, by the system's dialog", async () => {
    const { backend } = await open();
    for (const button of ["session-markdown", "session-jsonl", "session-import"])
      await userEvent.click(screen.getByTestId(button));
    expect(asked(backend)).toEqual([
      { type: "export_session", session: "demo", format: "markdown" },
      { type: "export_session", session: "demo", format: "jsonl" },
      { type: "import_session" },
    ]);
  });

  it("says why none can be opened while a run is under way", async () => {
    const { app } = await showScreen("chat");
    await app.sessions.show();
    const button = await screen.findByTestId<HTMLButtonElement>("session-open");
    expect(button.disabled).toBe(true);
    expect(screen.getByTestId("sessions-dialog").textContent).toContain("Stop it, then another session can be opened.");
  });
});

function session(id: string, more: Partial<SessionSummary> = {}): SessionSummary {
  return {
    id,
    workspace: "/w",
    title: id,
    created: "",
    updated: "",
    events: 1,
    archived: false,
    unfinished: false,
    ...more,
  };
}

describe("a run that only waits for the person", () => {
  it("keeps no other session from being opened, nor from being forked", async () => {
    const { app } = await showScreen("exec");
    expect(screen.getAllByTestId("fork")[0]?.getAttribute("aria-disabled")).toBe("false");
    await app.sessions.show();
    expect((await screen.findByTestId<HTMLButtonElement>("session-open")).disabled).toBe(false);
  });
});

describe("the rows of the list", () => {
  const asking = { workspace: "/w", words: "", hits: null, archived: false };

  it("put the open workspace first and no head over nothing", () => {
    const sessions = [
      session("a", { workspace: "/x" }),
      session("b"),
      session("c", { workspace: "/y", archived: true }),
    ];
    const rows = listRows({ ...asking, sessions });
    expect(rows.map((row) => row.key)).toEqual(["workspace /w", "b", "workspace /x", "a"]);
    expect(hiddenCount({ ...asking, sessions })).toBe(1);
  });

  it("mark words as they are, also those that mean something to a pattern", () => {
    expect(
      marked("a.b (c) ab", "a.b (c)")
        .filter((piece) => piece.hit)
        .map((piece) => piece.text),
    ).toEqual(["a.b", "(c)"]);
    expect(marked("plain", "")).toEqual([{ text: "plain", hit: false }]);
  });

  it("draw thousands as fast as few: only those in sight are in the page", async () => {
    const { app, backend } = await showScreen("changes");
    const many = Array.from({ length: 3_000 }, (_, at) => session(`m${at}`));
    vi.spyOn(backend, "query").mockImplementation(async (query) => {
      if (query.type !== "sessions") throw { code: "state", message: "", hint: "" };
      return { type: "sessions", sessions: many };
    });
    await app.sessions.show();
    await screen.findByTestId("session-grid");
    expect(screen.getByTestId("session-grid").getAttribute("aria-rowcount")).toBe("3001");
    expect(screen.queryAllByTestId("session-row").length).toBeLessThan(200);
  });
});

describe("searching", () => {
  it("waits until one stops typing, and forgets answers that come too late", async () => {
    vi.useFakeTimers();
    const found: string[] = [];
    const answers = new Map<string, () => void>();
    const backend = new ReplayBackend({ batches: [] });
    vi.spyOn(backend, "query").mockImplementation(async (query) => {
      if (query.type !== "search_sessions") throw new Error("only searches");
      found.push(query.text);
      await new Promise<void>((resolve) => answers.set(query.text, resolve));
      return { type: "search_sessions", hits: [{ session: query.text, seq: 1, time: "", excerpt: query.text }] };
    });
    const list = new SessionList(backend, async () => true);
    list.search("t");
    list.search("te");
    await vi.advanceTimersByTimeAsync(SEARCH_MS);
    list.search("test ");
    await vi.advanceTimersByTimeAsync(SEARCH_MS);
    expect(found).toEqual(["te", "test"]);
    answers.get("test")?.();
    await vi.advanceTimersByTimeAsync(0);
    answers.get("te")?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(list.hits?.map((hit) => hit.session)).toEqual(["test"]);
    list.search("");
    expect(list.hits).toBeNull();
    vi.useRealTimers();
  });
});
