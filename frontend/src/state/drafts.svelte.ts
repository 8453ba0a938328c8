import { SvelteMap } from "svelte/reactivity";
import type { Backend } from "../backend/backend";
import type { DraftOf } from "../protocol/DraftOf";
import type { Envelope } from "../protocol/Envelope";
import type { SessionId } from "../protocol/SessionId";
import type { Act } from "./ask";

/** How long after the last change a draft is stored. */
export const SAVE_MS = 300;

/**
 * What the person began to write in the session: the next message, the words of a denial, the edited text of a
 * proposal. It is stored as it is written, so that a crash takes none of it.
 */
export class Drafts {
  #backend: Backend;
  #act: Act;
  #session: SessionId = "";
  /**
   * Messages that are sent once the run has ended. They are stored in front of the message that is written: after a
   * crash they are part of it again, and nothing is sent unasked.
   */
  later: readonly string[] = $state.raw([]);
  readonly #texts: SvelteMap<string, string> = new SvelteMap();
  /** What the person wrote or sent since the session is shown: the store has nothing newer. */
  readonly #touched = new Set<string>();
  /** What is not stored yet. */
  readonly #due = new Map<string, DraftOf>();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(backend: Backend, act: Act) {
    this.#backend = backend;
    this.#act = act;
  }

  /** Shows those of another session. What is not stored yet of the one before is stored at once. */
  async show(session: SessionId): Promise<void> {
    if (session === this.#session) return;
    this.flush();
    this.#session = session;
    this.#texts.clear();
    this.#touched.clear();
    this.later = [];
    if (session !== "") await this.#restore(session);
  }

  get(of: DraftOf): string {
    return this.#texts.get(keyOf(of)) ?? "";
  }

  /** Takes what was written in; it is stored a moment after the last change. */
  set(of: DraftOf, text: string): void {
    const key = keyOf(of);
    if ((this.#texts.get(key) ?? "") === text) return;
    this.#texts.set(key, text);
    this.#touched.add(key);
    if (this.#session === "") return;
    this.#due.set(key, of);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), SAVE_MS);
  }

  /** Remembers which messages wait for the run's end. */
  putAside(later: readonly string[]): void {
    this.later = later;
    const of = { of: "message" } as const;
    this.#touched.add(keyOf(of));
    if (this.#session === "") return;
    this.#due.set(keyOf(of), of);
    this.flush();
  }

  /** It was sent or decided: it is no draft any more. */
  drop(of: DraftOf): void {
    const key = keyOf(of);
    const there = this.#texts.has(key) || this.#due.has(key);
    this.#texts.delete(key);
    this.#touched.add(key);
    if (!there || this.#session === "") return;
    this.#due.set(key, of);
    this.flush();
  }

  /** Stores at once whatever is not stored yet: the window may be about to go. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const session = this.#session;
    const due = [...this.#due];
    this.#due.clear();
    for (const [key, of] of due) {
      void this.#act({ type: "save_draft", session, ...of, text: this.#stored(key) });
    }
  }

  #stored(key: string): string {
    const text = this.#texts.get(key) ?? "";
    if (key !== "message" || this.later.length === 0) return text;
    return [...this.later, ...(text === "" ? [] : [text])].join("\n\n");
  }

  /** Follows the cards: a decided one needs no draft; one that took the place of another inherits the texts. */
  note(envelopes: readonly Envelope[]): void {
    for (const event of envelopes) {
      if (event.session !== this.#session) continue;
      if (event.type === "approval_requested" && event.replaces !== undefined) {
        for (const of of ["feedback", "proposal"] as const) {
          const text = this.get({ of, approval: event.replaces });
          if (text !== "") this.set({ of, approval: event.approval }, text);
        }
        this.#forget(event.replaces);
      } else if (event.type === "approval_decided" && event.decision !== "void") {
        this.#forget(event.approval);
      }
    }
  }

  #forget(approval: string): void {
    this.drop({ of: "feedback", approval });
    this.drop({ of: "proposal", approval });
  }

  async #restore(session: SessionId): Promise<void> {
    try {
      const answer = await this.#backend.query({ type: "drafts", session });
      if (session !== this.#session || answer.type !== "drafts") return;
      for (const draft of answer.drafts) {
        const key = keyOf(draft);
        // Never over what the person wrote meanwhile.
        if (!this.#touched.has(key)) this.#texts.set(key, draft.text);
      }
    } catch {
      // Without an answer there is no draft to show; what is written from now on is stored all the same.
    }
  }
}

function keyOf(of: DraftOf): string {
  return of.of === "message" ? "message" : `${of.of} ${of.approval}`;
}
