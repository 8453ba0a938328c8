import type { AppState } from "../protocol/AppState";
import type { EntryKind } from "../protocol/EntryKind";
import type { Envelope } from "../protocol/Envelope";
import type { Event } from "../protocol/Event";
import type { Feed } from "../protocol/Feed";
import type { Op } from "../protocol/Op";
import type { Query } from "../protocol/Query";
import type { QueryAnswer } from "../protocol/QueryAnswer";
import type { TreeEntry } from "../protocol/TreeEntry";
import type { WireError } from "../protocol/WireError";
import { fewRules, manyRules, ruleOf } from "./demorules";
import { ReplayBackend } from "./replay";

/** The states of the window that a plain browser can look at, by `?screen=`. */
type Screen = "chat" | "exec" | "again" | "edit" | "welcome" | "trouble" | "long" | "empty" | "rules";

const SESSION = "demo";
const WORKSPACE = "/home/me/dev/shop-api";

/** A recorded session that answers enough to look at every screen without the program. */
export function demoBackend(query: URLSearchParams): ReplayBackend {
  const screen = screenOf(query.get("screen"));
  const recorder = new Recorder();
  let state = stateOf(screen);
  record(recorder, screen);
  const open: Feed[] = [
    { type: "app", state },
    { type: "envelopes", envelopes: recorder.envelopes },
  ];
  return new ReplayBackend({
    batches: [open],
    answer: (asked) => answer(asked, state),
    react: (op, deliver) => {
      const outcome = react(op, state, recorder);
      if ("code" in outcome) return outcome;
      state = outcome.state;
      deliver(outcome.feed);
      return null;
    },
  });
}

function screenOf(name: string | null): Screen {
  switch (name) {
    case "welcome":
    case "chat":
    case "again":
    case "edit":
    case "trouble":
    case "long":
    case "empty":
    case "rules":
      return name;
    default:
      return "exec";
  }
}

/** Puts events in envelopes, with places and times as the engine would. */
class Recorder {
  readonly envelopes: Envelope[] = [];
  #seq = 0;

