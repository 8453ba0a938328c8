import { fireEvent, screen } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { ARM_MS } from "../../ui/arming.svelte";
import { composer, layer, layerTests, show } from "./layertesting";
import { edit, exec, frames, openMenu, press, settle } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../../ui/trusted", () => ({ trusted: () => person.made }));
layerTests(person);

/** Presses a key where the focus is, as fast as someone types. */
async function strike(key: string, more: KeyboardEventInit = {}): Promise<void> {
  const at = document.activeElement ?? document.body;
  await fireEvent.keyDown(at, { key, ...more });
  if (at instanceof HTMLTextAreaElement) await fireEvent.input(at);
  if ((key === "Enter" || key === " ") && at instanceof HTMLButtonElement) await fireEvent.click(at);
  await fireEvent.keyUp(at, { key, ...more });
  await vi.advanceTimersByTimeAsync(70);
}

describe("what was not meant for a card", () => {
  it("is typed on into the message box while the card comes, whatever the keys", async () => {
    const { update } = show();
    composer();
    for (const key of "please fix ") await strike(key);
    await update(exec(), edit());
    for (const key of [..."the test ", "Enter", " ", "Enter", "Backspace"]) await strike(key);
    await strike("Enter", { ctrlKey: true });
    await strike("Backspace", { ctrlKey: true });
    for (const key of "and more") await strike(key);
    expect(layer.decided).toEqual([]);
    expect(screen.queryByTestId("deny-feedback")).toBeNull();
    expect(document.activeElement?.id).toBe("outside");
  });

  it("is typed on the card itself, plain keys that mean nothing there", async () => {
    show(edit());
    await settle();
    for (const key of ["y", " ", "Enter", "a", "1", "ArrowDown", "Tab"]) await strike(key);
    expect(layer.decided).toEqual([]);
  });

  it("is a click within the time that arms it, to the millisecond", async () => {
    show(exec());
    await frames();
    await vi.advanceTimersByTimeAsync(ARM_MS - 1);
    await press("approve");
    expect(layer.decided).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await press("approve");
    expect(layer.decided).toHaveLength(1);
  });

  it("is Enter held down, with or without Ctrl, from before and across the arming", async () => {
    show(exec());
    const card = screen.getByTestId("card");
    await fireEvent.keyDown(card, { key: "Enter", ctrlKey: true });
    for (let at = 0; at < 40; at += 1) {
      await fireEvent.keyDown(card, { key: "Enter", ctrlKey: true, repeat: true });
      await vi.advanceTimersByTimeAsync(33);
    }
    const button = screen.getByTestId("approve");
    button.focus();
    for (let at = 0; at < 10; at += 1) {
      await fireEvent.keyDown(button, { key: "Enter", repeat: true });
      await fireEvent.click(button);
    }
    expect(layer.decided).toEqual([]);
    await fireEvent.keyDown(card, { key: "Enter", ctrlKey: true });
    expect(layer.decided).toHaveLength(1);
  });

  it("is the second click of a double click that opened the menu, wherever it lands", async () => {
    for (const card of [exec(), edit()]) {
      const { update } = show(card);
      await settle();
      await press("approve-menu");
      await press("approve-session");
      expect(layer.decided).toEqual([]);
      await update();
      document.body.replaceChildren();
    }
  });

  it("is Enter in the field of the pattern", async () => {
    show(exec());
    await settle();
    await openMenu();
    const field = screen.getByTestId("approve-pattern");
    field.focus();
    await strike("Enter");
    await strike("Enter", { ctrlKey: true });
    expect(layer.decided).toEqual([]);
  });
});
