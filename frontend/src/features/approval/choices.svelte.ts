import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { OpenCard } from "../../state/approvals.svelte";

const NONE: ReadonlySet<number> = new Set();

/** What the person did with one card as it is, before deciding. */
export interface Choice {
  /** The parts of a change that are left out, by number. */
  readonly leftOut: ReadonlySet<number>;
  /** Whether all of the card was in sight, with its buttons armed. */
  readonly seen: boolean;
  /** Leaves a part out, or takes it in again. */
  turn(hunk: number): void;
  see(): void;
}

/** The choices on all cards. They outlast that another card is looked at; a card that changed is read anew. */
export class Choices {
  readonly #leftOut: SvelteMap<OpenCard, ReadonlySet<number>> = new SvelteMap();
  readonly #seen: SvelteSet<OpenCard> = new SvelteSet();

  of(card: OpenCard): Choice {
    const leftOut = this.#leftOut;
    const seen = this.#seen;
    return {
      get leftOut() {
        return leftOut.get(card) ?? NONE;
      },
      get seen() {
        return seen.has(card);
      },
      turn(hunk) {
        const next = new Set(leftOut.get(card) ?? NONE);
        if (!next.delete(hunk)) next.add(hunk);
        leftOut.set(card, next);
      },
      see() {
        seen.add(card);
      },
    };
  }

  /** Forgets the cards that are no longer there as they were. */
  keep(cards: readonly OpenCard[]): void {
    for (const card of [...this.#leftOut.keys(), ...this.#seen]) {
      if (cards.includes(card)) continue;
      this.#leftOut.delete(card);
      this.#seen.delete(card);
    }
  }
}

/** The parts that are kept, by number; null where that is all of it. */
export function keptOf(card: OpenCard, choice: Choice): number[] | null {
  if ((card.kind !== "edit" && card.kind !== "write") || choice.leftOut.size === 0) return null;
  return card.changes.hunks.map((hunk) => hunk.number).filter((hunk) => !choice.leftOut.has(hunk));
}

/** Why a card cannot be approved as it stands; empty where it can. */
export function hindrance(kept: readonly number[] | null): string {
  return kept?.length === 0 ? "No part of it is kept. Keep at least one, or deny." : "";
}

/** A change like any other: of a file inside that is neither sensitive nor deceptive. */
export function isPlain(card: OpenCard): boolean {
  if (card.kind !== "edit" && card.kind !== "write") return false;
  return !card.outside && !card.sensitive && card.warnings.length === 0 && card.display.warnings.length === 0;
}
