import { render, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import DiffView from "./DiffView.svelte";
import type { DiffHunk } from "./lines";
import { pack, rowsOf, type SingleLine } from "./testing";

const plain = (text: string) => [{ text, changed: false }];
const added = (now: number, more: Partial<SingleLine> = {}): SingleLine => ({
  kind: "added",
  new: now,
  spans: plain(`new ${now}`),
  ...more,
});
const removed = (old: number, more: Partial<SingleLine> = {}): SingleLine => ({
  kind: "removed",
  old,
  spans: plain(`old ${old}`),
  ...more,
});
const draw = (hunks: DiffHunk[]): HTMLElement => {
  render(DiffView, { hunks, label: "Changes", testid: "diff" });
  return screen.getByTestId("diff");
};

describe("whole files", () => {
  it("a new file is only added lines, from 1 and without a gap", () => {
    const rows = rowsOf([pack(1, [added(1), added(2)])]);
    expect(
      rows.map((row) =>
        row.type === "line" ? [row.piece.line.kind, row.piece.line.old, row.piece.line.new] : row.type,
      ),
    ).toEqual([
      ["added", undefined, 1],
      ["added", undefined, 2],
    ]);
  });

  it("an emptied file is only removed lines, from 1 and without a gap", () => {
    const rows = rowsOf([pack(1, [removed(1), removed(2)])]);
    expect(
      rows.map((row) =>
        row.type === "line" ? [row.piece.line.kind, row.piece.line.old, row.piece.line.new] : row.type,
      ),
    ).toEqual([
      ["removed", 1, undefined],
      ["removed", 2, undefined],
    ]);
  });
});

describe("what stands beside the lines", () => {
  it("says which side ends without a line break", () => {
    const view = draw([pack(1, [removed(1, { no_newline: true }), added(1)])]);
    const ends = [...view.querySelectorAll("[data-kind]")].map((line) =>
      Boolean(line.textContent?.includes("no newline at end")),
    );
    expect(ends).toEqual([true, false]);
  });

  it("says how many lines are left out, and one as one", () => {
    const view = draw([pack(1, [added(1)]), pack(2, [added(3)]), pack(3, [added(16)])]);
    expect(view.textContent).toContain("1 line unchanged");
    expect(view.textContent).not.toContain("1 lines unchanged");
    expect(view.textContent).toContain("12 lines unchanged");
  });

  it("says that nothing changes", () => {
    expect(draw([]).textContent).toContain("No line changes");
  });

  it("makes no element of markup in a line", () => {
    const view = draw([pack(1, [added(1, { spans: plain("<img src=x onerror=alert(1)>") })])]);
    expect(view.querySelector("img")).toBeNull();
    expect(view.textContent).toContain("<img src=x onerror=alert(1)>");
  });
});

describe("a long change", () => {
  // Nothing has a size here, so no row is in sight; that room is kept for all of them shows who draws them.
  const room = (view: HTMLElement): string[] =>
    [...view.querySelectorAll<HTMLElement>(".rows > div")].map((part) => part.style.height);
  const lines = (count: number): SingleLine[] => Array.from({ length: count }, (_, at) => added(at + 1));

  it("keeps room for every row and draws only those in sight", () => {
    const view = draw([pack(1, lines(50_000))]);
    expect(room(view)).toEqual(["1000000px"]);
    expect(view.querySelectorAll("*").length).toBeLessThan(400);
  });

  it("is drawn whole while it is short", () => {
    expect(draw([pack(1, lines(200))]).querySelectorAll("[data-kind]").length).toBe(200);
  });
});
