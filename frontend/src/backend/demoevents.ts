import type { Envelope } from "../protocol/Envelope";
import type { Event } from "../protocol/Event";

export const SESSION = "demo";
export const WORKSPACE = "/home/me/dev/shop-api";

/** Puts events in envelopes, with places and times as the engine would. */
export class Recorder {
  readonly envelopes: Envelope[] = [];
  readonly #start: number;
  #seq = 0;
  /** Milliseconds since the session began. */
  #clock = -1000;

  /** `start` is when the session began, in milliseconds since 1970. */
  constructor(start: number = Date.UTC(2025, 0, 15, 9)) {
    this.#start = start;
  }

  /** `after` is how long after the one before, in milliseconds. */
  add(event: Event, after = 1000): Envelope {
    this.#clock += after;
    const time = new Date(this.#start + this.#clock).toISOString();
    const stored = !["text_delta", "thinking_delta", "tool_output", "input_error"].includes(event.type);
    if (stored) this.#seq += 1;
    const place = stored ? { seq: this.#seq } : {};
    const envelope: Envelope = { ...place, session: SESSION, time, ...event };
    this.envelopes.push(envelope);
    return envelope;
  }
}

/** A call from its proposal to its end. */
export function call(
  to: Recorder,
  id: string,
  tool: string,
  args: unknown,
  result: unknown,
  ms: number,
  ok = true,
): void {
  to.add({ type: "tool_call", call: id, tool, args });
  if (ok) to.add({ type: "tool_started", call: id });
  to.add({ type: "tool_finished", call: id, ok, result, duration_ms: ms });
}

export function usage(
  input: number,
  output: number,
): { input_tokens: number; output_tokens: number; cache_read_tokens: number; cache_write_tokens: number } {
  return { input_tokens: input, output_tokens: output, cache_read_tokens: 0, cache_write_tokens: 0 };
}
