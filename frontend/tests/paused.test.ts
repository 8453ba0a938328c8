import { screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Op } from "../src/protocol/Op";
import { showScreen } from "./screen";

const acts = (ops: readonly Op[]): Op[] => ops.filter((op) => op.type !== "save_draft");

describe("a run that stands still", () => {
  it("says why, and goes on by a press", async () => {
    const { backend } = await showScreen("paused");
    const bar = screen.getByTestId("paused");
    expect(bar.textContent).toContain("Countersign ended while this ran.");
    expect(bar.textContent).toContain("1 proposal waits for you once it goes on.");
    await userEvent.click(screen.getByTestId("go-on"));
    expect(acts(backend.ops)).toEqual([{ type: "go_on", session: "demo" }]);
    await vi.waitFor(() => expect(screen.queryByTestId("paused")).toBeNull());
    expect(screen.getByText("Went on where it stopped.")).toBeTruthy();
  });

  it("is told once to go on, however often one presses", async () => {
    const { app, backend } = await showScreen("paused");
    let go = (): void => {};
    vi.spyOn(backend, "submit").mockImplementation(async (op) => {
      backend.ops.push(op);
      await new Promise<void>((resolve) => (go = resolve));
      return null;
    });
    void app.goOn();
    void app.goOn();
    go();
    expect(acts(backend.ops)).toHaveLength(1);
  });

  it("takes no decisions: its cards come once it goes on", async () => {
    const { app } = await showScreen("paused");
    expect(screen.queryByTestId("card")).toBeNull();
    await app.goOn();
    expect(await screen.findByTestId("card")).toBeTruthy();
  });

  it("shows what was cut off as interrupted, not as running or failed", async () => {
    await showScreen("paused");
    const row = screen.getAllByTestId("tool-row").find((one) => one.textContent.includes("npm install"));
    expect(row?.dataset.state).toBe("interrupted");
    expect(row?.textContent).toContain("it may have acted in part");
  });

  it("lets a message be sent, which goes on too", async () => {
    const { backend } = await showScreen("paused");
    await userEvent.type(screen.getByTestId("composer"), "Go{Enter}");
    await vi.waitFor(() => expect(acts(backend.ops)).toEqual([{ type: "send", session: "demo", text: "Go" }]));
  });
});

describe("a session that can only be read", () => {
  it("says why, takes no message and lets no card be decided", async () => {
    const { backend } = await showScreen("readonly");
    const box = screen.getByTestId<HTMLTextAreaElement>("composer");
    expect(box.disabled).toBe(true);
    expect(screen.getAllByText(/Here it can only be read\./)).toHaveLength(2);
    expect(screen.getByTestId("card-locked").textContent).toContain("another window of Countersign");
    for (const button of ["approve", "approve-menu", "deny"]) expect(screen.queryByTestId(button)).toBeNull();
    screen.getByTestId("card").focus();
    await userEvent.keyboard("{Control>}{Enter}{Backspace}{/Control}");
    expect(screen.queryByTestId("deny-feedback")).toBeNull();
    expect(acts(backend.ops)).toEqual([]);
  });
});

describe("what the person should know of", () => {
  it("stands at the top until it is put away", async () => {
    const { backend } = await showScreen("paused");
    expect(screen.getByTestId("app-notices").textContent).toContain("It was set aside");
    await userEvent.click(screen.getByTestId("dismiss-notices"));
    expect(acts(backend.ops)).toEqual([{ type: "dismiss_notices" }]);
    await vi.waitFor(() => expect(screen.queryByTestId("app-notices")).toBeNull());
  });
});

describe("forking", () => {
  it("makes a session of all before a message, by mouse or keyboard", async () => {
    const { backend } = await showScreen("changes");
    const [first, second] = screen.getAllByTestId("fork");
    if (!first || !second) throw new Error("no buttons");
    expect(first.title).toContain("Files stay as they are.");
    await userEvent.click(first);
    second.focus();
    await userEvent.keyboard("{Enter}");
    const places = acts(backend.ops).map((op) => (op.type === "fork_session" ? op.before : 0));
    expect(places[0]).toBe(2);
    expect(places[1]).toBeGreaterThan(2);
    expect(acts(backend.ops)[0]).toEqual({ type: "fork_session", session: "demo", before: 2 });
  });

  it("waits for the run to end", async () => {
    const { backend } = await showScreen("chat");
    const [button] = screen.getAllByTestId("fork");
    if (!button) throw new Error("no button");
    await userEvent.click(button);
    expect(button.title).toContain("Stop the run first");
    expect(acts(backend.ops)).toEqual([]);
  });
});
