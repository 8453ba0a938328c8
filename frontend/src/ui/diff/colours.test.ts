import { render, screen } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { join } from "./colours.svelte";
import DiffView from "./DiffView.svelte";
import type { DiffHunk } from "./lines";
import { pack, type SingleLine } from "./testing";

const line = (text: string, now: number): SingleLine => ({
  kind: "added",
  new: now,
  spans: [{ text, changed: false }],
});
const coloured = (): string[] =>
  [...screen.getByTestId("diff").querySelectorAll("[class^=syn-]")].map(
    (one) => `${one.classList[0]} ${one.textContent}`,
  );
const show = (hunks: DiffHunk[], path?: string): void => {
  render(DiffView, { hunks, label: "Changes", testid: "diff", ...(path === undefined ? {} : { path }) });
};

describe("colours", () => {
  it("cut spans without changing a character, whatever they are laid over", () => {
    const spans = [
      { text: "const ", changed: false },
      { text: "x = 'a", changed: true },
      { text: "b'; 1", changed: false },
    ];
    const painted = join(spans, [
      { from: 0, to: 5, syn: "k" },
      { from: 10, to: 14, syn: "s" },
      { from: 16, to: 17, syn: "n" },
    ]);
    expect(painted.map((span) => span.parts.map((part) => `${part.syn}:${part.text}`))).toEqual([
      ["k:const", ": "],
      [":x = ", "s:'a"],
      ["s:b'", ":; ", "n:1"],
    ]);
    expect(painted.flatMap((span) => span.parts.map((part) => part.text)).join("")).toBe(
      spans.map((span) => span.text).join(""),
    );
  });

  it("come by the file's name, over the marks of what differs, and leave the text alone", async () => {
    const spans = [
      { text: "const a", changed: false },
      { text: ' = "x"', changed: true },
    ];
    show([pack(1, [{ kind: "added", new: 1, spans }, line("return 1; // one", 2)])], "src/a.ts");
    expect(coloured()).toEqual([]);
    await vi.waitFor(() => expect(coloured()).toContain('syn-string "x"'), { timeout: 10_000 });
    expect(coloured()).toEqual([
      "syn-keyword const",
      'syn-string "x"',
      "syn-keyword return",
      "syn-number 1",
      "syn-comment // one",
    ]);
    expect(screen.getByTestId("diff").querySelector("mark")?.textContent).toBe(' = "x"');
    const lines = [...screen.getByTestId("diff").querySelectorAll("code")].map((one) => one.textContent);
    expect(lines).toEqual(['added: const a = "x"', "added: return 1; // one"]);
  });

  it("know a comment that goes over lines, and read each side by itself", async () => {
    const removed: SingleLine = { kind: "removed", old: 2, spans: [{ text: "let b", changed: false }] };
    show([pack(1, [line("/* a", 1), removed, line("let c */", 2)])], "a.js");
    await vi.waitFor(() => expect(coloured().length).toBe(3), { timeout: 10_000 });
    expect(coloured()).toEqual(["syn-comment /* a", "syn-keyword let", "syn-comment let c */"]);
  });

  it("are not there where no language is known", async () => {
    show([pack(1, [line("const a = 1", 1)])], "notes.unknown");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(coloured()).toEqual([]);
    expect(screen.getByTestId("diff").textContent).toContain("const a = 1");
  });
});
