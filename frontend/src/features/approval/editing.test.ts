import { fireEvent, screen } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { layer, layerTests, show } from "./layertesting";
import { armed, edit, faults, press, settle } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../../ui/trusted", () => ({ trusted: () => person.made }));
/** Stands in for the two editors, which need a layout. */
const made = vi.hoisted(() => ({ text: "", type: (_text: string): void => {} }));
vi.mock("./mergeview", async (actual) => ({
  ...(await actual<object>()),
  createMerge: (_host: HTMLElement, { text, onChange }: { text: string; onChange: (text: string) => void }) => {
    made.text = text;
    made.type = (next) => {
      made.text = next;
      onChange(next);
    };
    return {
      get text() {
        return made.text;
      },
      replace: made.type,
      focus: () => {},
      destroy: () => {},
    };
  },
}));
layerTests(person);

async function openEditor(): Promise<void> {
  await fireEvent.click(screen.getByTestId("edit-text"));
  await vi.waitFor(() => expect(screen.getByTestId("editor-code")).toBeTruthy());
  await vi.dynamicImportSettled();
  await vi.advanceTimersByTimeAsync(0);
}
const off = (testid: string): boolean => screen.getByTestId<HTMLButtonElement>(testid).disabled;
const written = async (text: string): Promise<void> => {
  made.type(text);
  await vi.advanceTimersByTimeAsync(200);
};

describe("the text of a change", () => {
  it("is edited beside the file, and sent for a new card; nothing is approved by that", async () => {
    const { update } = show(edit());
    await settle();
    await openEditor();
    expect(made.text).toBe("a = 2\n");
    expect(off("editor-use")).toBe(true);
    expect(screen.queryByTestId("approve")).toBeNull();
    await written("a = 3\n");
    await fireEvent.click(screen.getByTestId("editor-use"));
    await vi.advanceTimersByTimeAsync(0);
    expect(layer.desk.revised).toEqual(["a = 3\n"]);
    expect(layer.desk.drafts.size).toBe(0);
    await update(edit({ revision: 4, text: "a = 3\n" } as Parameters<typeof edit>[0]));
    expect(screen.queryByTestId("proposal-editor")).toBeNull();
    expect(screen.getByTestId("badge-edited")).toBeTruthy();
    expect(armed()).toBe("false");
    await press("approve");
    expect(layer.decided).toEqual([]);
    await settle();
    await press("approve");
    expect(layer.decided).toEqual([{ approval: "e1", revision: 4, decision: "approve" }]);
  });

  it("is kept half-edited when the editor is left by Escape, which leaves the card", async () => {
    show(edit());
    await settle();
    await openEditor();
    await written("half");
    await fireEvent.keyDown(screen.getByTestId("proposal-editor"), { key: "Escape" });
    expect([...layer.setAside]).toEqual([]);
    expect(screen.queryByTestId("proposal-editor")).toBeNull();
    expect(layer.desk.drafts.get("e1")).toBe("half");
    expect(armed()).toBe("false");
    expect(screen.getByTestId("card-begun").textContent).toContain("without that");
    await openEditor();
    expect(made.text).toBe("half");
    expect(screen.getByTestId("editor-restored")).toBeTruthy();
  });

  it("is kept also where the editor is left within the moment", async () => {
    show(edit());
    await settle();
    await openEditor();
    made.type("quick");
    await fireEvent.click(screen.getByTestId("editor-leave"));
    expect(layer.desk.drafts.get("e1")).toBe("quick");
  });

  it("takes no key that decides while it is edited", async () => {
    show(edit());
    await settle();
    await openEditor();
    await settle();
    const code = screen.getByTestId("editor-code");
    await fireEvent.keyDown(code, { key: "Enter", ctrlKey: true });
    await fireEvent.keyDown(code, { key: "Backspace", ctrlKey: true });
    expect(layer.decided).toEqual([]);
    expect(screen.queryByTestId("deny-feedback")).toBeNull();
    expect(screen.getByTestId("proposal-editor")).toBeTruthy();
  });

  it("goes back to the agent's, also where it was sent already", async () => {
    const { update } = show(edit());
    await settle();
    await openEditor();
    await written("mine");
    await fireEvent.click(screen.getByTestId("editor-back"));
    await vi.advanceTimersByTimeAsync(200);
    expect(made.text).toBe("a = 2\n");
    expect(layer.desk.drafts.size).toBe(0);
    expect(layer.desk.revised).toEqual([]);
    await update(edit({ revision: 4, text: "mine" } as Parameters<typeof edit>[0]));
    await openEditor();
    await fireEvent.click(screen.getByTestId("editor-back"));
    await vi.advanceTimersByTimeAsync(0);
    expect(layer.desk.revised).toEqual([undefined]);
  });

  it("stays in the editor where it is refused", async () => {
    layer.desk.refusal = { code: "state", message: "That card is not open.", hint: "Nothing was changed." };
    show(edit());
    await settle();
    await openEditor();
    await written("mine");
    await fireEvent.click(screen.getByTestId("editor-use"));
    await vi.advanceTimersByTimeAsync(0);
    expect(screen.getByTestId("editor-error").textContent).toBe("That card is not open. Nothing was changed.");
    expect(made.text).toBe("mine");
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
  });

  it("cannot be edited where nothing can be decided", async () => {
    layer.locked = "Open in another window.";
    show(edit());
    await settle();
    expect(screen.queryByTestId("edit-text")).toBeNull();
  });
});

describe("the ends of lines", () => {
  it("are told where they are all alike", async () => {
    const { endingOf } = await import("./mergeview");
    expect(endingOf("a\nb\n")).toBe("\n");
    expect(endingOf("a\r\nb\r\n")).toBe("\r\n");
    expect(endingOf("a\r\nb\n")).toBeNull();
    expect(endingOf("a\rb")).toBeNull();
    expect(endingOf("a")).toBe("\n");
  });
});