  add(event: Event): Envelope {
    const time = new Date(Date.UTC(2025, 0, 15, 9, 0, this.envelopes.length)).toISOString();
    const stored = !["text_delta", "thinking_delta", "tool_output", "input_error"].includes(event.type);
    if (stored) this.#seq += 1;
    const place = stored ? { seq: this.#seq } : {};
    const envelope: Envelope = { ...place, session: SESSION, time, ...event };
    this.envelopes.push(envelope);
    return envelope;
  }
}

function stateOf(screen: Screen): AppState {
  const welcome = screen === "welcome";
  return {
    version: "0.1.0",
    workspace: welcome
      ? null
      : {
          path: WORKSPACE,
          name: "shop-api",
          tour: false,
          files: 8412,
          trouble:
            screen === "trouble"
              ? "The folder /home/me/dev/shop-api is no longer there. Put it back or choose another."
              : null,
        },
    session: welcome ? null : { id: SESSION, running: screen !== "trouble" && screen !== "empty", max_steps: 30 },
    model: {
      provider: "anthropic",
      model: welcome ? "" : "claude-sonnet-4-5",
      base_url: null,
      key: welcome ? "missing" : "environment",
    },
    exec_security: "approval-always",
    file_approval: "always",
    confinement: { active: true, text: "commands are confined (Landlock)" },
    rules: screen === "chat" ? fewRules() : screen === "rules" ? manyRules() : [],
  };
}

function record(to: Recorder, screen: Screen): void {
  to.add({
    type: "session_started",
    workspace: WORKSPACE,
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    policy: { exec_security: "approval-always", file_approval: "always", confine: true, allow: [] },
  });
  if (screen === "empty" || screen === "welcome") return;
  to.add({
    type: "user_message",
    text: "Totals in the cart are sometimes off by a cent. Find out why, fix it, and show me the test passing.",
  });
  look(to);
  if (screen === "long") for (let turn = 0; turn < 120; turn += 1) look(to);
  test(to);
  if (screen === "trouble") {
    to.add({
      type: "run_finished",
      reason: "error",
      error: "The provider refused the key. Connect the model again with a valid key.",
    });
    return;
  }
  conclude(to);
  if (screen === "exec") askExec(to);
  if (screen === "again") askAgain(to);
  if (screen === "edit") askEdit(to);
}

function look(to: Recorder): void {
  const n = to.envelopes.length;
  to.add({ type: "step_started", step: 1 });
  to.add({
    type: "message",
    role: "assistant",
    content: [
      {
        type: "thinking",
        thinking: "A cent now and then: likely floating point. Look for where prices are added and rounded.",
        signature: "",
      },
      { type: "text", text: "I'll look at how totals are computed, then run the tests to see the failure." },
    ],
  });
  call(to, `grep${n}`, "grep", { pattern: "round\\(" }, { matches: [{}, {}, {}, {}], truncated: false }, 2);
  call(
    to,
    `read${n}`,
    "read",
    { path: "src/cart.ts" },
    { content: "…", path: "src/cart.ts", total_lines: 86, truncated: false },
    1,
  );
  to.add({ type: "step_finished", step: 1, usage: usage(5200, 160) });
}

function test(to: Recorder): void {
  to.add({ type: "step_started", step: 2 });
  to.add({ type: "tool_call", call: "npm", tool: "exec", args: { command: "npm test", timeout: 60 } });
  to.add({
    type: "approval_decided",
    approval: "a1",
    call: "npm",
    decision: "approve_session",
    pattern: "npm test",
    by: "user",
  });
  to.add({ type: "tool_started", call: "npm" });
  const stdout = "✗ cart total of 3 × 0.1  expected 0.30, received 0.30000000000000004\n  at test/cart.test.ts:14:23\n";
  to.add({ type: "tool_output", call: "npm", stream: "stdout", text: stdout });
  to.add({
    type: "tool_finished",
    call: "npm",
    ok: false,
    result: { exit_code: 1, stdout, stderr: "", duration_ms: 1812 },
    duration_ms: 1812,
    exit_code: 1,
  });
  to.add({ type: "step_finished", step: 2, usage: usage(6100, 90) });
}

function conclude(to: Recorder): void {
  to.add({ type: "step_started", step: 3 });
  to.add({
    type: "message",
    role: "assistant",
    content: [
      {
        type: "text",
        text: [
          "The total **adds floats**. I'll add in cents and convert at the end:",
          "",
          "```ts",
          "const cents = items.reduce((sum, item) => sum + toCents(item.price) * item.quantity, 0);",
          "return cents / 100;",
          "```",
          "",
          "1. `total` in `src/cart.ts` changes,",
          "2. `toCents` is already there ([MDN on rounding](https://developer.mozilla.org/docs/Web/JavaScript/Reference/Global_Objects/Math/round)).",
          "",
          "| call | before | after |",
          "| --- | ---: | ---: |",
          "| `total(3 × 0.1)` | 0.30000000000000004 | 0.30 |",
        ].join("\n"),
      },
    ],
  });
  call(
    to,
    "out",
    "read",
    { path: "docs/link-out" },
    { error: "docs/link-out leads outside the workspace, to /etc/hosts. Links are followed only inside." },
    0,
    false,
  );
  to.add({ type: "step_finished", step: 3, usage: usage(6400, 210) });
  to.add({ type: "step_started", step: 4 });
}

function askExec(to: Recorder): void {
  const command = "npm run build 2>&1 | tee build.log && rm -r dist/old";
  to.add({ type: "tool_call", call: "build", tool: "exec", args: { command, env: { NODE_ENV: "production" } } });
  to.add({
    type: "approval_requested",
    approval: "a2",
    call: "build",
    revision: 1,
    kind: "exec",
    command,
    display: { shown: command, warnings: [] },
    cwd: WORKSPACE,
    env: { NODE_ENV: "production" },
    timeout: 300,
    shell: "/bin/bash",
    confine: true,
    network: true,
    reasons: ["rm -r is not covered by a rule, and output goes to a file."],
    parts: [
      { text: "npm run build", verdict: "allow", note: "rule: npm run *, this session" },
      { text: "tee build.log", verdict: "ask", note: "writes build.log" },
      { text: "rm -r dist/old", verdict: "ask", note: "no rule" },
    ],
    suggested_patterns: [],
  });
}

/** A command that was refused something, and the card that offers to run it unconfined. */
function askAgain(to: Recorder): void {
  const command = "npm version patch";
  to.add({ type: "tool_call", call: "bump", tool: "exec", args: { command } });
  to.add({ type: "approval_decided", approval: "a4", call: "bump", decision: "approve", by: "user" });
  to.add({ type: "tool_started", call: "bump" });
  to.add({
    type: "tool_output",
    call: "bump",
    stream: "stderr",
    text: "error: could not lock config file /home/me/.gitconfig: Read-only file system\n",
  });
  to.add({
    type: "approval_requested",
    approval: "a5",
    call: "bump",
    revision: 1,
    replaces: "a4",
    kind: "exec",
    command,
    display: { shown: command, warnings: [] },
    cwd: WORKSPACE,
    env: {},
    timeout: 300,
    shell: "/bin/bash",
    confine: false,
    network: true,
    reasons: [
      "Confinement refused it /home/me/.gitconfig.",
      "This would run it again, UNCONFINED: it could do whatever you can.",
    ],
    parts: [],
    suggested_patterns: [],
  });
}

function askEdit(to: Recorder): void {
  to.add({
    type: "tool_call",
    call: "edit",
    tool: "edit",
    args: { path: "src/cart.ts", old_text: "…", new_text: "…" },
  });
  to.add({
    type: "approval_requested",
    approval: "a3",
    call: "edit",
    revision: 1,
    kind: "edit",
    path: "src/cart.ts",
    display: { shown: "src/cart.ts", warnings: [] },
    resolved: `${WORKSPACE}/src/cart.ts`,
    outside: false,
    created: false,
    diff: "--- a/src/cart.ts\n+++ b/src/cart.ts\n@@ -12 +12,2 @@\n-  return items.reduce((sum, i) => sum + i.price * i.quantity, 0);\n+  const cents = items.reduce((acc, i) => acc + toCents(i.price) * i.quantity, 0);\n+  return cents / 100;\n",
    changes: {
      added: 2,
      removed: 1,
      hunks: [
        {
          number: 1,
          old_start: 11,
          old_lines: 3,
          new_start: 11,
          new_lines: 4,
          lines: [
            {
              kind: "context",
              old: 11,
              new: 11,
              spans: [{ text: "export function total(items: Item[]): number {", changed: false }],
            },
            {
              kind: "removed",
              old: 12,
              spans: [
                { text: "  return items.reduce((", changed: false },
                { text: "sum", changed: true },
                { text: ", i) => sum + i.price * i.quantity, 0);", changed: false },
              ],
            },
            {
              kind: "added",
              new: 12,
              spans: [
                { text: "  const cents = items.reduce((", changed: false },
                { text: "acc", changed: true },
                { text: ", i) => acc + toCents(i.price) * i.quantity, 0);", changed: false },
              ],
            },
            { kind: "added", new: 13, spans: [{ text: "  return cents / 100;", changed: false }] },
            { kind: "context", old: 13, new: 14, spans: [{ text: "}", changed: false }] },
          ],
        },
      ],
    },
    warnings: [],
    sensitive: false,
    before_sha256: "0".repeat(64),
    after_sha256: "1".repeat(64),
    reasons: ["Edits always ask."],
  });
}

function call(to: Recorder, id: string, tool: string, args: unknown, result: unknown, ms: number, ok = true): void {
  to.add({ type: "tool_call", call: id, tool, args });
  if (ok) to.add({ type: "tool_started", call: id });
  to.add({ type: "tool_finished", call: id, ok, result, duration_ms: ms });
}

function usage(
  input: number,
  output: number,
): { input_tokens: number; output_tokens: number; cache_read_tokens: number; cache_write_tokens: number } {
  return { input_tokens: input, output_tokens: output, cache_read_tokens: 0, cache_write_tokens: 0 };
}

const FOLDERS: Record<string, [string, EntryKind, boolean?][]> = {
  "": [
    ["docs", "folder"],
    ["node_modules", "folder", true],
    ["src", "folder"],
    ["test", "folder"],
    [".env.example", "file"],
    ["logo.png", "file"],
    ["package.json", "file"],
    ["README.md", "file"],
    ["tsconfig.json", "file"],
  ],
  docs: [["link-out", "link_out"]],
  src: [
    ["cart.ts", "file"],
    ["money.ts", "file"],
    ["routes.ts", "file"],
  ],
  test: [
    ["cart.test.ts", "file"],
    ["money.test.ts", "file"],
  ],
};

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
`;

function answer(query: Query, state: AppState): QueryAnswer {
  switch (query.type) {
    case "app":
      return { type: "app", ...state };
    case "welcome":
      return {
        type: "welcome",
        recent: [
          { path: WORKSPACE, name: "shop-api", opened: new Date().toISOString(), exists: true },
          { path: "/home/me/dev/old-shop", name: "old-shop", opened: "2025-01-03T08:00:00Z", exists: false },
        ],
      };
    case "folder":
      return { type: "folder", path: query.path, entries: entriesOf(query.path), omitted: 0 };
    case "file": {
      if (query.path === "docs/link-out") {
        throw {
          code: "denied",
          message: "docs/link-out leads outside the workspace.",
          hint: "Open it in another program.",
        } satisfies WireError;
      }
      const binary = query.path.endsWith(".png");
      const content = binary ? "" : CART;
      return {
        type: "file",
        path: query.path,
        shown: query.path,
        content,
        size: binary ? 20_480 : CART.length,
        truncated: false,
        binary,
        warnings: [],
      };
    }
  }
}

function entriesOf(folder: string): TreeEntry[] {
  return (FOLDERS[folder] ?? []).map(([name, kind, ignored]) => ({
    path: folder === "" ? name : `${folder}/${name}`,
    shown: name,
    kind,
    ignored: ignored ?? false,
  }));
}

type Outcome = WireError | { state: AppState; feed: Feed[] };

function react(op: Op, state: AppState, to: Recorder): Outcome {
  const events = (...of: Event[]): Feed => ({ type: "envelopes", envelopes: of.map((event) => to.add(event)) });
  const app = (next: AppState, ...more: Feed[]): Outcome => ({
    state: next,
    feed: [{ type: "app", state: next }, ...more],
  });
  const session = state.session;
  switch (op.type) {
    case "open_workspace":
    case "start_tour":
      return app({ ...stateOf("empty"), model: state.model }, { type: "envelopes", envelopes: to.envelopes });
    case "close_workspace":
      return app({ ...state, workspace: null, session: null });
    case "connect_model":
      return app({
        ...state,
        model: {
          provider: op.provider,
          model: op.model ?? (op.provider === "openai" ? "" : "claude-sonnet-4-5"),
          base_url: op.base_url ?? null,
          key: op.provider === "openai" && !op.api_key ? "not_needed" : "window",
        },
      });
    case "interrupt":
      return app(
        { ...state, session: session && { ...session, running: false } },
        events({ type: "run_finished", reason: "interrupted" }),
      );
    case "send":
      return { state, feed: [events({ type: "user_message", text: op.text })] };
    case "decide": {
      const { approval, decision } = op.decision;
      const asked = to.envelopes.find((one) => one.type === "approval_requested" && one.approval === approval);
      if (asked?.type !== "approval_requested") break;
      const decided = events({ type: "approval_decided", approval, call: asked.call, decision, by: "user" });
      const made = ruleOf(asked, op.decision, `made-${approval}`);
      return made === null ? { state, feed: [decided] } : app({ ...state, rules: [made, ...state.rules] }, decided);
    }
    case "revoke_rule": {
      const ended = state.rules.find((rule) => rule.id === op.rule);
      if (!ended) break;
      return app(
        { ...state, rules: state.rules.filter((rule) => rule !== ended) },
        events({ type: "rule_revoked", rule: ended.id, shown: ended.shown }),
      );
    }
    case "forget_recent":
    case "new_session":
      break;
  }
  return { code: "state", message: "This is a recording.", hint: "Start the program to do that." };
}
