import { SvelteSet } from "svelte/reactivity";
import type { OpenCard } from "../../state/approvals.svelte";

/** What the person did with one card as it is, before deciding. */
export class Choice {
  /** The parts of a change that are left out, by number. */
  readonly leftOut: SvelteSet<number> = new SvelteSet();
  /** Whether all of the card was in sight, with its buttons armed. */
  seen: boolean = $state(false);

  /** Leaves a part out, or takes it in again. */
  turn(hunk: number): void {
    if (!this.leftOut.delete(hunk)) this.leftOut.add(hunk);
  }
}

/** The choices on all cards. They outlast that another card is looked at; a card that changed is read anew. */
export class Choices {
  readonly #all = new WeakMap<OpenCard, Choice>();

  of(card: OpenCard): Choice {
    let choice = this.#all.get(card);
    if (!choice) {
      choice = new Choice();
      this.#all.set(card, choice);
    }
    return choice;
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
