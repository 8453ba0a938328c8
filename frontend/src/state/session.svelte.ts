import type { Envelope } from "../protocol/Envelope";
import type { OpenCard } from "./approvals.svelte";
import { fold } from "./fold";
import { emptySession, type SessionFold } from "./items";

/** Words that were sent while a run was under way and that the model has not been handed yet. */
export interface Queued {
  id: number;
  text: string;
}

/** The session in the window. Sessions that it left are forgotten; they come again in full. */
export class Session {
  #folds = new Map<string, SessionFold>();
  #shown: SessionFold = $state(emptySession(""));
  #queuedId = 0;
  queued: Queued[] = $state([]);

  get view(): SessionFold {
    return this.#shown;
  }

  get cards(): readonly OpenCard[] {
    // The map itself is not reactive; its version is.
    void this.#shown.approvalsVersion;
    return [...this.#shown.approvals.values()];
  }

  /** The tool of a call; empty where the call is unknown. */
  toolOf(call: string): string {
    const item = this.#shown.items[this.#shown.calls.get(call) ?? -1];
    return item?.kind === "tool" ? item.tool : "";
  }

  /** What the model wrote right before a call; empty where it wrote nothing. */
  reasonOf(call: string): string {
    // Cards come after the message that made them, so the map need not be reactive.
    return this.#shown.reasons.get(call) ?? "";
  }

  /** Shows another session, or none (the empty id). */
  show(id: string): void {
    if (this.#shown.session === id) return;
    this.#shown = this.#folds.get(id) ?? emptySession(id);
    this.#folds.clear();
    this.queued = [];
  }

  /** Takes a batch in. Envelopes of a session that is not shown yet are kept until it is. */
  take(envelopes: readonly Envelope[]): void {
    // A session that comes from its first envelope on is folded before it is drawn: a long one is a whole lot faster
    // as plain values.
    let whole: SessionFold | null = null;
    for (const envelope of envelopes) {
      const shown = envelope.session === this.#shown.session;
      if (shown && envelope.seq === 1) whole = emptySession(envelope.session);
      const target = shown ? (whole ?? this.#shown) : this.#other(envelope);
      fold(target, envelope);
      if (shown && envelope.type === "user_message") this.#handedOver(envelope.text);
    }
    if (whole !== null) this.#shown = whole;
  }

  /** Remembers words that wait for the next step; gives the number to take them back by. */
  queue(text: string): number {
    this.#queuedId += 1;
    this.queued.push({ id: this.#queuedId, text });
    return this.#queuedId;
  }

  /** Forgets words that wait; they were handed over, refused, or taken back. */
  unqueue(id: number): void {
    this.queued = this.queued.filter((queued) => queued.id !== id);
  }

  #handedOver(text: string): void {
    const first = this.queued.find((queued) => queued.text === text);
    if (first) this.unqueue(first.id);
  }

  #other(envelope: Envelope): SessionFold {
    let other = this.#folds.get(envelope.session);
    if (!other || envelope.seq === 1) {
      other = emptySession(envelope.session);
      this.#folds.set(envelope.session, other);
    }
    return other;
  }
}
