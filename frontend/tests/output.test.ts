import { readFileSync } from "node:fs";
import { join } from "node:path";
import { render, screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { contrast, LEAST, lookOf, SURFACES } from "../src/features/transcript/ansi";
import OutputView from "../src/features/transcript/OutputView.svelte";
import { HEAD, isGap, Output, plainRows, TAIL } from "../src/state/output";
import { applySgr, PLAIN, RGB } from "../src/state/sgr";
import { LineReader, type OutputLine, textOf } from "../src/state/terminal";

const ESC = "\u001b";

function lines(...pieces: string[]): OutputLine[] {
  const out: OutputLine[] = [];
  const reader = new LineReader((line) => out.push(line));
  for (const piece of pieces) reader.read(piece);
  return reader.open ? [...out, reader.open] : out;
}
const texts = (...pieces: string[]): string[] => lines(...pieces).map(textOf);

describe("a command's output", () => {
  it.each([
    ["plain lines", "one\ntwo\n", ["one", "two"]],
    ["line ends of two characters", "one\r\ntwo\r\n", ["one", "two"]],
    ["empty lines", "a\n\nb", ["a", "", "b"]],
    ["a line that is written over", "10 %\r50 %\r100 %\n", ["100 %"]],
    ["a line that is cleared and written over", `10 %\r${ESC}[2K100 %\n`, ["100 %"]],
    ["a return with nothing after it", "100 %\r\n", ["100 %"]],
    ["moves and clearing, which are not done", `a${ESC}[2J${ESC}[1;1Hb${ESC}[Kc`, ["abc"]],
    ["titles and links, of which the text stays", `${ESC}]0;title\u0007a ${ESC}]8;;http://x\u001b\\b`, ["a b"]],
    ["a title without an end, which would hide text", `${ESC}]0;hidden\nnext`, ["‹U+001B›]0;hidden", "next"]],
    ["text that wants to be hidden", `${ESC}[8mpassword${ESC}[0m`, ["password"]],
    ["control characters as marks", "a\u0007b\bc\u009b31m\u0000", ["a‹U+0007›b‹U+0008›c‹U+009B›31m‹U+0000›"]],
    ["a payload for the terminal, which stays in sight", `${ESC}Ppayload${ESC}\\x`, ["‹U+001B›Ppayloadx"]],
  ])("draws %s", (_name, text, expected) => {
    expect(texts(text)).toEqual(expected);
  });

  it("reads the same however it is cut", () => {
    const text = `${ESC}[1;31mred${ESC}[0m\r\n50 %\r${ESC}[2K100 %\n${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\\nend`;
    const whole = lines(text).map((line) => [line.over, textOf(line), line.pieces.at(-1)?.style]);
    for (const size of [1, 2, 5]) {
      const cut = Array.from({ length: Math.ceil(text.length / size) }, (_, n) => text.slice(n * size, (n + 1) * size));
      expect(lines(...cut).map((line) => [line.over, textOf(line), line.pieces.at(-1)?.style])).toEqual(whole);
    }
  });

  it("says how often a line was written over, and breaks one without an end", () => {
    expect(lines("1\r2\r3\n")[0]?.over).toBe(2);
    expect(texts("x".repeat(9000)).map((line) => line.length)).toEqual([4000, 4000, 1000]);
  });

  it.each([
    ["31", { fg: 1 }],
    ["1;92", { bold: true, fg: 10 }],
    ["38;5;200", { fg: 200 }],
    ["48;2;1;2;3", { bg: RGB + 0x010203 }],
    ["38;5;200;4", { fg: 200, underline: true }],
    ["38;5;999", {}],
    ["8", {}],
    ["31;0", {}],
    ["", {}],
  ])("takes SGR %s", (numbers, expected) => {
    expect(applySgr(PLAIN, numbers)).toEqual({ ...PLAIN, ...expected });
  });

  it("keeps its beginning and its end of what has no end, and says what is between", () => {
    const output = new Output();
    const line = `${"x".repeat(99)}\n`;
    for (let n = 0; n < 2000; n += 1) output.push(`${n} ${line.repeat(100)}`);
    output.push("the end");
    const rows = output.rows();
    const kept = rows.reduce((sum, row) => sum + (isGap(row) ? 0 : textOf(row).length + 1), 0);
    expect(kept).toBeLessThan(HEAD + TAIL * 1.1 + 10_000);
    const all = Array.from({ length: 2000 }, (_, n) => `${n} `.length + line.length * 100).reduce((a, b) => a + b, 7);
    expect(output.left).toBeGreaterThan(0);
    expect(Math.abs(kept + output.left - all)).toBeLessThanOrEqual(2);
    expect(rows.filter(isGap)).toHaveLength(1);
    const text = plainRows(rows);
    expect(text.startsWith("0 xxx")).toBe(true);
    expect(text.endsWith("the end")).toBe(true);
  });

  it("reads nothing that nobody could have seen", () => {
    const output = new Output();
    for (let n = 0; n < 50; n += 1) output.push("y".repeat(1_000_000).replace(/y{100}/g, `${"y".repeat(99)}\n`));
    output.push("last\n");
    expect(output.last(1).map(textOf)).toEqual(["last"]);
    expect(output.left).toBeGreaterThan(48_000_000);
  });

  it("draws every colour so that it can be read, in both themes", () => {
    for (let fg = 0; fg < 256; fg += 1) {
      const look = lookOf({ ...PLAIN, fg });
      if (!look) throw new Error("no look");
      if (fg < 16) expect(look.classes).toMatch(/^c\db?$/);
      else {
        expect(contrast(Number.parseInt((look.light ?? "").slice(1), 16), SURFACES.light)).toBeGreaterThanOrEqual(
          LEAST,
        );
        expect(contrast(Number.parseInt((look.dark ?? "").slice(1), 16), SURFACES.dark)).toBeGreaterThanOrEqual(LEAST);
      }
      for (const bg of [0, 1, 7, 8, 15, 21, 46, 120, 244, 255]) {
        const on = lookOf({ ...PLAIN, fg, bg });
        const [text, behind] = [on?.light, on?.background].map((one) => Number.parseInt((one ?? "").slice(1), 16));
        expect(contrast(text ?? 0, behind ?? 0)).toBeGreaterThanOrEqual(LEAST);
      }
    }
  });

  it("takes the sixteen from tokens that can be read on what output is drawn on", () => {
    const [light = "", dark = ""] = readFileSync(join(import.meta.dirname, "../src/styles/tokens.css"), "utf8").split(
      "@media",
    );
    const value = (css: string, name: string): number => {
      const found = new RegExp(`--${name}: #([0-9a-f]{6})`).exec(css);
      if (!found?.[1]) throw new Error(`no ${name}`);
      return Number.parseInt(found[1], 16);
    };
    expect([value(light, "sunken"), value(dark, "sunken")]).toEqual([SURFACES.light, SURFACES.dark]);
    for (const name of ["text", "text-2", "deny", "ok", "wait", "syn-function", "syn-keyword", "syn-type"]) {
      expect([name, contrast(value(light, name), SURFACES.light) >= LEAST]).toEqual([name, true]);
      expect([name, contrast(value(dark, name), SURFACES.dark) >= LEAST]).toEqual([name, true]);
    }
  });

  it("marks characters that deceive the eye, and can be paused", async () => {
    const output = new Output();
    output.push("a\u202eb\n");
    render(OutputView, { output, version: 1, live: true });
    expect(screen.getByTestId("output").textContent).toContain("a‹U+202E›b");
    const follow = screen.getByTestId("follow");
    expect(follow.getAttribute("aria-pressed")).toBe("true");
    follow.click();
    await Promise.resolve();
    output.push("more\n");
    expect(screen.getByTestId("output").textContent).not.toContain("more");
  });
});
