import type { Diff } from "../protocol/Diff";
import type { FileChanges } from "../protocol/FileChanges";
import type { Hunk } from "../protocol/Hunk";
import type { SessionChanges } from "../protocol/SessionChanges";
import type { ThreeWay } from "../protocol/ThreeWay";
import { call, type Recorder, SESSION, usage, WORKSPACE } from "./demoevents";

/** A hunk of lines, each with its sign in front: ` `, `-`, `+`. */
function hunk(number: number, start: number, shift: number, lines: readonly string[]): Hunk {
  return {
    number,
    old_start: start,
    old_lines: lines.filter((line) => !line.startsWith("+")).length,
    new_start: start + shift,
    new_lines: lines.filter((line) => !line.startsWith("-")).length,
    text: lines.map((line) => `${line}\n`).join(""),
  };
}

/** How many lines of hunks have a sign. */
export function signsOf(hunks: readonly Hunk[], sign: "+" | "-"): number {
  return hunks.flatMap((one) => one.text.split("\n")).filter((line) => line.startsWith(sign)).length;
}

function diff(...hunks: Hunk[]): Diff {
  return { hunks, added: signsOf(hunks, "+"), removed: signsOf(hunks, "-") };
}

function changed(path: string, more: Partial<FileChanges>): FileChanges {
  return {
    path,
    shown: path,
    change: "modified",
    calls: ["edit1"],
    turns: [1],
    added: more.diff?.added ?? null,
    removed: more.diff?.removed ?? null,
    now_sha256: "a".repeat(64),
    changed_since: false,
    ...more,
  };
}

const CART = diff(
  hunk(1, 9, 0, [
    " /** The sum of all items, in whole currency units. */",
    " export function total(items: Item[]): number {",
    "-  return items.reduce((sum, i) => sum + i.price * i.quantity, 0);",
    "+  const cents = items.reduce((acc, i) => acc + toCents(i.price) * i.quantity, 0);",
    "+  return cents / 100;",
    " }",
  ]),
  hunk(2, 31, 1, [
    " export function withTax(items: Item[], rate: number): number {",
    "-  const tax = total(items) * rate;",
    "-  return total(items) + tax;",
    "+  const tax = Math.round(toCents(total(items)) * rate);",
    "+  return (toCents(total(items)) + tax) / 100;",
    " }",
  ]),
);
const TEST = diff(
  hunk(1, 12, 0, [
    ' describe("total", () => {',
    '+  it("adds in cents", () => {',
    '+    expect(total([{ name: "a", price: 0.1, quantity: 3 }])).toBe(0.3);',
    "+  });",
    " ",
  ]),
);

/** What the recorded session changed. */
export function demoChanges(): SessionChanges {
  return {
    session: SESSION,
    workspace: WORKSPACE,
    files: [
      changed("docs/rounding.md", {
        change: "created",
        calls: ["write1"],
        turns: [2],
        diff: diff(hunk(1, 1, 0, ["+# Rounding", "+", "+Prices are added in cents."])),
      }),
      changed("package-lock.json", { calls: ["install"], turns: [2], added: 412, removed: 37 }),
      changed("scripts/release.sh", {
        change: "mode",
        calls: ["install"],
        turns: [2],
        added: 0,
        removed: 0,
        diff: diff(),
      }),
      changed("src/cart.ts", { calls: ["edit1", "edit2"], turns: [1, 2], diff: CART }),
      changed("src/legacy/prices.ts", {
        change: "deleted",
        calls: ["install"],
        turns: [2],
        now_sha256: null,
        diff: diff(hunk(1, 1, 0, ["-export const PRICES = {};"])),
      }),
      changed("test/cart.test.ts", { calls: ["edit1"], changed_since: true, diff: TEST }),
      changed("data/catalogue.db", {
        calls: ["install"],
        turns: [2],
        lost: "it has 84 MB; files over 50 MB are not kept.",
      }),
    ],
    left_out: [
      { path: "node_modules", why: "it is ignored" },
      { path: ".git", why: "the repository's own folder is never touched" },
    ],
    kept_bytes: 12_300_000,
  };
}

/** The three texts of the file that the person changed since. */
export function demoThreeWay(path: string): ThreeWay {
  return {
    path,
    theirs: diff(hunk(1, 40, 0, [" ", "+// Ask sales about rebates before the next release.", " "])),
    back: diff(
      hunk(1, 12, 0, [
        ' describe("total", () => {',
        '-  it("adds in cents", () => {',
        '-    expect(total([{ name: "a", price: 0.1, quantity: 3 }])).toBe(0.3);',
        "-  });",
        " ",
      ]),
      hunk(2, 40, -3, [" ", "-// Ask sales about rebates before the next release.", " "]),
    ),
    merged: "…",
    merged_diff: diff(
      hunk(1, 12, 0, [
        ' describe("total", () => {',
        '-  it("adds in cents", () => {',
        '-    expect(total([{ name: "a", price: 0.1, quantity: 3 }])).toBe(0.3);',
        "-  });",
        " ",
      ]),
    ),
    now_sha256: "a".repeat(64),
  };
}

/** Calls that changed files, in two turns. */
export function changedFiles(to: Recorder): void {
  const file = (path: string): { path: string; shown: string; change: "modified" } => ({
    path,
    shown: path,
    change: "modified",
  });
  to.add({ type: "tool_call", call: "edit1", tool: "edit", args: { path: "src/cart.ts" } });
  to.add({ type: "approval_decided", approval: "b1", call: "edit1", decision: "approve", by: "user" });
  to.add({ type: "tool_started", call: "edit1" });
  to.add({ type: "files_changed", call: "edit1", files: [file("src/cart.ts"), file("test/cart.test.ts")] });
  to.add({ type: "tool_finished", call: "edit1", ok: true, result: { replacements: 2 }, duration_ms: 12 });
  to.add({ type: "step_finished", step: 4, usage: usage(6400, 210) });
  to.add({ type: "run_finished", reason: "end_turn" });
  to.add({ type: "user_message", text: "Now update the lock file, and write down how prices are rounded." });
  to.add({ type: "step_started", step: 1 });
  to.add({
    type: "tool_call",
    call: "install",
    tool: "exec",
    args: { command: "npm install && node scripts/prune.js" },
  });
  to.add({ type: "approval_decided", approval: "b2", call: "install", decision: "approve", by: "user" });
  to.add({ type: "tool_started", call: "install" });
  to.add({
    type: "files_changed",
    call: "install",
    files: [file("package-lock.json"), file("scripts/release.sh"), file("src/legacy/prices.ts")],
    more: 1,
    left_out: [{ path: "data/catalogue.db", why: "too large" }],
  });
  to.add({
    type: "tool_finished",
    call: "install",
    ok: true,
    result: { exit_code: 0 },
    duration_ms: 5320,
    exit_code: 0,
  });
  call(to, "edit2", "edit", { path: "src/cart.ts" }, { replacements: 1 }, 9);
  call(to, "write1", "write", { path: "docs/rounding.md" }, { created: true }, 4);
  to.add({ type: "step_finished", step: 1, usage: usage(7100, 180) });
  to.add({ type: "run_finished", reason: "end_turn" });
  to.add({
    type: "changes_reverted",
    act: "revert_0",
    scope: { scope: "file", path: "src/money.ts" },
    restored: ["src/money.ts"],
    left: [],
  });
}
