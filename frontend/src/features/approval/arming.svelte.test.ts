import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ARM_MS, Arming, FOCUS_MS } from "../../ui/arming.svelte";
import { frames } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../../ui/trusted", () => ({ trusted: () => person.made }));

let focus = true;
let place = "";
let arming: Arming;
let button: HTMLButtonElement;
let took: boolean[];

beforeEach(() => {
  vi.useFakeTimers();
  person.made = true;
  focus = true;
  place = "here";
  vi.spyOn(document, "hasFocus").mockImplementation(() => focus);
  arming = new Arming(() => place);
  took = [];
  button = document.createElement("button");
  button.addEventListener("pointerdown", (event) => arming.pointerDown(event));
  button.addEventListener("keydown", (event) => arming.keyDown(event));
  button.addEventListener("click", (event) => took.push(arming.takesClick(event)));
  document.body.append(button);
});

afterEach(() => {
  arming.stop();
  button.remove();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function arm(): Promise<void> {
  arming.start();
  arming.seen(true);
  await frames();
  vi.advanceTimersByTime(ARM_MS);
  expect(arming.armed).toBe(true);
}

const down = (): boolean => button.dispatchEvent(new PointerEvent("pointerdown", { button: 0 }));
const click = (): boolean => button.dispatchEvent(new MouseEvent("click"));
const key = (more: KeyboardEventInit): boolean => button.dispatchEvent(new KeyboardEvent("keydown", more));

describe("arming", () => {
  it("waits for two frames and then the whole time", async () => {
    arming.start();
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

  it.each<[string, () => void]>([
    ["out of view", () => arming.seen(false)],
    ["behind other windows", () => arming.blurred()],
    [
      "without the focus, and no event tells",
      () => {
        focus = false;
        arming.renew();
      },
    ],
    ["while a decision is on its way", () => arming.begin()],
    ["gone", () => arming.stop()],
  ])("never arms %s", async (_name, change) => {
    arming.start();
    arming.seen(true);
    change();
    await frames();
    vi.advanceTimersByTime(10 * ARM_MS);
    expect(arming.armed).toBe(false);
  });

  it.each<[string, () => void]>([
    ["its content changed", () => arming.renew()],
    [
      "it moved",
      () => {
        place = "there";
        arming.checkPlace();
      },
    ],
    ["the window got the focus", () => arming.focusChanged()],
    [
      "the window lost the focus and got it back",
      () => {
        arming.blurred();
        arming.focusChanged();
      },
    ],
    [
      "it left the view and came back",
      () => {
        arming.seen(false);
        arming.seen(true);
      },
    ],
    [
      "a decision was refused",
      () => {
        arming.begin();
        arming.end();
      },
    ],
  ])("arms anew after %s", async (_name, change) => {
    await arm();
    change();
    expect(arming.armed).toBe(false);
    await frames();
    vi.advanceTimersByTime(ARM_MS - 1);
    expect(arming.armed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(arming.armed).toBe(true);
  });

  it("starts the time anew when it changes while it waits", async () => {
    arming.start();
    arming.seen(true);
    await frames();
    vi.advanceTimersByTime(ARM_MS - 10);
    arming.renew();
    vi.advanceTimersByTime(ARM_MS - 10);
    expect(arming.armed).toBe(false);
  });

  it("does not arm a card that moved without an event", async () => {
    arming.start();
    arming.seen(true);
    await frames();
    place = "there";
    vi.advanceTimersByTime(ARM_MS);
    expect(arming.armed).toBe(false);
  });

  it("stays armed when nothing moved", async () => {
    await arm();
    arming.checkPlace();
    expect(arming.armed).toBe(true);
  });
});

describe("clicks", () => {
  it("count when pressed and released while armed, once", async () => {
    await arm();
    down();
    click();
    click();
    expect(took).toEqual([true, false]);
  });

  it("do not count before arming, also when released after it", async () => {
    arming.start();
    arming.seen(true);
    await frames();
    down();
    click();
    down();
    vi.advanceTimersByTime(ARM_MS);
    expect(arming.armed).toBe(true);
    click();
    expect(took).toEqual([false, false]);
  });

  it("do not count when the card changed between press and release", async () => {
    await arm();
    down();
    arming.renew();
    await frames();
    vi.advanceTimersByTime(ARM_MS);
    expect(arming.armed).toBe(true);
    click();
    expect(took).toEqual([false]);
  });

  it("do not count when made by a script", async () => {
    await arm();
    person.made = false;
    down();
    click();
    person.made = true;
    click();
    expect(took).toEqual([false, false]);
  });

  it("do not count without a press, with another button of the mouse, or pressed elsewhere", async () => {
    await arm();
    click();
    button.dispatchEvent(new PointerEvent("pointerdown", { button: 2 }));
    click();
    const other = document.createElement("button");
    other.addEventListener("pointerdown", (event) => arming.pointerDown(event));
    other.dispatchEvent(new PointerEvent("pointerdown", { button: 0 }));
    click();
    expect(took).toEqual([false, false, false]);
  });

  it("do not count on a card that moved without an event", async () => {
    await arm();
    place = "there";
    down();
    click();
    expect(took).toEqual([false]);
    expect(arming.armed).toBe(false);
  });

  it("do not count right after the window came to the front", async () => {
    await arm();
    arming.focusChanged();
    // As if it had armed meanwhile: the time since the focus counts for itself.
    arming.armed = true;
    vi.advanceTimersByTime(FOCUS_MS);
    down();
    click();
    expect(took).toEqual([false]);
  });

  it("come from keys that are pressed once and alone", async () => {
    await arm();
    key({ key: "Enter" });
    click();
    key({ key: "Enter", repeat: true });
    click();
    key({ key: " " });
    key({ key: " ", repeat: true });
    click();
    key({ key: "Enter", ctrlKey: true });
    click();
    expect(took).toEqual([true, false, false, false]);
  });
});

describe("shortcuts", () => {
  it("count while armed, but no repeats, no compositions, no scripts", async () => {
    const enter = (more: KeyboardEventInit = {}): KeyboardEvent =>
      new KeyboardEvent("keydown", { key: "Enter", ...more });
    arming.start();
    expect(arming.takesKey(enter())).toBe(false);
    await arm();
    expect(arming.takesKey(enter({ repeat: true }))).toBe(false);
    expect(arming.takesKey(enter({ isComposing: true }))).toBe(false);
    person.made = false;
    expect(arming.takesKey(enter())).toBe(false);
    person.made = true;
    expect(arming.takesKey(enter())).toBe(true);
  });
});
