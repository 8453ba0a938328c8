import { trusted } from "./trusted";

/** How long a card has to stand still, in sight and in front, before its buttons count. */
export const ARM_MS = 600;
/** The click that brings the window to the front comes within this time of the focus, and counts for nothing. */
export const FOCUS_MS = 300;

interface Press {
  button: EventTarget | null;
  /** The arming that it came under; any disarming in between spoils it. */
  epoch: number;
}

/**
 * Decides when the buttons of a card count, so that no one approves by a click or key that was meant for
 * something else. They arm once the card was painted, in view and in front for `ARM_MS`; a change of its
 * content, its place or the window's focus starts anew.
 */
export class Arming {
  /** Whether the buttons count. */
  armed: boolean = $state(false);
  /** Whether the time before that is running. */
  filling: boolean = $state(false);
  /** Whether a decision is on its way. */
  busy: boolean = $state(false);

  readonly #measure: () => string;
  #going = false;
  #painted = false;
  #inView = false;
  #front = document.visibilityState === "visible" && document.hasFocus();
  #focusedAt = Number.NEGATIVE_INFINITY;
  #place = "";
  #epoch = 0;
  #press: Press | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #frame: number | null = null;

  /** `measure` tells the card's place as a text that differs once it moved. */
  constructor(measure: () => string) {
    this.#measure = measure;
  }

  /** The card stands in the page. */
  start(): void {
    this.#going = true;
    this.renew();
  }

  /** Starts anew: the content changed, or the place. */
  renew(): void {
    this.#disarm();
    this.#painted = false;
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    // An answer can come after the card is gone.
    if (!this.#going) return;
    // The first frame draws the change; at the second it is on the screen.
    this.#frame = requestAnimationFrame(() => {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = null;
        this.#painted = true;
        this.#place = this.#measure();
        this.#wait();
      });
    });
  }

  /** The card is gone. */
  stop(): void {
    this.#going = false;
    this.renew();
  }

  /** Whether the card can be seen in full. */
  seen(inView: boolean): void {
    if (inView === this.#inView) return;
    this.#inView = inView;
    this.renew();
  }

  /** The window came to the front, went behind others, was hidden or shown. */
  focusChanged(): void {
    this.#front = document.visibilityState === "visible" && document.hasFocus();
    this.#focusedAt = performance.now();
    this.renew();
  }

  blurred(): void {
    this.#front = false;
    this.renew();
  }

  /** Looks whether the card still stands where it stood when it was painted. */
  checkPlace(): boolean {
    // Before it is painted there is no place to compare; it is measured then.
    if (!this.#painted || this.#measure() === this.#place) return true;
    this.renew();
    return false;
  }

  /** Notes a pointer that goes down on a button. */
  pointerDown(event: PointerEvent): void {
    this.#press = event.button === 0 ? this.#pressOf(event) : null;
  }

  /** Notes a key that goes down on a button, which makes a click of its own. */
  keyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter" && event.key !== " ") return;
    const plain = !event.repeat && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    this.#press = plain ? this.#pressOf(event) : null;
  }

  /** Whether a click counts: made by a person, begun on the same button, all of it while armed. */
  takesClick(event: MouseEvent): boolean {
    const press = this.#press;
    this.#press = null;
    if (press === null || press.button !== event.currentTarget || press.epoch !== this.#epoch) return false;
    return trusted(event) && this.#counts();
  }

  /** Whether a shortcut counts: made by a person, pressed once, while armed. */
  takesKey(event: KeyboardEvent): boolean {
    return trusted(event) && !event.repeat && !event.isComposing && this.#counts();
  }

  /** A decision goes out: nothing more counts until it is answered. */
  begin(): void {
    this.busy = true;
    this.#disarm();
  }

  /** It was answered, and the card may still be here. */
  end(): void {
    this.busy = false;
    this.renew();
  }

  #pressOf(event: UIEvent): Press | null {
    return trusted(event) && this.#counts() ? { button: event.currentTarget, epoch: this.#epoch } : null;
  }

  #counts(): boolean {
    return this.armed && performance.now() - this.#focusedAt > FOCUS_MS && this.checkPlace();
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#press = null;
    this.#epoch += 1;
    this.armed = false;
    this.filling = false;
  }

  #wait(): void {
    if (!this.#painted || !this.#inView || !this.#front || this.busy) return;
    this.filling = true;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (!this.checkPlace()) return;
      // The window can lose the focus without an event that reaches the page.
      if (document.visibilityState !== "visible" || !document.hasFocus()) {
        this.blurred();
        return;
      }
      this.filling = false;
      this.armed = true;
    }, ARM_MS);
  }
}

/** How much of a card has to be in view. */
const IN_VIEW = 0.95;

/** Tells `arming` of all that happens to the card, until the function that it gives is called. */
export function watchCard(arming: Arming, card: HTMLElement): () => void {
  const onFocus = (): void => arming.focusChanged();
  const onBlur = (): void => arming.blurred();
  const onMove = (): void => {
    arming.checkPlace();
  };
  window.addEventListener("focus", onFocus);
  window.addEventListener("blur", onBlur);
  document.addEventListener("visibilitychange", onFocus);
  window.addEventListener("resize", onMove);
  window.addEventListener("scroll", onMove, true);

  const resized = new ResizeObserver(onMove);
  resized.observe(card);
  if (card.parentElement) resized.observe(card.parentElement);
  const seen = new IntersectionObserver(
    (entries) => {
      const last = entries.at(-1);
      if (last) arming.seen(last.isIntersecting && last.intersectionRatio >= IN_VIEW);
    },
    { threshold: [0, 0.5, IN_VIEW, 1] },
  );
  seen.observe(card);
  arming.start();

  return () => {
    window.removeEventListener("focus", onFocus);
    window.removeEventListener("blur", onBlur);
    document.removeEventListener("visibilitychange", onFocus);
    window.removeEventListener("resize", onMove);
    window.removeEventListener("scroll", onMove, true);
    resized.disconnect();
    seen.disconnect();
    arming.stop();
  };
}

/** Where elements stand, as a text that differs once one of them moved or changed its size. */
export function placeOf(elements: readonly (Element | undefined)[]): string {
  return elements
    .map((element) => {
      if (!element) return "-";
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x, y, width, height].map(Math.round).join(" ");
    })
    .join(", ");
}
