import type { Item } from "../../state/items";
import { type Part, partsOf } from "./texts";

/** Where the words were found. */
export interface Match {
  /** The item's place in the session. */
  at: number;
  where: Part["where"];
  line: number | null;
  /** Which of the finds in this text, from 0. */
  nth: number;
}

/** More are not counted. */
const MOST = 10_000;
/** How long one slice of searching may take, in milliseconds: a long session is searched between two frames. */
const SLICE_MS = 8;

/** Words as a pattern that finds them whatever their case; null for none. */
export function patternOf(words: string): RegExp | null {
  return words === "" ? null : new RegExp(words.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
}

/** Finds words in all of a session, also in what is not drawn. */
export class Find {
  open: boolean = $state(false);
  words: string = $state("");
  matches: readonly Match[] = $state.raw([]);
  /** The one that is shown, from 0; -1 for none. */
  current: number = $state(-1);
  /** Whether all was searched. */
  done: boolean = $state(true);
  #search = 0;
  /** The texts of finished items: they do not change, and markdown takes its time. */
  #parts = new WeakMap<Item, Part[]>();

  get match(): Match | null {
    return this.matches[this.current] ?? null;
  }

  /** Whether there are more than are counted. */
  get more(): boolean {
    return this.matches.length >= MOST;
  }

  close(): void {
    this.open = false;
    this.#search += 1;
    this.matches = [];
    this.current = -1;
  }

  /** Searches the items, from the last on upwards; `near` is the item that is looked at. */
  async search(items: readonly Item[], near: number): Promise<void> {
    this.#search += 1;
    const search = this.#search;
    const pattern = patternOf(this.words);
    const before = this.match;
    if (pattern === null) {
      this.matches = [];
      this.current = -1;
      this.done = true;
      return;
    }
    this.done = false;
    const found: Match[] = [];
    let since = performance.now();
    for (let at = 0; at < items.length && found.length < MOST; at += 1) {
      const item = items[at];
      if (item) this.#inside(item, at, pattern, found);
      if (performance.now() - since < SLICE_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      if (search !== this.#search) return;
      since = performance.now();
    }
    this.matches = found;
    this.done = true;
    const same = before === null ? -1 : found.findIndex((one) => isSame(one, before));
    const next = found.findIndex((one) => one.at >= near);
    this.current = same !== -1 ? same : next !== -1 ? next : found.length - 1;
  }

  /** Goes to the next one, or the one before; past the end it begins anew. */
  go(by: 1 | -1): void {
    const count = this.matches.length;
    if (count > 0) this.current = (this.current + by + count) % count;
  }

  #inside(item: Item, at: number, pattern: RegExp, found: Match[]): void {
    for (const { where, line, text } of this.#textsOf(item)) {
      let nth = 0;
      for (const _ of text.matchAll(pattern)) {
        if (found.length >= MOST) return;
        found.push({ at, where, line, nth });
        nth += 1;
      }
    }
  }

  #textsOf(item: Item): Part[] {
    const changes = item.kind === "assistant" ? item.streaming : item.kind === "tool";
    const there = changes ? undefined : this.#parts.get(item);
    if (there) return there;
    const parts = partsOf(item);
    if (!changes) this.#parts.set(item, parts);
    return parts;
  }
}

function isSame(one: Match, other: Match): boolean {
  return one.at === other.at && one.where === other.where && one.line === other.line && one.nth === other.nth;
}
