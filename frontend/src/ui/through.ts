/** How far two looks may miss each other, in pixels: a row's height. */
const SLACK = 20;

/** Knows how far a person has scrolled through something, without having jumped over a part of it. */
export class Through {
  /** Down to where all of it was in sight, in pixels. */
  #to = 0;

  /** Notes what is in sight now. Gives whether all of it was by now. */
  note(box: HTMLElement): boolean {
    const { scrollTop, clientHeight, scrollHeight } = box;
    if (scrollTop <= this.#to + SLACK) this.#to = Math.max(this.#to, scrollTop + clientHeight);
    return this.#to >= scrollHeight - 2;
  }

  /** How many pixels were not in sight yet. */
  left(box: HTMLElement): number {
    return Math.max(0, box.scrollHeight - this.#to);
  }

  /** Where what was not in sight yet begins. */
  get to(): number {
    return this.#to;
  }
}
