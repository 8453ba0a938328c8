import type { WireError } from "../protocol/WireError";

/** Something that the person has to know, with what to do about it. */
export interface Notice {
  id: number;
  message: string;
  hint: string;
  /** Whether loading the window anew is offered. */
  reload: boolean;
}

/** The same trouble twice says nothing new, and a long list hides the last one. */
const MOST = 4;

/** What went wrong, until the person puts it away. */
export class Notices {
  #next = 0;
  list: Notice[] = $state([]);

  add(message: string, hint = "", reload = false): void {
    this.#next += 1;
    const others = this.list.filter((notice) => notice.message !== message || notice.hint !== hint);
    this.list = [...others, { id: this.#next, message, hint, reload }].slice(-MOST);
  }

  addError(error: WireError): void {
    // The person cancelled it: no news.
    if (error.code !== "cancelled") this.add(error.message, error.hint);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}
