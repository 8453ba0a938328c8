import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ARM_MS, Arming, FOCUS_MS } from "./arming.svelte";

// Events that a test makes are never trusted; this stands in for the person.
const person = vi.hoisted(() => ({ acts: true }));
vi.mock("./trusted", () => ({ trusted: () => person.acts }));

let front = true;
let place = "0 0 100 100";
let arming: Arming;
let button: HTMLButtonElement;
let clicks: boolean[];

/** Two frames, so that what changed counts as painted. */
const paint = (): void => {
  vi.advanceTimersToNextFrame();
  vi.advanceTimersToNextFrame();
};

/** Paints and waits until the buttons count, and until the focus is long enough ago. */
const arm = (): void => {
  paint();
  vi.advanceTimersByTime(ARM_MS);
};

const down = (on: HTMLElement = button): boolean => on.dispatchEvent(new PointerEvent("pointerdown", { button: 0 }));

/** A whole click, and whether it counted. */
const click = (on: HTMLElement = button): boolean | undefined => {
  clicks = [];
  down(on);
  on.dispatchEvent(new MouseEvent("click"));
  return clicks.at(-1);
};

const key = (init: KeyboardEventInit = {}): boolean => arming.takesKey(new KeyboardEvent("keydown", init));

function watched(): HTMLButtonElement {
  const made = document.createElement("button");
  made.addEventListener("pointerdown", (event) => arming.pointerDown(event));
  made.addEventListener("keydown", (event) => arming.keyDown(event));
  made.addEventListener("click", (event) => clicks.push(arming.takesClick(event)));
  document.body.append(made);
  return made;
}

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "cancelAnimationFrame", "performance"],
  });
  front = true;
  place = "0 0 100 100";
  person.acts = true;
  clicks = [];
  vi.spyOn(document, "hasFocus").mockImplementation(() => front);
  arming = new Arming(() => place);
  button = watched();
});

