import type { Backend } from "../backend/backend";
import type { PatternMatches } from "../protocol/PatternMatches";
import type { ProposalTexts } from "../protocol/ProposalTexts";
import type { OpenCard } from "./approvals.svelte";
import type { Ask } from "./ask";
import type { Drafts } from "./drafts.svelte";
import type { Session } from "./session.svelte";

/** What a card may ask and change while it waits; nothing of it decides. */
export class Desk {
  readonly #backend: Backend;
  readonly #ask: Ask;
  readonly #drafts: Drafts;
  readonly #session: Session;

  constructor(backend: Backend, ask: Ask, drafts: Drafts, session: Session) {
    this.#backend = backend;
    this.#ask = ask;
    this.#drafts = drafts;
    this.#session = session;
  }

  /** The texts of a write or an edit. Rejects with what went wrong. */
  async texts(approval: string): Promise<ProposalTexts> {
    const answer = await this.#backend.query({ type: "proposal", session: this.#session.view.session, approval });
    if (answer.type !== "proposal") throw new Error("another answer than asked for");
    return answer;
  }

  /** What of the session a pattern covers. Rejects with what went wrong. */
  async matches(pattern: string): Promise<PatternMatches> {
    const answer = await this.#backend.query({ type: "pattern_matches", session: this.#session.view.session, pattern });
    if (answer.type !== "pattern_matches") throw new Error("another answer than asked for");
    return answer;
  }

  /** Changes a write or an edit to this text, or, without one, back to the model's. Rejects with what went wrong. */
  async revise(card: OpenCard, text?: string): Promise<void> {
    const { approval, revision } = card;
    const op = { type: "revise", session: this.#session.view.session, approval, revision } as const;
    const error = await this.#ask(text === undefined ? op : { ...op, text });
    if (error !== null) throw error;
    this.#drafts.drop({ of: "proposal", approval });
  }

  /** The text of a proposal as the person began to edit it; empty where they did not. */
  draft(approval: string): string {
    return this.#drafts.get({ of: "proposal", approval });
  }

  keepDraft(approval: string, text: string): void {
    if (text === "") this.#drafts.drop({ of: "proposal", approval });
    else this.#drafts.set({ of: "proposal", approval }, text);
  }

  /** The model's own reason for a call: the end of what it wrote before it; empty where it wrote nothing. */
  said(call: string): string {
    return this.#session.reasonOf(call);
  }
}
