import { render } from "@testing-library/svelte";
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { afterEach, beforeEach, vi } from "vitest";
import type { DecisionInput } from "../../protocol/DecisionInput";
import type { OpenCard } from "../../state/approvals.svelte";
import ApprovalLayer from "./ApprovalLayer.svelte";
import { FakeIntersection } from "./testing";

interface Layer {
  decided: DecisionInput[];
  answer: () => Promise<void>;
  setAside: SvelteSet<string>;
  confines: boolean;
  locked: string;
  /** The words of denials that were begun, by card. */
  words: SvelteMap<string, string>;
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
