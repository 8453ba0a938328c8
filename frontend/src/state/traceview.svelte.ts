import { SvelteSet } from "svelte/reactivity";
import { type Backend, isWireError } from "../backend/backend";
import type { Envelope } from "../protocol/Envelope";
import type { ModelCall } from "../protocol/ModelCall";
import { emptyTrace, type TraceFold } from "./spans";
import { trace } from "./trace";
import { NO_FILTER, type TraceFilter, type TraceRow, traceRows } from "./tracerows";

/** What a model was sent and what came back, as far as it is known. */
export interface LookedAt {
  seq: number;
  /** Whether the answer was there when it was asked. */
  answered: boolean;
  call: ModelCall | null;
  /** Why it is not known; empty where it is, or is not yet. */
  trouble: string;
}

/** The trace of the session in the window, and what of it is looked at. */
export class TraceView {
  #backend: Backend;
  #folds = new Map<string, TraceFold>();
  #fold: TraceFold = emptyTrace("");
  /** Rises whenever the trace changes: the spans themselves are plain values. */
  #version: number = $state(0);
  /** The spans that are folded. */
  readonly folded: SvelteSet<string> = new SvelteSet();
  /** The span that is looked at; empty for none. */
  selected: string = $state("");
  filter: TraceFilter = $state.raw(NO_FILTER);
  /** Whether bars are drawn over the time, instead of tokens. */
  timeline: boolean = $state(true);
  looked: LookedAt | null = $state.raw(null);
  readonly rows: readonly TraceRow[] = $derived.by(() => traceRows(this.fold, this.folded, this.filter));

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** To be read again after every change; what is in it is not reactive. */
  get fold(): TraceFold {
    void this.#version;
    return this.#fold;
  }

  /** Shows that of another session, or of none (the empty id). */
  show(session: string): void {
    if (session === this.#fold.session) return;
    this.#fold = this.#folds.get(session) ?? emptyTrace(session);
    this.#folds.clear();
    this.#forget();
    this.#version += 1;
  }

  /** Takes a batch in. Envelopes of a session that is not shown yet are kept until it is. */
  take(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) {
      const shown = envelope.session === this.#fold.session;
      let fold = shown ? this.#fold : this.#folds.get(envelope.session);
      if (!fold || envelope.seq === 1) {
        // It comes anew, in full.
        fold = emptyTrace(envelope.session);
        if (shown) this.#fold = fold;
        else this.#folds.set(envelope.session, fold);
      }
      trace(fold, envelope);
    }
    this.#version += 1;
  }

  setFolded(id: string, folded: boolean): void {
    if (folded) this.folded.add(id);
    else this.folded.delete(id);
  }

  /** Asks what a model was sent in the step that began at `seq`, and, where it is answered, what came back. */
  async lookAt(seq: number, answered: boolean): Promise<void> {
    const there = this.looked?.seq === seq ? this.looked : null;
    if (there && there.answered === answered) return;
    const looked: LookedAt = { seq, answered, call: there?.call ?? null, trouble: "" };
    this.looked = looked;
    try {
      const answer = await this.#backend.query({ type: "model_call", session: this.#fold.session, seq });
      if (this.looked !== looked || answer.type !== "model_call") return;
      this.looked = { ...looked, call: { request: answer.request, response: answer.response } };
    } catch (error) {
      const trouble = isWireError(error) ? `${error.message} ${error.hint}`.trim() : "It cannot be read.";
      if (this.looked === looked) this.looked = { ...looked, trouble };
    }
  }

  #forget(): void {
    this.folded.clear();
    this.selected = "";
    this.filter = NO_FILTER;
    this.looked = null;
  }
}
