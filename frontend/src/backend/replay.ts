import type { AppState } from "../protocol/AppState";
import type { Feed } from "../protocol/Feed";
import type { Op } from "../protocol/Op";
import type { Query } from "../protocol/Query";
import type { QueryAnswer } from "../protocol/QueryAnswer";
import type { WireError } from "../protocol/WireError";
import type { Backend } from "./backend";

/** What a replay answers and plays. */
export interface Recording {
  /** Delivered one after the other. */
  batches: readonly Feed[][];
  /** Pause between two batches, in milliseconds; 0 delivers all at once. */
  pace?: number;
  /** Answers a query; a thrown `WireError` is its refusal. */
  answer?: (query: Query) => QueryAnswer;
  /** Answers an op; may deliver more. */
  react?: (op: Op, deliver: (batch: Feed[]) => void) => WireError | null;
}

/** A backend that plays a recording: for tests, and for the page in a plain browser. */
export class ReplayBackend implements Backend {
  readonly ops: Op[] = [];
  #recording: Recording;
  #deliver: (batch: Feed[]) => void = () => {};
  /** Ends the delivery, as the backend's own end would. */
  end: () => void = () => {};

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  async submit(op: Op): Promise<WireError | null> {
    this.ops.push(op);
    return this.#recording.react?.(op, (batch) => this.#deliver(batch)) ?? null;
  }

  async query(query: Query): Promise<QueryAnswer> {
    if (this.#recording.answer) return this.#recording.answer(query);
    return emptyAnswer(query, this.#recording.batches);
  }

  async subscribe(_since: number, deliver: (batch: Feed[]) => void, ended: () => void): Promise<null> {
    this.#deliver = deliver;
    this.end = ended;
    const { batches, pace = 0 } = this.#recording;
    if (pace === 0) {
      for (const batch of batches) deliver(batch);
      return null;
    }
    let next = 0;
    const step = (): void => {
      const batch = batches[next];
      next += 1;
      if (batch === undefined) return;
      deliver(batch);
      setTimeout(step, pace);
    };
    step();
    return null;
  }

  /** Delivers a further batch, as the backend would unasked. */
  push(batch: Feed[]): void {
    this.#deliver(batch);
  }
}

function emptyAnswer(query: Query, batches: readonly Feed[][]): QueryAnswer {
  switch (query.type) {
    case "app":
      return { type: "app", ...lastState(batches) };
    case "welcome":
      return { type: "welcome", recent: [] };
    case "folder":
      return { type: "folder", path: query.path, entries: [], more: 0, omitted: 0 };
    case "file": {
      const refusal: WireError = { code: "not_found", message: "There is no such file.", hint: "" };
      throw refusal;
    }
    case "sessions":
      return { type: "sessions", sessions: [] };
    case "search_sessions":
      return { type: "search_sessions", hits: [] };
    case "changes":
      return { type: "changes", session: query.session, workspace: "/", files: [], left_out: [], kept_bytes: 0 };
    case "three_way":
      return {
        type: "three_way",
        path: query.path,
        theirs: null,
        back: null,
        merged: null,
        merged_diff: null,
        now_sha256: null,
      };
    case "model_call":
      return { type: "model_call", request: [], response: null };
    case "settings":
      return { type: "settings", file: "/config.toml", settings: [] };
    case "proposal":
      return { type: "proposal", revision: 1, before: "", after: "", proposed: "" };
    case "pattern_matches":
      return { type: "pattern_matches", refused: null, covered: [], others: [] };
    case "drafts":
      return { type: "drafts", drafts: [] };
  }
}

function lastState(batches: readonly Feed[][]): AppState {
  for (const batch of [...batches].reverse()) {
    for (const feed of [...batch].reverse()) {
      if (feed.type === "app") return feed.state;
    }
  }
  throw new Error("the recording holds no state of the app");
}
