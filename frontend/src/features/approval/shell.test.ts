import { describe, expect, it } from "vitest";
import type { CommandPart } from "../../protocol/CommandPart";
import { askedRanges, marked, shellPieces, writesTo } from "./shell";

const kinds = (text: string): string[] =>
  shellPieces(text)
    .filter((piece) => piece.kind !== "plain")
    .map((piece) => `${piece.kind} ${piece.text}`);
const joined = (text: string): string =>
  shellPieces(text)
    .map((piece) => piece.text)
    .join("");
const part = (text: string, verdict: CommandPart["verdict"]): CommandPart => ({ text, verdict, note: "" });

describe("a command in colours", () => {
  it("tells commands, options, strings, variables, operators and redirections apart", () => {
    expect(kinds(`CI=1 npm run build --fast 2>&1 | tee "a b.log" && rm -r $DIR > out.txt # done`)).toEqual([
      "variable CI=",
      "command npm",
      "option --fast",
      "redirect 2>&1",
      "operator |",
      "command tee",
      'string "a b.log"',
      "operator &&",
      "command rm",
      "option -r",
      "variable $DIR",
      "redirect >",
      "redirect out.txt",
      "comment # done",
    ]);
  });

  it("begins a command anew on each line and within a substitution", () => {
    expect(kinds("set -e\necho $(date)")).toEqual([
      "command set",
      "option -e",
      "command echo",
      "operator $(",
      "command date",
      "operator )",
    ]);
  });

  it("is the command to the character, whatever it is", () => {
    const signs = [..."ab -'\"\\$(){}<>|&;#\n\t=2‹é\u{1f600}`*"];
    let seed = 7;
    const next = (): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed;
    };
    for (let round = 0; round < 2000; round += 1) {
      const text = Array.from({ length: next() % 24 }, () => signs[next() % signs.length]).join("");
      expect(joined(text)).toBe(text);
      const ranges = [{ from: 1, to: 3 }];
      const cut = marked(shellPieces(text), ranges).flatMap((group) => group.pieces.map((piece) => piece.text));
      expect(cut.join("")).toBe(text);
    }
    const long = "echo a; ".repeat(20_000);
    expect(joined(long)).toBe(long);
  });
});

describe("what made a command ask", () => {
  const command = "npm test && npm test -- -u | tee log";
  const parts = [part("npm test", "allow"), part("npm test -- -u", "ask"), part("tee log", "deny")];

  it("is marked where it stands, also where its text stands before", () => {
    const ranges = askedRanges(command, parts);
    expect(ranges.map(({ from, to }) => command.slice(from, to))).toEqual(["npm test -- -u", "tee log"]);
    expect(ranges[0]?.from).toBe(12);
    const asks = marked(shellPieces(command), ranges).filter((group) => group.asks);
    expect(asks.map((group) => group.pieces.map((piece) => piece.text).join(""))).toEqual([
      "npm test -- -u",
      "tee log",
    ]);
  });

  it("is not marked where all of it asks, or where it cannot be told for sure", () => {
    expect(askedRanges("npm test", [part("npm test", "ask")])).toEqual([]);
    expect(askedRanges("echo hidden && npm test", [part("npm test", "ask"), part("x", "allow")])).toEqual([]);
  });

  it("is a file that a redirection writes to, where the guard says so", () => {
    expect(writesTo("It has the redirection > build.log, which is a file.")).toBe("build.log");
    expect(writesTo("It has the redirection 2>> a b.log, which is a file.")).toBe("a b.log");
    expect(writesTo("No pattern covers it.")).toBeNull();
    expect(writesTo("It redirects descriptor 3.")).toBeNull();
  });
});
