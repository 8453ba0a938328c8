import { render, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import DiffView from "./DiffView.svelte";
import type { DiffHunk } from "./lines";
import { digits, type Piece, ROW_LENGTH } from "./rows";
import { pack, rowsOf, type SingleLine } from "./testing";

const context = (old: number, now: number): SingleLine => ({
  kind: "context",
  old,
  new: now,
  spans: [{ text: "same", changed: false }],
});
const added = (now: number, text = "more"): SingleLine => ({
  kind: "added",
  new: now,
  spans: [{ text, changed: true }],
});
const removed = (old: number): SingleLine => ({ kind: "removed", old, spans: [{ text: "less", changed: false }] });
const gaps = (hunks: DiffHunk[]): number[] => rowsOf(hunks).flatMap((row) => (row.type === "gap" ? [row.count] : []));

describe("rows of a change", () => {
  it("begin each hunk with a head where one is asked for, below what is left out before it", () => {
    const hunks = [pack(1, [added(3)]), pack(2, [removed(20)])];
    const types = (heads: boolean): string =>
      rowsOf(hunks, heads)
        .map((row) => row.type[0])
        .join("");
    expect(types(false)).toBe("glgl");
    expect(types(true)).toBe("ghlghl");
  });

  it("tell how many unchanged lines are left out", () => {
    expect(gaps([pack(1, [context(1, 1), added(2)])])).toEqual([]);
    expect(gaps([pack(1, [context(13, 13), added(14), added(15)]), pack(2, [removed(20), context(21, 22)])])).toEqual([
      12, 6,
    ]);
  });

  it("count from the side that a hunk has", () => {
    expect(gaps([pack(1, [added(8)])])).toEqual([7]);
    expect(gaps([pack(1, [added(1), added(2)]), pack(2, [added(6)]), pack(3, [removed(9)])])).toEqual([3, 5]);
  });

  it("keep all of a long line, in pieces that cut no character in two", () => {
    const text = `${"x".repeat(ROW_LENGTH - 1)}\u{1f600}${"y".repeat(ROW_LENGTH)}z`;
    const rows = rowsOf([pack(1, [added(1, text)])]);
    const pieces = rows.map((row) => (row.type === "line" ? row.piece.spans.map((span) => span.text).join("") : ""));
    expect(pieces.length).toBe(3);
    expect(pieces.join("")).toBe(text);
    expect(pieces[0]?.endsWith("\u{1f600}")).toBe(true);
    expect(rows.map((row) => row.type === "line" && row.piece.last)).toEqual([false, false, true]);
  });

  it("leave room for the highest line number", () => {
    expect(digits([])).toBe(2);
    expect(digits([pack(1, [added(7)]), pack(2, [context(998, 1002)])])).toBe(4);
  });

  it("stand side by side: what was removed beside what takes its place, the rest on its own", () => {
    const text = (piece: Piece | null): string => piece?.spans.map((span) => span.text).join("") ?? "";
    const pairs = (lines: SingleLine[]): string[][] =>
      rowsOf([pack(1, lines)], false, "split").flatMap((row) =>
        row.type === "pair" ? [[text(row.old), text(row.now)]] : [],
      );
    expect(pairs([context(1, 1), removed(2), added(2, "a"), added(3, "b"), context(3, 4)])).toEqual([
      ["same", "same"],
      ["less", "a"],
      ["", "b"],
      ["same", "same"],
    ]);
    expect(pairs([removed(1), removed(2), added(1, "a"), removed(3)])).toEqual([
      ["less", "a"],
      ["less", ""],
      ["less", ""],
    ]);
  });

  it("have keys of their own in both layouts, and the same gaps", () => {
    const long = "x".repeat(ROW_LENGTH * 2);
    const hunks = [pack(1, [added(4, long), removed(4)]), pack(2, [removed(20), added(20, long)])];
    for (const layout of ["unified", "split"] as const) {
      const rows = rowsOf(hunks, true, layout);
      expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
      expect(rows.flatMap((row) => (row.type === "gap" ? [row.count] : []))).toEqual([3, 15]);
    }
  });
});

describe("the drawn change", () => {
  it("has numbers, signs and marks", () => {
    render(DiffView, {
      hunks: [pack(1, [removed(1), added(1, "<i>new</i>")])],
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
    render(DiffView, { hunks: [pack(1, lines)], label: "Changes", testid: "diff" });
    expect(screen.getByTestId("diff").querySelectorAll("*").length).toBeLessThan(1000);
  });
});
