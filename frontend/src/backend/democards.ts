import { type Recorder, WORKSPACE } from "./demoevents";

/** A command that asks, of which parts are allowed. */
export function askExec(to: Recorder): void {
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
export function askAgain(to: Recorder): void {
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

/** An edit that asks. */
export function askEdit(to: Recorder): void {
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
