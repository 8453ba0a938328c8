import { render } from "@testing-library/svelte";
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { afterEach, beforeEach, vi } from "vitest";
import type { DecisionInput } from "../../protocol/DecisionInput";
import type { PatternMatches } from "../../protocol/PatternMatches";
import type { ProposalTexts } from "../../protocol/ProposalTexts";
import type { OpenCard } from "../../state/approvals.svelte";
import ApprovalLayer from "./ApprovalLayer.svelte";
import type { CardDesk } from "./desk";
import { FakeIntersection } from "./testing";

/** A desk that answers as the test says, and remembers what it was told. */
export class FakeDesk implements CardDesk {
  found: ProposalTexts = { revision: 3, before: "a = 1\n", after: "a = 2\n", proposed: "a = 2\n" };
  covers: (pattern: string) => Promise<PatternMatches> = async () => ({ refused: null, covered: [], others: [] });
  asked: string[] = [];
  revised: (string | undefined)[] = [];
  refusal: unknown = null;
  reason = "";
  readonly drafts: SvelteMap<string, string> = new SvelteMap();

  async texts(): Promise<ProposalTexts> {
    return this.found;
  }
  matches(pattern: string): Promise<PatternMatches> {
    this.asked.push(pattern);
    return this.covers(pattern);
  }
  async revise(card: OpenCard, text?: string): Promise<void> {
    if (this.refusal !== null) throw this.refusal;
    this.revised.push(text);
    this.drafts.delete(card.approval);
  }
  draft(approval: string): string {
    return this.drafts.get(approval) ?? "";
  }
  keepDraft(approval: string, text: string): void {
    if (text === "") this.drafts.delete(approval);
    else this.drafts.set(approval, text);
  }
  said(): string {
    return this.reason;
  }
}

interface Layer {
  decided: DecisionInput[];
  answer: () => Promise<void>;
  setAside: SvelteSet<string>;
  confines: boolean;
  locked: string;
  /** The words of denials that were begun, by card. */
  words: SvelteMap<string, string>;
  desk: FakeDesk;
}

/** What the layer of the test under way was given, and what it sent. */
export const layer: Layer = fresh();

function fresh(): Layer {
  return {
    decided: [],
    answer: async () => {},
    setAside: new SvelteSet(),
    confines: true,
    locked: "",
    words: new SvelteMap(),
    desk: new FakeDesk(),
  };
}

/** Before each test a fresh layer, with a clock and a browser that the test moves. */
export function layerTests(person: { made: boolean }): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("IntersectionObserver", FakeIntersection);
    vi.spyOn(document, "hasFocus").mockReturnValue(true);
    person.made = true;
    Object.assign(layer, fresh());
  });
  afterEach(() => {
    document.querySelector("#outside")?.remove();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
}

export function show(...cards: OpenCard[]): { update: (...cards: OpenCard[]) => Promise<void> } {
  const props = {
    cards,
    desk: layer.desk,
    confines: layer.confines,
    locked: layer.locked,
    setAside: layer.setAside,
    wordsOf: (approval: string) => layer.words.get(approval) ?? "",
    onWords: (approval: string, words: string) => void layer.words.set(approval, words),
    onDecide: (decision: DecisionInput) => {
      layer.decided.push(decision);
      return layer.answer();
    },
    onSetAside: (approval: string) => void layer.setAside.add(approval),
    onShow: (approval: string) => void layer.setAside.delete(approval),
  };
  const { rerender } = render(ApprovalLayer, props);
  return { update: async (...next) => rerender({ ...props, cards: next }) };
}

/** A field elsewhere in the page, with the focus. */
export function composer(): HTMLTextAreaElement {
  const field = document.createElement("textarea");
  field.id = "outside";
  document.body.append(field);
  field.focus();
  return field;
}
