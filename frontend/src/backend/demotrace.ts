import type { Event } from "../protocol/Event";
import type { QueryAnswer } from "../protocol/QueryAnswer";
import { type Recorder, WORKSPACE } from "./demoevents";

/** How long its session went on until now. */
export const TRACE_MS = 112_000;

/** A second turn with everything that a trace can show: attempts, waits, a denial, acts that fail. */
export function traceTurn(to: Recorder): void {
  const usage = { input_tokens: 334, output_tokens: 142, cache_read_tokens: 5880, cache_write_tokens: 210 };
  const add = (ms: number, event: Event): void => void to.add(event, ms);
  add(80, { type: "step_finished", step: 4, usage });
  add(10, { type: "run_finished", reason: "end_turn" });
  add(64_000, { type: "user_message", text: "Now make the tests pass, and build it." });
  add(6, { type: "step_started", step: 1 });
  add(900, { type: "retrying", attempt: 2, wait_ms: 1500, error: "The provider is overloaded (529)." });
  const text = "The cents are right now; I'll run the tests.";
  add(3400, { type: "message", role: "assistant", content: [{ type: "text", text }], usage });
  add(2, { type: "tool_call", call: "t1", tool: "read", args: { path: "src/money.ts" } });
  add(1, { type: "tool_started", call: "t1" });
  add(2, {
    type: "tool_finished",
    call: "t1",
    ok: true,
    result: { content: "export const …", total_lines: 24 },
    duration_ms: 2,
  });
  ask(add, "t2", "npm test", 3100);
  add(9, { type: "tool_started", call: "t2" });
  add(1810, {
    type: "tool_finished",
    call: "t2",
    ok: false,
    result: { exit_code: 1, stdout: "✗ rounds half a cent up\n" },
    duration_ms: 1810,
    exit_code: 1,
  });
  add(4, { type: "step_finished", step: 1, usage });
  add(5, { type: "step_started", step: 2 });
  add(1600, { type: "message", role: "assistant", content: [], usage });
  add(2, { type: "tool_call", call: "t3", tool: "exec", args: { command: "git status" } });
  add(1, {
    type: "approval_decided",
    approval: "at3",
    call: "t3",
    decision: "approve",
    by: "policy",
    rule: "git status",
  });
  add(1, { type: "tool_started", call: "t3" });
  add(31, { type: "tool_finished", call: "t3", ok: true, result: { exit_code: 0 }, duration_ms: 31, exit_code: 0 });
  ask(add, "t4", "rm -r dist", 2100, "Keep dist, the server serves from it.");
  add(2, { type: "tool_finished", call: "t4", ok: false, result: { error: "denied by the user" }, duration_ms: 0 });
  add(4, { type: "step_finished", step: 2, usage });
  add(5, { type: "step_started", step: 3 });
  add(1400, { type: "message", role: "assistant", content: [], usage });
  ask(add, "t5", "npm run build", null);
}

function ask(
  add: (ms: number, event: Event) => void,
  call: string,
  command: string,
  ms: number | null,
  no?: string,
): void {
  add(3, { type: "tool_call", call, tool: "exec", args: { command, timeout: 300 } });
  add(1, {
    type: "approval_requested",
    approval: `a${call}`,
    call,
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
    parts: [],
    suggested_patterns: [],
  });
  if (ms === null) return;
  const by = "user" as const;
  if (no === undefined) add(ms, { type: "approval_decided", approval: `a${call}`, call, decision: "approve", by });
  else add(ms, { type: "approval_decided", approval: `a${call}`, call, decision: "deny", by, feedback: no });
}

/** What the model of the recording was sent. */
export function demoModelCall(): QueryAnswer {
  const path = "src/cart.ts";
  return {
    type: "model_call",
    request: [
      { role: "user", content: [{ type: "text", text: "Totals in the cart are sometimes off by a cent." }] },
      {
        role: "assistant",
        content: [
          { type: "text", text: "I'll look at how totals are computed." },
          { type: "tool_use", id: "toolu_01", name: "read", input: { path } },
        ],
      },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "toolu_01",
            content: '{"content":"import { toCents } from \\"./money\\";\\n…","total_lines":86,"truncated":false}',
            is_error: false,
          },
        ],
      },
    ],
    response: [{ type: "text", text: "The total adds floats. I'll add in cents and convert at the end." }],
  };
}
