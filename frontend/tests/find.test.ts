import { screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { Find } from "../src/features/transcript/find.svelte";
import { partsOf } from "../src/features/transcript/texts";
import type { Item } from "../src/state/items";
import { showScreen, violations } from "./screen";

function said(id: number, text: string): Item {
  return { kind: "assistant", id, thinking: "", text, streaming: false };
}

describe("find in the conversation", () => {
  it("reads what is drawn, not its marks", () => {
    const text = "It **adds** `floats`.\n\n- one\n- [two](https://example.org)\n\n```ts\nconst a\n```";
    expect(partsOf(said(0, text)).find((part) => part.where === "main")?.text).toBe(
      "It adds floats.\none\ntwo\nconst a",
    );
  });

  it("counts in all items, begins near what is looked at, and goes around", async () => {
    const find = new Find();
    find.words = "CENT";
    const items = Array.from({ length: 3000 }, (_, n) =>
      said(n, n % 1000 === 0 ? "A cent, another Cent." : "Nothing."),
    );
    await find.search(items, 1500);
    expect(find.matches).toHaveLength(6);
    expect(find.match).toMatchObject({ at: 2000, nth: 0 });
    for (const _ of [1, 2]) find.go(1);
    expect(find.match).toMatchObject({ at: 0, nth: 0 });
    find.go(-1);
    expect(find.match).toMatchObject({ at: 2000, nth: 1 });
  });

  it("opens by Ctrl+F, says where one is, and closes by Escape", async () => {
    await showScreen("chat");
    await userEvent.keyboard("{Control>}f{/Control}");
    const input = await screen.findByTestId<HTMLInputElement>("find-words");
    expect(document.activeElement).toBe(input);
    await userEvent.type(input, "cents");
    await vi.waitFor(() => expect(screen.getByTestId("find-count").textContent).toMatch(/^\d+ of \d+$/));
    const first = screen.getByTestId("find-count").textContent;
    await userEvent.keyboard("{Enter}");
    expect(screen.getByTestId("find-count").textContent).not.toBe(first);
    expect(await violations()).toEqual([]);
    await userEvent.clear(input);
    await userEvent.type(input, "zzz");
    await vi.waitFor(() => expect(screen.getByTestId("find-count").textContent).toBe("Nothing found"));
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByTestId("find-bar")).toBeNull();
    expect(document.activeElement).toBe(screen.getByTestId("transcript"));
  });

  it("finds what a folded row printed, and unfolds it", async () => {
    await showScreen("output");
    await userEvent.keyboard("{Control>}f{/Control}");
    await userEvent.type(await screen.findByTestId("find-words"), "chunk-17.js");
    await vi.waitFor(() => expect(screen.getByTestId("find-count").textContent).toBe("1 of 1"));
    expect(await screen.findByTestId("output")).toBeTruthy();
  });
});
