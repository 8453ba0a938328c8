import type { Envelope } from "../src/protocol/Envelope";
import type { Event } from "../src/protocol/Event";

const UNSTORED = new Set(["text_delta", "thinking_delta", "tool_output", "input_error"]);

/** Puts events in envelopes, numbered as the engine numbers them. */
export function envelopes(events: readonly Event[], session = "s", from = 1): Envelope[] {
  let seq = from - 1;
  return events.map((event) => {
    if (UNSTORED.has(event.type)) return { session, time: "2025-01-15T09:00:00Z", ...event };
    seq += 1;
    return { seq, session, time: "2025-01-15T09:00:00Z", ...event };
  });
}

export function execCard(approval: string, call: string, more: { replaces?: string; revision?: number } = {}): Event {
  return {
    type: "approval_requested",
    approval,
    call,
    revision: 1,
    kind: "exec",
    command: "npm test",
    display: { shown: "npm test", warnings: [] },
    cwd: "/w",
    env: {},
    timeout: 300,
    shell: "/bin/bash",
    confine: true,
    network: true,
    reasons: ["Commands always ask."],
    parts: [],
    suggested_patterns: [],
    ...more,
  };
}

export const USAGE = { input_tokens: 100, output_tokens: 10, cache_read_tokens: 5, cache_write_tokens: 1 };