afterEach(() => {
  arming.stop();
  document.body.replaceChildren();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("arming", () => {
  it("takes its time from the second frame on, not a moment less", () => {
    arming.seen(true);
    vi.advanceTimersToNextFrame();
    expect(arming.filling).toBe(false);
    vi.advanceTimersToNextFrame();
    expect(arming.filling).toBe(true);
    vi.advanceTimersByTime(ARM_MS - 1);
    expect(arming.armed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(arming.armed).toBe(true);
    expect(arming.filling).toBe(false);
  });

  it("takes 600 ms", () => {
    expect(ARM_MS).toBe(600);
    expect(FOCUS_MS).toBe(300);
  });

  it("waits for a card that is not in view", () => {
    arming.renew();
    arm();
    expect(arming.armed).toBe(false);
    arming.seen(true);
    arm();
    expect(arming.armed).toBe(true);
    arming.seen(false);
    expect(arming.armed).toBe(false);
    arm();
    expect(arming.armed).toBe(false);
  });

  it("waits for a window that is not in front", () => {
    front = false;
    arming.focusChanged();
    arming.seen(true);
    arm();
    expect(arming.armed).toBe(false);
    front = true;
    arming.focusChanged();
    arm();
    expect(arming.armed).toBe(true);
  });

  it("starts anew when the window goes behind others", () => {
    arming.seen(true);
    arm();
    arming.blurred();
    expect(arming.armed).toBe(false);
    arm();
    expect(arming.armed).toBe(false);
  });

  it("notices a focus that went without an event", () => {
    arming.seen(true);
    paint();
    front = false;
    vi.advanceTimersByTime(ARM_MS);
    expect(arming.armed).toBe(false);
  });

  it("starts anew when the page is hidden", () => {
    const state = vi.spyOn(document, "visibilityState", "get");
    arming.seen(true);
    arm();
    state.mockReturnValue("hidden");
    arming.focusChanged();
    arm();
    expect(arming.armed).toBe(false);
    state.mockReturnValue("visible");
    arming.focusChanged();
    arm();
    expect(arming.armed).toBe(true);
  });

  it("starts anew when the content changes, for the whole time", () => {
    arming.seen(true);
    paint();
    vi.advanceTimersByTime(ARM_MS - 1);
    arming.renew();
    paint();
    vi.advanceTimersByTime(ARM_MS - 1);
    expect(arming.armed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(arming.armed).toBe(true);
  });

  it("starts anew when the card moved", () => {
    arming.seen(true);
    arm();
    expect(arming.checkPlace()).toBe(true);
    place = "0 40 100 100";
    expect(arming.checkPlace()).toBe(false);
    expect(arming.armed).toBe(false);
    arm();
    expect(arming.armed).toBe(true);
  });

  it("does not arm where the card moved while it waited", () => {
    arming.seen(true);
    paint();
    place = "0 40 100 100";
    vi.advanceTimersByTime(ARM_MS);
    expect(arming.armed).toBe(false);
  });

  it("stops for good", () => {
    arming.seen(true);
    paint();
    arming.stop();
    arm();
    expect(arming.armed).toBe(false);
  });

  it("counts nothing while a decision is on its way, and starts anew after it", () => {
    arming.seen(true);
    arm();
    arming.begin();
    expect(key()).toBe(false);
    arming.renew();
    arm();
    expect(arming.armed).toBe(false);
    arming.end();
    expect(arming.armed).toBe(false);
    arm();
    expect(arming.armed).toBe(true);
  });
});

describe("a click", () => {
  beforeEach(() => arming.seen(true));

  it("counts once the buttons are armed", () => {
    expect(click()).toBe(false);
    arm();
    expect(click()).toBe(true);
  });

  it("counts only where the pointer went down after arming", () => {
    paint();
    down();
    vi.advanceTimersByTime(ARM_MS);
    expect(arming.armed).toBe(true);
    button.dispatchEvent(new MouseEvent("click"));
    expect(clicks).toEqual([false]);
  });

  it("does not count where the buttons armed anew between press and release", () => {
    arm();
    down();
    arming.renew();
    arm();
    button.dispatchEvent(new MouseEvent("click"));
    expect(clicks).toEqual([false]);
  });

  it("does not count where the pointer went down on another button", () => {
    const other = watched();
    arm();
    down(other);
    button.dispatchEvent(new MouseEvent("click"));
    expect(clicks).toEqual([false]);
  });

  it("does not count without a press, nor twice for one press", () => {
    arm();
    button.dispatchEvent(new MouseEvent("click"));
    down();
    button.dispatchEvent(new MouseEvent("click"));
    button.dispatchEvent(new MouseEvent("click"));
    expect(clicks).toEqual([false, true, false]);
  });

  it("does not count with another mouse button", () => {
    arm();
    button.dispatchEvent(new PointerEvent("pointerdown", { button: 2 }));
    button.dispatchEvent(new MouseEvent("click"));
    expect(clicks).toEqual([false]);
  });

  it("does not count where no person made it", () => {
    arm();
    down();
    person.acts = false;
    button.dispatchEvent(new MouseEvent("click"));
    expect(clicks).toEqual([false]);
  });

  it("does not count where the card moved under the pointer", () => {
    arm();
    place = "0 40 100 100";
    expect(click()).toBe(false);
    expect(arming.armed).toBe(false);
  });

  it("counts by Enter and Space on the button, but not by a key held down", () => {
    arm();
    const press = (init: KeyboardEventInit): boolean | undefined => {
      clicks = [];
      button.dispatchEvent(new KeyboardEvent("keydown", init));
      button.dispatchEvent(new MouseEvent("click"));
      return clicks.at(-1);
    };
    expect(press({ key: "Enter" })).toBe(true);
    expect(press({ key: " " })).toBe(true);
    expect(press({ key: "Enter", repeat: true })).toBe(false);
    expect(press({ key: "Enter", ctrlKey: true })).toBe(false);
    expect(press({ key: "a" })).toBe(false);
  });
});

describe("a shortcut", () => {
  beforeEach(() => arming.seen(true));

  it("counts once the buttons are armed", () => {
    expect(key()).toBe(false);
    arm();
    expect(key()).toBe(true);
  });

  it("does not count where it repeats, composes, or no person made it", () => {
    arm();
    expect(key({ repeat: true })).toBe(false);
    expect(key({ isComposing: true })).toBe(false);
    person.acts = false;
    expect(key()).toBe(false);
  });
});
