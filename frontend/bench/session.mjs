// A long session as `countersign-cli sessions import` takes it.

const POLICY = { exec_security: "approval-always", file_approval: "always", confine: true, allow: [] };
const USAGE = { input_tokens: 100, output_tokens: 20, cache_read_tokens: 0, cache_write_tokens: 0 };
const ANSWER = `I looked at **src/shelf.js** and at the test beside it.

- \`sorted\` copies the list before it sorts, so the caller's stays as it is.
- The line lacks the year; I would add it.

\`\`\`js
export function line(book) {
  return [book.author, book.title, book.year].join(", ");
}
\`\`\`
`;

/** Its id. */
export const SESSION = "0199b5a0-0000-7000-8000-000000000001";

/** The lines of a session with this many messages, half of them the person's. */
export function session(workspace, messages) {
  const lines = [];
  const add = (event) => {
    const time = new Date(Date.UTC(2026, 0, 1) + lines.length * 1000).toISOString();
    lines.push(JSON.stringify({ seq: lines.length + 1, session: SESSION, time, ...event }));
  };
  add({ type: "session_started", workspace, provider: "anthropic", model: "scripted-model", policy: POLICY });
  for (let turn = 1; turn <= messages / 2; turn += 1) {
    add({ type: "user_message", text: `Question ${turn}: what does this part of the program do, and is it tested?` });
    add({ type: "step_started", step: 1 });
    const content = [{ type: "text", text: `Answer ${turn}. ${ANSWER}` }];
    add({ type: "message", role: "assistant", content, usage: USAGE });
    add({ type: "step_finished", step: 1, usage: USAGE });
    add({ type: "run_finished", reason: "end_turn" });
  }
  return `${lines.join("\n")}\n`;
}
