import { invoke } from "@tauri-apps/api/core";
import type { Feed } from "../protocol/Feed";
import type { Op } from "../protocol/Op";
import type { Query } from "../protocol/Query";
import type { QueryAnswer } from "../protocol/QueryAnswer";
import type { WireError } from "../protocol/WireError";
import { type Backend, isWireError } from "./backend";

/** A window that is not drawn, since it is minimised, is kept up this often, in milliseconds. */
const UNDRAWN_MS = 250;

/** A subscription, and the first batch of it. */
interface Subscribed {
  feed: number;
  first: Feed[] | null;
}

declare global {
  interface Window {
    /** What was asked for before this script was read (`src-tauri/src/early.js`). */
    countersignEarly?: Promise<Subscribed>;
  }
}

/** The program that opened this window. */
export class TauriBackend implements Backend {
  /** Good for one subscription, from the beginning. */
  #early: Promise<Subscribed> | undefined = window.countersignEarly;

  async submit(op: Op): Promise<WireError | null> {
    try {
      return (await invoke<WireError | null>("submit", { op })) ?? null;
    } catch (error) {
      if (isWireError(error)) return error;
      throw error;
    }
  }

  query(query: Query): Promise<QueryAnswer> {
    return invoke<QueryAnswer>("query", { query });
  }

  async subscribe(since: number, deliver: (batch: Feed[]) => void, ended: () => void): Promise<WireError | null> {
    const early = since === 0 ? this.#early : undefined;
    this.#early = undefined;
    const { feed, first } = await (early ?? invoke<Subscribed>("subscribe", { since }));
    const follow = async (): Promise<void> => {
      const next = (): Promise<Feed[] | null> => invoke("next", { feed });
      let drawing = Promise.resolve();
      for (let coming = Promise.resolve(first); ; ) {
        const batch = await coming;
        if (batch === null) return;
        // What only goes on in a text waits for its frame. A card, and all else that happened, does not.
        if (isOnlyLive(batch)) await drawing;
        // On its way while this one is drawn; what comes after it waits in the program.
        coming = next();
        // Its failure is met where it is waited for.
        coming.catch(() => {});
        try {
          deliver(batch);
        } catch (error) {
          // What the page does wrong with one batch is told as its fault; the next one still comes.
          reportError(error);
        }
        drawing = drawn();
      }
    };
    void follow().then(ended, ended);
    return null;
  }
}

/** Whether a batch holds nothing but pieces of text and output, which no journal keeps. */
function isOnlyLive(batch: readonly Feed[]): boolean {
  return batch.every(
    (feed) => feed.type === "envelopes" && feed.envelopes.every((envelope) => envelope.seq === undefined),
  );
}

/** Waits until the next frame is drawn. */
function drawn(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, UNDRAWN_MS);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      // What is sent in a frame arrives once the frame is over.
      const after = new MessageChannel();
      after.port1.onmessage = () => {
        after.port1.close();
        resolve();
      };
      after.port2.postMessage(null);
    });
  });
}
