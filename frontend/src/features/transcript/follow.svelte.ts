/** Within so many pixels of the end a reader who scrolls down has reached it. */
const NEAR_END = 24;

/**
 * Keeps a scrolled box at its end while it grows, as long as the reader is there; where the reader went up, keeps
 * what is in sight in its place while what is above it grows.
 */
export class Follow {
  /** Whether the reader is at the end and goes along with it. */
  atEnd: boolean = $state(true);
  #box: HTMLElement | null = null;
  #rows: () => Iterable<Element>;
  #lastTop = 0;
  #lastHeight = 0;
  /** The first row in sight, and how far below the box's top it begins. */
  #anchor: { row: Element; top: number } | null = null;

  /** `rows` gives what may be held in its place; none where a list of its own does that. */
  constructor(rows: () => Iterable<Element>) {
    this.#rows = rows;
  }

  /** Follows what grows in `box`; gives what ends that. */
  attach(box: HTMLElement, content: HTMLElement): () => void {
    this.#box = box;
    const observer = new ResizeObserver(() => this.#settle());
    observer.observe(content);
    observer.observe(box);
    const onWheel = (event: WheelEvent): void => {
      if (event.deltaY < 0 && box.scrollHeight > box.clientHeight) this.atEnd = false;
    };
    const onScroll = (): void => this.#scrolled();
    box.addEventListener("wheel", onWheel, { passive: true });
    box.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener("wheel", onWheel);
      box.removeEventListener("scroll", onScroll);
      this.#box = null;
    };
  }

  toEnd(): void {
    this.atEnd = true;
    this.#pin();
  }

  /** The reader goes somewhere else: the end is not followed until it is reached again. */
  leave(): void {
    this.atEnd = false;
  }

  #pin(): void {
    if (this.#box) this.#box.scrollTop = this.#box.scrollHeight;
  }

  #settle(): void {
    if (this.atEnd) {
      this.#pin();
      return;
    }
    const { row, top } = this.#anchor ?? { row: null, top: 0 };
    if (!this.#box || !row?.isConnected) return;
    const moved = topOf(row) - topOf(this.#box) - top;
    if (Math.abs(moved) >= 1) this.#box.scrollTop += moved;
  }

  #scrolled(): void {
    if (!this.#box) return;
    const { scrollTop, scrollHeight, clientHeight } = this.#box;
    const below = scrollHeight - scrollTop - clientHeight;
    const up = scrollTop < this.#lastTop;
    // Away from the end only where the reader went up, not where rows turn out lower than thought. And back only
    // where the reader went down: a small step up from the end is not taken back.
    if (up && scrollHeight >= this.#lastHeight && below > 1) this.atEnd = false;
    else if (below <= 1 || (!up && scrollTop > this.#lastTop && below < NEAR_END)) this.atEnd = true;
    this.#lastTop = scrollTop;
    this.#lastHeight = scrollHeight;
    if (!this.atEnd) this.#hold();
  }

  #hold(): void {
    if (!this.#box) return;
    const edge = topOf(this.#box);
    this.#anchor = null;
    for (const row of this.#rows()) {
      const box = row.getBoundingClientRect();
      if (box.bottom <= edge) continue;
      this.#anchor = { row, top: box.top - edge };
      return;
    }
  }
}

function topOf(element: Element): number {
  return element.getBoundingClientRect().top;
}
