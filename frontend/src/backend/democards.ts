import { type Recorder, WORKSPACE } from "./demoevents";

/** A command that asks, of which parts are allowed. */
export function askExec(to: Recorder): void {
  const command = "npm run build 2>&1 | tee build.log && rm -r dist/old";
  to.add({
    type: "message",
    role: "assistant",
    content: [
      { type: "text", text: "Build and clear the stale bundle, so that the size check sees only fresh files." },
      { type: "tool_use", id: "build", name: "exec", input: { command } },
    ],
  });
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
      { text: "npm run build 2>&1", verdict: "allow", note: "rule: npm run *, this session" },
      { text: "tee build.log", verdict: "ask", note: "writes build.log" },
      { text: "rm -r dist/old", verdict: "ask", note: "no rule" },
    ],
    suggested_patterns: ["rm -r dist/old", "tee build.log"],
    files: [{ path: "dist/old/index.js", known_by: "3".repeat(64) }],
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
