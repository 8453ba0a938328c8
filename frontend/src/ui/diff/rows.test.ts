import { render, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import DiffView from "./DiffView.svelte";
import { columns, type DiffHunk, type DiffLine, ROW_LENGTH, rowsOf } from "./rows";

const context = (old: number, now: number): DiffLine => ({
  kind: "context",
  old,
  new: now,
  spans: [{ text: "same", changed: false }],
});
const added = (now: number, text = "more"): DiffLine => ({ kind: "added", new: now, spans: [{ text, changed: true }] });
const removed = (old: number): DiffLine => ({ kind: "removed", old, spans: [{ text: "less", changed: false }] });
const gaps = (hunks: DiffHunk[]): number[] => rowsOf(hunks).flatMap((row) => (row.type === "gap" ? [row.count] : []));

describe("rows of a change", () => {
  it("begin each hunk with a head where one is asked for, below what is left out before it", () => {
    const hunks = [
      { number: 1, lines: [added(3)] },
      { number: 2, lines: [removed(20)] },
    ];
    const types = (heads: boolean): string =>
      rowsOf(hunks, heads)
        .map((row) => row.type[0])
        .join("");
    expect(types(false)).toBe("glgl");
    expect(types(true)).toBe("ghlghl");
  });

  it("tell how many unchanged lines are left out", () => {
    expect(gaps([{ number: 1, lines: [context(1, 1), added(2)] }])).toEqual([]);
    expect(
      gaps([
        { number: 1, lines: [context(13, 13), added(14), added(15)] },
        { number: 2, lines: [removed(20), context(21, 22)] },
      ]),
    ).toEqual([12, 6]);
  });

  it("count from the side that a hunk has", () => {
    expect(gaps([{ number: 1, lines: [added(8)] }])).toEqual([7]);
    expect(
      gaps([
        { number: 1, lines: [added(1), added(2)] },
        { number: 2, lines: [added(6)] },
        { number: 3, lines: [removed(9)] },
      ]),
    ).toEqual([3, 5]);
  });

  it("keep all of a long line, in pieces that cut no character in two", () => {
    const text = `${"x".repeat(ROW_LENGTH - 1)}\u{1f600}${"y".repeat(ROW_LENGTH)}z`;
    const rows = rowsOf([{ number: 1, lines: [added(1, text)] }]);
    const pieces = rows.map((row) => (row.type === "line" ? row.spans.map((span) => span.text).join("") : ""));
    expect(pieces.length).toBe(3);
    expect(pieces.join("")).toBe(text);
    expect(pieces[0]?.endsWith("\u{1f600}")).toBe(true);
    expect(rows.map((row) => row.type === "line" && row.last)).toEqual([false, false, true]);
  });

  it("measure tabs and wide characters", () => {
    expect(columns(rowsOf([{ number: 1, lines: [added(1, "a\tb"), added(2, "漢字")] }]))).toBe(5);
    expect(columns(rowsOf([{ number: 1, lines: [added(1, "漢字漢")] }]))).toBe(6);
  });
});

describe("the drawn change", () => {
  it("has numbers, signs and marks", () => {
    render(DiffView, {
      hunks: [{ number: 1, lines: [removed(1), added(1, "<i>new</i>")] }],
      label: "Changes",
      testid: "diff",
    });
    const lines = [...screen.getByTestId("diff").querySelectorAll("[data-kind]")];
    const words = lines.map((line) => line.textContent?.replace(/\s+/g, " ").trim());
    expect(words).toEqual(["1 − removed: less", "1 + added: <i>new</i>"]);
    expect(lines[1]?.querySelector("mark")?.textContent).toBe("<i>new</i>");
    expect(lines[0]?.querySelector("mark")).toBeNull();
  });

  it("puts only the rows in sight into the page when there are many", () => {
    const lines = Array.from({ length: 50_000 }, (_, at) => added(at + 1));
    render(DiffView, { hunks: [{ number: 1, lines }], label: "Changes", testid: "diff" });
    expect(screen.getByTestId("diff").querySelectorAll("*").length).toBeLessThan(1000);
  });
});
