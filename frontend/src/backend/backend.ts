import type { Feed } from "../protocol/Feed";
import type { Op } from "../protocol/Op";
import type { Query } from "../protocol/Query";
import type { QueryAnswer } from "../protocol/QueryAnswer";
import type { WireError } from "../protocol/WireError";

/** Everything that the page may ask of the program behind it. */
export interface Backend {
  /** Does something; gives what went wrong, or null. Rejects only where the backend is gone. */
  submit(op: Op): Promise<WireError | null>;
  /** Asks something; rejects with a `WireError` where there is no answer. */
  query(query: Query): Promise<QueryAnswer>;
  /**
   * Delivers batches from then on; the first holds the app's state and the open session after `since`. `ended` is
   * called once nothing more can come. Gives what went wrong at the program's start, or null.
   */
  subscribe(since: number, deliver: (batch: Feed[]) => void, ended: () => void): Promise<WireError | null>;
}

/** Whether a rejection is an answer of the backend (and not the loss of it). */
export function isWireError(error: unknown): error is WireError {
  return typeof error === "object" && error !== null && "code" in error && "message" in error && "hint" in error;
}
