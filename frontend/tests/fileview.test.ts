import { screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Diff } from "../src/protocol/Diff";
import { markAt, markFrom, marksOf } from "../src/state/filemarks";
import { showScreen, violations } from "./screen";

/** A hunk of lines, each with its sign: ` `, `-`, `+`. */
function diffOf(...hunks: [number, string][]): Diff {
  const made = hunks.map(([start, signs], at) => {
    const but = (sign: string): number => signs.replaceAll(sign, "").length;
    const text = [...signs].map((sign) => `${sign}\n`).join("");
    return { number: at + 1, old_start: start, new_start: start, old_lines: but("+"), new_lines: but("-"), text };
  });
  return { hunks: made, added: 0, removed: 0 };
}

describe("the marks of a file", () => {
  it("tell added, changed and removed lines apart, at the lines of the text as it is now", () => {
    expect(marksOf(diffOf([9, " +  -+ --++ "], [40, "  - "]))).toEqual([
      { kind: "added", from: 10, to: 10, removed: 0 },
      { kind: "changed", from: 13, to: 13, removed: 1 },
      { kind: "changed", from: 15, to: 16, removed: 2 },
      { kind: "removed", from: 42, to: 41, removed: 1 },
    ]);
  });

  it("of a text of which nothing is left, and of none", () => {
    expect(marksOf(diffOf([0, "--"]))).toEqual([{ kind: "removed", from: 1, to: 0, removed: 2 }]);
    expect(marksOf({ hunks: [], added: 0, removed: 0 })).toEqual([]);
  });

  it("are found by line, and stepped through around the ends", () => {
    const marks = marksOf(diffOf([9, " +  -+ --++ "], [40, "  - "]));
    const at = (line: number): string | undefined => markAt(marks, line)?.kind;
    expect([9, 10, 11, 13, 14, 15, 16, 17, 41, 42, 43].map(at)).toEqual([
      undefined,
      "added",
      undefined,
      "changed",
      undefined,
      "changed",
      "changed",
      undefined,
      undefined,
      "removed",
      undefined,
    ]);
    expect([1, 10, 15, 42].map((line) => markFrom(marks, line, 1))).toEqual([0, 1, 3, 0]);
    expect([10, 14, 42].map((line) => markFrom(marks, line, -1))).toEqual([3, 1, 2]);
    expect(markFrom([], 1, 1)).toBe(-1);
  });
});

const signs = (): string[] => {
  const root = screen.getByTestId("file-view").querySelector(".code")?.shadowRoot;
  // The first one keeps the gutter's width and is not seen.
  const all = [...(root?.querySelectorAll(".marks .cm-gutterElement") ?? [])] as HTMLElement[];
  return all.filter((one) => one.style.visibility !== "hidden").map((one) => one.textContent ?? "");
};

describe("a file that the agent changed", () => {
  it("shows what changed by signs, steps through it by buttons and keys, and opens there in the editor", async () => {
    const { app, backend } = await showScreen("file");
    await app.openFile("src/cart.ts");
    await vi.waitFor(() => expect(signs().filter((sign) => sign !== "")).toEqual(["~", "~", "~", "~"]));
    const place = screen.getByTestId("file-place");
    expect(place.textContent).toBe("2 changes by the agent");
    await userEvent.click(screen.getByTestId("change-next"));
    expect(place.textContent).toBe("Change 1 of 2, line 11: 2 lines changed by the agent in this session");
    await userEvent.keyboard("{F7}");
    expect(place.textContent).toContain("Change 2 of 2, line 33");
    await userEvent.keyboard("{Shift>}{F7}{/Shift}");
    expect(place.textContent).toContain("Change 1 of 2");
    await userEvent.click(screen.getByTestId("file-reveal"));
    expect(backend.ops).toContainEqual({ type: "reveal", path: "src/cart.ts" });
    await userEvent.click(screen.getByTestId("file-edit"));
    expect(backend.ops).toContainEqual({ type: "open_in_editor", path: "src/cart.ts", line: 11 });
    expect(await violations()).toEqual([]);
  });

  it("loses its marks once what changed was taken back", async () => {
    const { app } = await showScreen("file");
    await app.openFile("src/cart.ts");
    await vi.waitFor(() => expect(signs().some((sign) => sign !== "")).toBe(true));
    await app.changes.revert({ scope: "file", path: "src/cart.ts" });
    await vi.waitFor(() => expect(signs().some((sign) => sign !== "")).toBe(false), 3000);
    expect(screen.queryByTestId("change-next")).toBeNull();
  });

  it("has none where the agent changed nothing in it", async () => {
    const { app } = await showScreen("file");
    await app.openFile("README.md");
    await vi.waitFor(() => expect(app.changes.data).not.toBeNull());
    expect(signs().some((sign) => sign !== "")).toBe(false);
  });
});

describe("a file that cannot be shown", () => {
  it.each([
    ["README.md", "", "Choose another file in the tree."],
    ["src/cart.ts", "", "Choose another file in the tree, or take its change back under Changes."],
    ["README.md", "Try it as another user.", "Try it as another user."],
  ])("says what to do: %s, %s", async (path, hint, advice) => {
    const { app, backend } = await showScreen("file");
    const query = backend.query.bind(backend);
    vi.spyOn(backend, "query").mockImplementation((asked) =>
      asked.type === "file" ? Promise.reject({ code: "not_found", message: "No such file.", hint }) : query(asked),
    );
    await app.openFile(path);
    await vi.waitFor(() => expect(screen.getByTestId("file-advice").textContent).toBe(advice));
    expect(screen.getByTestId("file-view").textContent).toContain("No such file.");
  });
});
