import type { Diff } from "../protocol/Diff";
import type { Envelope } from "../protocol/Envelope";
import type { Event } from "../protocol/Event";
import type { PatternMatches } from "../protocol/PatternMatches";
import type { ProposalTexts } from "../protocol/ProposalTexts";
import { type DemoLine, demoDiff, diffOf } from "./demodiff";
import { type Recorder, WORKSPACE } from "./demoevents";

type Asked = Extract<Event, { type: "approval_requested" }>;
type FileAsked = Extract<Asked, { kind: "edit" | "write" }>;

const CART = `import { toCents } from "./money";

export interface Item {
  name: string;
  price: number;
  quantity: number;
}

/** The sum of all items, in whole currency units. */

export function total(items: Item[]): number {
  return items.reduce((sum, i) => sum + i.price * i.quantity, 0);
}

export function count(items: Item[]): number {
  return items.length;
}

export function cheapest(items: Item[]): Item | undefined {
  let found: Item | undefined;
  for (const item of items) {
    if (!found || item.price < found.price) found = item;
  }
  return found;
}

export function isFree(items: Item[]): boolean {
  return total(items) === 0;
}

export function withTax(items: Item[], rate: number): number {
  const tax = total(items) * rate;
  return total(items) + tax;
}
`;
const CART_AFTER = CART.replace(
  "  return items.reduce((sum, i) => sum + i.price * i.quantity, 0);\n",
  "  const cents = items.reduce((acc, i) => acc + toCents(i.price) * i.quantity, 0);\n  return cents / 100;\n",
).replace(
  "  const tax = total(items) * rate;\n  return total(items) + tax;\n",
  "  const tax = Math.round(toCents(total(items)) * rate);\n  return (toCents(total(items)) + tax) / 100;\n",
);

const same = (old: number, now: number, text: string): DemoLine => ({ kind: "context", old, new: now, parts: [text] });
const gone = (old: number, text: string): DemoLine => ({ kind: "removed", old, parts: text.split("|") });
const come = (now: number, text: string): DemoLine => ({ kind: "added", new: now, parts: text.split("|") });

/** The change of the cart, in two parts. */
function cartDiff(): Diff {
  return diffOf([
    [
      same(11, 11, "export function total(items: Item[]): number {"),
      gone(12, "  return items.reduce((|sum|, i) => |sum + i.price * i.quantity|, 0);"),
      come(12, "  |const cents = |items.reduce((|acc|, i) => |acc + toCents(i.price) * i.quantity|, 0);"),
      come(13, "  return cents / 100;"),
      same(13, 14, "}"),
    ],
    [
      same(31, 32, "export function withTax(items: Item[], rate: number): number {"),
      gone(32, "  const tax = |total(items) * rate|;"),
      gone(33, "  return |total(items) + tax|;"),
      come(33, "  const tax = |Math.round(toCents(total(items)) * rate)|;"),
      come(34, "  return |(toCents(total(items)) + tax) / 100|;"),
      same(34, 35, "}"),
    ],
  ]);
}

const TEXTS = new Map<string, ProposalTexts>();

function ask(
  to: Recorder,
  approval: string,
  path: string,
  before: string,
  after: string,
  more: Partial<FileAsked>,
): void {
  to.add({ type: "tool_call", call: approval, tool: more.kind ?? "edit", args: { path } });
  TEXTS.set(approval, { revision: 1, before, after, proposed: after });
  to.add({
    type: "approval_requested",
    approval,
    call: approval,
    revision: 1,
    kind: "edit",
    path,
    display: { shown: path, warnings: [] },
    resolved: `${WORKSPACE}/${path}`,
    outside: false,
    created: before === "",
    sensitive: false,
    diff: "",
    changes: demoDiff(before, after),
    warnings: [],
    before_sha256: before === "" ? null : "0".repeat(64),
    after_sha256: "1".repeat(64),
    reasons: ["Edits always ask."],
    ...more,
  } as FileAsked);
}

/** An edit that asks, in two parts. */
export function askEdit(to: Recorder): void {
  ask(to, "a3", "src/cart.ts", CART, CART_AFTER, { changes: cartDiff() });
}

/** Several that wait at once. */
export function askSeveral(to: Recorder): void {
  askEdit(to);
  const test = 'import { expect, it } from "vitest";\nimport { total } from "shop-api/cart";\n';
  const more =
    '\nit("adds in cents", () => {\n  expect(total([{ name: "a", price: 0.1, quantity: 3 }])).toBe(0.3);\n});\n';
  ask(to, "a6", "test/cart.test.ts", test, test + more, {});
  ask(to, "a7", "docs/rounding.md", "", "# Rounding\n\nPrices are added in cents.\n", {
    kind: "write",
    reasons: ["Writes always ask."],
  });
  ask(to, "a8", ".env.example", "TAX=0.19\n", "TAX=0.20\n", { sensitive: true, reasons: ["It is a sensitive file."] });
}

