import { askAgain, askExec } from "./democards";
import { changedFiles } from "./demochanges";
import { call, type Recorder, usage, WORKSPACE } from "./demoevents";
import { longSession } from "./demolong";
import { runningBuild } from "./demooutput";
import { askEdit, askLarge, askLook, askScript, askSeveral } from "./demoproposals";
import type { Screen } from "./demoscreens";
import { traceTurn } from "./demotrace";

/** Records what the screen shows of a session. */
export function record(to: Recorder, screen: Screen): void {
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
  if (screen === "long" || screen === "find") longSession(to);
  if (screen === "output") {
    runningBuild(to);
    return;
  }
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
  if (["sessions", "changes", "threeway", "file"].includes(screen)) changedFiles(to);
  if (screen === "trace") traceTurn(to);
  if (screen === "paused") cutOff(to);
  if (screen === "exec" || screen === "paused" || screen === "readonly") askExec(to);
  if (screen === "again") askAgain(to);
  if (screen === "edit") askEdit(to);
  if (screen === "edits") askSeveral(to);
  if (screen === "large") askLarge(to);
  if (screen === "script") askScript(to);
  if (screen === "path") askLook(to);
}

/** A command that ran when the program ended. */
function cutOff(to: Recorder): void {
  to.add({ type: "tool_call", call: "install", tool: "exec", args: { command: "npm install" } });
  to.add({ type: "approval_decided", approval: "b2", call: "install", decision: "approve", by: "user" });
  to.add({ type: "tool_started", call: "install" });
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
