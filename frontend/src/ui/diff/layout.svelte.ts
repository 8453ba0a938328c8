import type { DiffLayout } from "./rows";

const KEY = "diff-layout";

function stored(): DiffLayout {
  try {
    return localStorage.getItem(KEY) === "split" ? "split" : "unified";
  } catch {
    // Without a store the choice holds until the window closes.
    return "unified";
  }
}

/** How changes are laid out, as the person last chose. */
class Layout {
  #now: DiffLayout = $state(stored());

  get now(): DiffLayout {
    return this.#now;
  }

  choose(layout: DiffLayout): void {
    this.#now = layout;
    try {
      localStorage.setItem(KEY, layout);
    } catch {
      // It is not remembered, and nothing else is lost.
    }
  }
}

export const layout: Layout = new Layout();
