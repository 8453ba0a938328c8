/** For how long after a keystroke someone counts as typing. */
const TYPING_MS = 1000;

const NO_TEXT = new Set(["button", "checkbox", "color", "file", "image", "radio", "range", "reset", "submit"]);

/** Whether keys typed there make text. */
export function takesText(target: EventTarget | null): target is HTMLElement {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !NO_TEXT.has(target.type);
  return target instanceof HTMLTextAreaElement || target.isContentEditable === true;
}

/** Whether a key pressed there may mean the card `box`: not in a text elsewhere, not in a dialog or a menu over the page. */
export function meansCard(target: EventTarget | null, box: HTMLElement | undefined): boolean {
  if (!(target instanceof Element) || box?.contains(target)) return true;
  return !takesText(target) && target.closest('[role="dialog"], [role="alertdialog"], [role="menu"]') === null;
}

/** Knows where a person typed last, so that a card takes no focus from half-written words. */
export class Typing {
  #field: EventTarget | null = null;
  #at = Number.NEGATIVE_INFINITY;

  /** Follows the window until the function that it gives is called. */
  watch(): () => void {
    const note = (event: Event): void => {
      if (!takesText(event.target)) return;
      this.#field = event.target;
      this.#at = performance.now();
    };
    const kinds = ["input", "compositionupdate"] as const;
    for (const kind of kinds) window.addEventListener(kind, note, true);
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, note, true);
    };
  }

  /** Whether the field with the focus was typed in just now. */
  get now(): boolean {
    const field = document.activeElement;
    return takesText(field) && field === this.#field && performance.now() - this.#at < TYPING_MS;
  }
}
