import type { DecisionInput } from "../../protocol/DecisionInput";
import type { ExecCard } from "../../protocol/ExecCard";
import type { OpenCard } from "../../state/approvals.svelte";

/** A limit that a command's card has a switch for. */
export type Limit = "confine" | "network";
/** What the person turned on a card, for its one command; empty where all stays as the card says. */
export type Turned = Pick<DecisionInput, Limit>;
/** Limits, each on or off: which a command has, or which a card has a switch for. */
export type Limits = Record<Limit, boolean>;

/** Which switches a card has. `confines` tells whether commands are confined here at all. */
export function switchesOf(card: OpenCard, confines: boolean): Limits {
  if (card.kind !== "exec") return { confine: false, network: false };
  // Without confinement the network cannot be cut either; where it is cut already, it can be let back.
  return { confine: confines, network: confines || !card.network };
}

/** What the command would run with. */
export function limitsOf(card: ExecCard, turned: Turned): Limits {
  return { confine: turned.confine ?? card.confine, network: turned.network ?? card.network };
}

/** What is turned after this one was. Turned twice, it is as the card says. */
export function turn(card: ExecCard, turned: Turned, limit: Limit): Turned {
  const to = !limitsOf(card, turned)[limit];
  const { [limit]: _, ...others } = turned;
  return to === card[limit] ? others : { ...others, [limit]: to };
}

/** Whether it is the offer to run a command again without the confinement that refused it something. */
export function runsAgain(card: OpenCard, confines: boolean): boolean {
  return card.kind === "exec" && confines && !card.confine && card.replaces !== undefined;
}

/** What the button says that approves this one proposal. */
export function approveWords(
  card: OpenCard,
  turned: Turned,
  confines: boolean,
  kept: readonly number[] | null = null,
): string {
  if (card.kind === "path") return "Read once";
  if (card.kind !== "exec") {
    return kept === null ? "Approve once" : `Approve ${kept.length} of ${card.changes.hunks.length} parts`;
  }
  const words = turnedWords(confines && !card.confine ? { confine: false, ...turned } : turned);
  return words === "" ? "Approve once" : `Approve ${words}`;
}

/** What was turned, in words; empty where nothing was. */
export function turnedWords({ confine, network }: Turned): string {
  const words: string[] = [];
  if (confine !== undefined) words.push(confine ? "confined" : "unconfined");
  if (network !== undefined) words.push(network ? "with the network" : "without the network");
  return words.join(", ");
}
