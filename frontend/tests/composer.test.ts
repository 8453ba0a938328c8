import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import Composer from "../src/features/composer/Composer.svelte";

function draw(more: Partial<{ blocked: string; canConnect: boolean; sent: boolean }> = {}) {
  const onSend = vi.fn(async () => more.sent ?? true);
  const onConnect = vi.fn();
  render(Composer, {
    text: "",
    running: false,
    blocked: more.blocked ?? "",
    canConnect: more.canConnect ?? false,
    onSend,
    onConnect,
  });
  return { onSend, onConnect, box: screen.getByTestId<HTMLTextAreaElement>("composer") };
}

describe("the message box", () => {
  it("sends by Enter and empties itself", async () => {
    const { onSend, box } = draw();
    await userEvent.type(box, "Fix it{Enter}");
    expect(onSend).toHaveBeenCalledExactlyOnceWith("Fix it");
    await vi.waitFor(() => expect(box.value).toBe(""));
  });

  it("breaks the line by Shift+Enter", async () => {
    const { onSend, box } = draw();
    await userEvent.type(box, "one{Shift>}{Enter}{/Shift}two");
    expect(onSend).not.toHaveBeenCalled();
    expect(box.value).toBe("one\ntwo");
  });

  it("does nothing by Ctrl+Enter, which approves cards", async () => {
    const { onSend, box } = draw();
    await userEvent.type(box, "words{Control>}{Enter}{/Control}");
    expect(onSend).not.toHaveBeenCalled();
    expect(box.value).toBe("words");
  });

  it("leaves the Enter that ends a composition to it", async () => {
    const { onSend, box } = draw();
    await userEvent.type(box, "日本");
    box.dispatchEvent(
      new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }),
    );
    expect(onSend).not.toHaveBeenCalled();
  });

  it("sends nothing of blanks", async () => {
    const { onSend, box } = draw();
    await userEvent.type(box, "  {Enter}");
    expect(onSend).not.toHaveBeenCalled();
    expect(screen.getByTestId<HTMLButtonElement>("send").disabled).toBe(true);
  });

  it("gives the words back where they were not taken", async () => {
    const { box } = draw({ sent: false });
    await userEvent.type(box, "Keep me{Enter}");
    await vi.waitFor(() => expect(box.value).toBe("Keep me"));
  });

  it("says why nothing can be sent, and what would help", async () => {
    const { onConnect, box } = draw({ blocked: "No model is connected.", canConnect: true });
    expect(box.disabled).toBe(true);
    expect(screen.getByText("No model is connected.")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Connect a model" }));
    expect(onConnect).toHaveBeenCalledOnce();
  });
});
