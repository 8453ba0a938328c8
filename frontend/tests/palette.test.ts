import { screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ARM_MS } from "../src/ui/arming.svelte";
import { InView, showScreen, violations } from "./screen";

const press = (keys: string): Promise<unknown> => userEvent.keyboard(keys);
const rows = (): string[] => screen.queryAllByTestId("palette-row").map((row) => row.dataset.action ?? "");
const chosen = (): string | undefined =>
  screen.getAllByTestId("palette-row").find((row) => row.getAttribute("aria-selected") === "true")?.dataset.action;

vi.mock("../src/ui/trusted", () => ({ trusted: () => true }));

async function open(name: string): Promise<Awaited<ReturnType<typeof showScreen>>> {
  const there = await showScreen(name);
  await press("{Control>}k{/Control}");
  await screen.findByTestId("palette");
  await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("palette-field")));
  return there;
}

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", InView);
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("the palette", () => {
  it("lists what can be done, is gone through by keys, and has no fault that axe knows", async () => {
    await open("empty");
    expect(rows()).toContain("new-session");
    expect(rows()).not.toContain("stop");
    expect(rows()).not.toContain("palette");
    const [first, second] = rows();
    expect(chosen()).toBe(first);
    await press("{ArrowDown}");
    expect(chosen()).toBe(second);
    await press("{ArrowUp}{ArrowUp}");
    expect(chosen()).toBe(rows().at(-1));
    expect(await violations(screen.getByTestId("palette"))).toEqual([]);
  });

  it("finds by letters and does what Enter means, with the focus where it leads", async () => {
    const { app } = await open("empty");
    await press("trc");
    expect(rows()[0]).toBe("trace");
    await press("{Enter}");
    await vi.waitFor(() => expect(app.side.tab).toBe("trace"));
    await vi.waitFor(() => expect(screen.queryByTestId("palette")).toBeNull());
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("tab-trace")));
  });

  it("opens another dialog in its place", async () => {
    await open("empty");
    await press("shortcuts{Enter}");
    expect((await screen.findByTestId("shortcuts-dialog")).textContent).toContain("Ctrl+Shift+O");
    await vi.waitFor(() => expect(screen.queryByTestId("palette")).toBeNull());
  });

  it("says where nothing is found, and closes by Escape", async () => {
    await open("empty");
    await press("qqqq");
    expect(rows()).toEqual([]);
    expect(screen.getByTestId("palette").textContent).toContain("There is nothing like that.");
    await press("{Enter}{Escape}");
    await vi.waitFor(() => expect(screen.queryByTestId("palette")).toBeNull());
  });

  it("decides no card, by whatever key", async () => {
    const { backend } = await open("exec");
    await new Promise((resolve) => setTimeout(resolve, ARM_MS + 300));
    await press("{Control>}{Enter}{/Control}{Control>}{Backspace}{/Control}");
    expect(backend.ops.some((op) => op.type === "decide")).toBe(false);
    expect(screen.getByTestId("palette")).toBeTruthy();
  });
});

describe("the shortcuts of the window", () => {
  it("shows the sheet by ?, but not where it is typed", async () => {
    await showScreen("empty");
    await userEvent.type(screen.getByTestId("composer"), "why?");
    expect(screen.queryByTestId("shortcuts-dialog")).toBeNull();
    (document.activeElement as HTMLElement).blur();
    await press("?");
    const sheet = await screen.findByTestId("shortcuts-dialog");
    expect(await violations(sheet)).toEqual([]);
  });

  it("remembers the size of text and which panes show", async () => {
    const { app } = await showScreen("empty");
    const size = (): string => document.documentElement.style.getPropertyValue("--text-size");
    expect(size()).toBe("1");
    await press("{Control>}++{/Control}");
    expect(size()).toBe("1.25");
    await press("{Control>}-{/Control}");
    expect(size()).toBe("1.1");
    expect(localStorage.getItem("countersign:text")).toBe("110");
    await press("{Control>}0b{/Control}");
    expect(size()).toBe("1");
    expect(screen.queryByTestId("tree")).toBeNull();
    expect(localStorage.getItem("countersign:tree")).toBe("no");
    await press("{Control>}b{/Control}");
    expect(screen.getByTestId("tree")).toBeTruthy();
    await press("{Control>}j{/Control}");
    expect(app.side.open).toBe(true);
    app.side.open = false;
    app.side.restore();
    expect(app.side.open).toBe(true);
    await press("{Control>}j{/Control}");
    app.side.restore();
    expect(app.side.open).toBe(false);
  });

  it("goes to what waits, also where it was set aside, and decides nothing", async () => {
    const { app, backend } = await showScreen("exec");
    const [card] = app.approvals.cards;
    app.approvals.putAside(card?.approval ?? "");
    await vi.waitFor(() => expect(screen.queryByTestId("card")).toBeNull());
    await userEvent.click(screen.getByTestId("status-waiting"));
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("card")));
    expect(backend.ops.some((op) => op.type === "decide")).toBe(false);
  });

  it("tells in the status bar what undoing takes", async () => {
    await showScreen("empty");
    expect(screen.getByTestId("status-undo").textContent).toBe("undo 12.3 MB");
    expect(screen.getByTestId("status-undo").title).toContain("of at most 2 GB");
  });
});
