import { SvelteSet } from "svelte/reactivity";
import type { Event } from "../protocol/Event";

/** A proposal that no one has decided yet. */
export type OpenCard = Extract<Event, { type: "approval_requested" }>;

/** The open proposals, oldest first, and which of them the person has set aside. */
export class Approvals {
  #cards: () => readonly OpenCard[];
  readonly setAside: SvelteSet<string> = new SvelteSet();

  /** `cards` reads the open proposals from the session; it has to be reactive. */
  constructor(cards: () => readonly OpenCard[]) {
    this.#cards = cards;
  }

  get cards(): OpenCard[] {
    return [...this.#cards()];
  }

  get waiting(): number {
    return this.#cards().length;
  }

  /** Leaves a proposal undecided; it moves to the tray. */
  putAside(approval: string): void {
    if (this.#cards().some((card) => card.approval === approval)) this.setAside.add(approval);
  }

  /** Brings a proposal back from the tray. */
  show(approval: string): void {
    this.setAside.delete(approval);
  }

  /** Forgets what is no longer open. A proposal that replaces another has changed, so it is shown anew. */
  settle(): void {
    const open = new Set<string>();
    for (const card of this.#cards()) {
      open.add(card.approval);
    }
    for (const approval of [...this.setAside]) {
      if (!open.has(approval)) this.setAside.delete(approval);
    }
  }
}
