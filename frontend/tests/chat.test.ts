import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Op } from "../src/protocol/Op";
import { showScreen, violations } from "./screen";

type Shown = Awaited<ReturnType<typeof showScreen>>;

/** The chat with a run under way; ops are noted and taken. */
async function working(): Promise<Shown> {
  const shown = await showScreen("chat");
  shown.backend.submit = async (op) => {
    shown.backend.ops.push(op);
    return null;
  };
  return shown;
}

function end({ app }: Shown, reason: "end_turn" | "interrupted"): void {
  const { state } = app;
  if (!state?.session) throw new Error("no session");
  app.take([
    { type: "envelopes", envelopes: [{ seq: 9999, session: "demo", time: "", type: "run_finished", reason }] },
    { type: "app", state: { ...state, session: { ...state.session, running: false } } },
  ]);
}

const sent = ({ backend }: Shown): string[] =>
  backend.ops.filter((op): op is Extract<Op, { type: "send" }> => op.type === "send").map((op) => op.text);

describe("the message box while the agent works", () => {
  it("sends now by Enter, and after the run by Alt+Enter, one message a run", async () => {
    const shown = await working();
    await userEvent.type(screen.getByTestId("composer"), "Now{Enter}");
    expect(sent(shown)).toEqual(["Now"]);
    await userEvent.type(screen.getByTestId("composer"), "First{Alt>}{Enter}{/Alt}");
    await userEvent.type(screen.getByTestId("composer"), "Second");
    await userEvent.click(screen.getByTestId("send-later"));
    expect(screen.getByTestId("later").textContent).toContain("First");
    expect(await violations()).toEqual([]);
    expect(sent(shown)).toEqual(["Now"]);
    end(shown, "end_turn");
    await vi.waitFor(() => expect(sent(shown)).toEqual(["Now", "First"]));
    expect(screen.getByTestId("later").textContent).toContain("Second");
  });

  it("keeps what waits with the draft, and gives it back", async () => {
    const shown = await working();
    await userEvent.type(screen.getByTestId("composer"), "Later{Alt>}{Enter}{/Alt}");
    await userEvent.type(screen.getByTestId("composer"), "half");
    shown.app.drafts.flush();
    const saved = shown.backend.ops.findLast((op) => op.type === "save_draft");
    expect(saved).toMatchObject({ of: "message", text: "Later\n\nhalf" });
    await userEvent.click(within(screen.getByTestId("later")).getByText("Take back"));
    expect(screen.getByTestId<HTMLTextAreaElement>("composer").value).toBe("Later\nhalf");
    expect(screen.queryByTestId("later")).toBeNull();
  });

  it("sends nothing by itself after a run that was stopped", async () => {
    const shown = await working();
    await userEvent.type(screen.getByTestId("composer"), "Later{Alt>}{Enter}{/Alt}");
    end(shown, "interrupted");
    expect(await within(screen.getByTestId("later")).findByText("not sent")).toBeTruthy();
    expect(sent(shown)).toEqual([]);
    await userEvent.click(within(screen.getByTestId("later")).getByText("Send now"));
    await vi.waitFor(() => expect(sent(shown)).toEqual(["Later"]));
  });

  it("proposes files after an @, by keys", async () => {
    await working();
    const box = screen.getByTestId<HTMLTextAreaElement>("composer");
    await userEvent.type(box, "Look at @s");
    const menu = await screen.findByTestId("file-menu");
    expect(within(menu).getAllByRole("option")[0]?.textContent).toContain("src");
    expect(box.getAttribute("aria-activedescendant")).toBe(within(menu).getAllByRole("option")[0]?.id);
    expect(await violations()).toEqual([]);
    await userEvent.keyboard("{Enter}");
    expect(box.value).toBe("Look at @src/");
    await userEvent.type(box, "mon");
    await vi.waitFor(() => expect(screen.getAllByRole("option")).toHaveLength(1));
    await userEvent.keyboard("{Tab}");
    expect(box.value).toBe("Look at @src/money.ts ");
    await userEvent.type(box, "@t");
    await screen.findByTestId("file-menu");
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByTestId("file-menu")).toBeNull();
  });
});

describe("a message", () => {
  it("is sent again as it was", async () => {
    const shown = await working();
    const [button] = screen.getAllByTestId("send-again");
    if (!button) throw new Error("no button");
    await userEvent.click(button);
    expect(sent(shown)[0]).toContain("Totals in the cart");
  });
});