/** A new file of so many lines. */
export function askLarge(to: Recorder, lines = 50_000): void {
  const text = Array.from({ length: lines }, (_, at) =>
    at % 4 === 0
      ? `/** The price of item ${at}. */`
      : `export const price${at}: number = ${at} * 100 + toCents("${at}");`,
  );
  const changes = diffOf([text.map((line, at) => ({ kind: "added", new: at + 1, parts: [line] }))]);
  const after = `${text.join("\n")}\n`;
  ask(to, "a9", "src/prices.ts", "", after, { kind: "write", changes, reasons: ["Writes always ask."] });
}

/** A command too long to be seen at once. */
export function askScript(to: Recorder): void {
  const steps = Array.from({ length: 36 }, (_, at) => `echo "step ${at + 1}" >> build.log`);
  const command = ["set -e", ...steps, "git push --force origin main"].join("\n");
  to.add({
    type: "message",
    role: "assistant",
    content: [
      { type: "text", text: "The build is slow.\n\nI note each step in a log, so that we see\nwhere the time goes." },
      { type: "tool_use", id: "script", name: "exec", input: { command } },
    ],
  });
  to.add({ type: "tool_call", call: "script", tool: "exec", args: { command } });
  to.add({
    type: "approval_requested",
    approval: "a10",
    call: "script",
    revision: 1,
    kind: "exec",
    command,
    display: { shown: command, warnings: [] },
    cwd: WORKSPACE,
    env: {},
    timeout: 300,
    shell: "/bin/bash",
    confine: true,
    network: true,
    reasons: ["Commands always ask."],
    parts: [{ text: command, verdict: "ask", note: "It has a line break, which patterns do not cover." }],
    suggested_patterns: ["git push *"],
    files: [{ path: "scripts/build.js", known_by: "2".repeat(64) }],
  });
}

/** A look outside the workspace. */
export function askLook(to: Recorder): void {
  to.add({ type: "tool_call", call: "hosts", tool: "read", args: { path: "/etc/hosts" } });
  to.add({
    type: "approval_requested",
    approval: "a11",
    call: "hosts",
    revision: 1,
    kind: "path",
    tool: "read",
    path: "../../../../etc/hosts",
    display: { shown: "../../../../etc/hosts", warnings: [] },
    resolved: "/etc/hosts",
    workspace: WORKSPACE,
    outside: true,
    reasons: ["It is outside the workspace."],
  });
}

/** The texts of a proposal of the demo. */
export function demoTexts(approval: string): ProposalTexts {
  return TEXTS.get(approval) ?? { revision: 1, before: "", after: "", proposed: "" };
}

/** The card as it comes anew with another text, or with the model's again. */
export function demoRevised(asked: Asked, text: string | undefined): Asked | null {
  if (asked.kind !== "edit" && asked.kind !== "write") return null;
  const texts = demoTexts(asked.approval);
  const after = text ?? texts.proposed;
  const revision = asked.revision + 1;
  TEXTS.set(asked.approval, { ...texts, revision, after });
  const changes = asked.approval === "a3" && after === CART_AFTER ? cartDiff() : demoDiff(texts.before, after);
  // It comes in an envelope of its own.
  const { text: _text, seq: _seq, session: _session, time: _time, ...rest } = { ...asked } as Envelope & FileAsked;
  return { ...rest, revision, changes, ...(text === undefined ? {} : { text }) } as Asked;
}

/** What a pattern covers of the demo's commands: by its words, roughly. */
export function demoMatches(pattern: string): PatternMatches {
  const commands = [
    "npm test",
    "npm run build",
    "npm run lint -- --fix",
    "node scripts/prune.js",
    "git status --short",
  ];
  if (/[|;&>]/.test(pattern)) {
    return { refused: "A pattern is one command without redirections.", covered: [], others: commands };
  }
  if (/^\s*\*/.test(pattern))
    return { refused: "A pattern begins with a program's name.", covered: [], others: commands };
  const words = pattern.trim().split(/\s+/);
  const covers = (command: string): boolean => {
    const given = command.split(" ");
    return (
      words.every((word, at) => (word === "*" ? given.length > at || at === given.length : word === given[at])) &&
      (words.at(-1) === "*" || given.length === words.length)
    );
  };
  return { refused: null, covered: commands.filter(covers), others: commands.filter((one) => !covers(one)) };
}
