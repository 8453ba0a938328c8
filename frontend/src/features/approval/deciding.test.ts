import { fireEvent, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";
import type { DecisionInput } from "../../protocol/DecisionInput";
import type { OpenCard } from "../../state/approvals.svelte";
import { layer, layerTests, show } from "./layertesting";
import { armed, edit, exec, FakeIntersection, faults, look, openMenu, press, settle, write } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../../ui/trusted", () => ({ trusted: () => person.made }));
layerTests(person);

describe("deciding", () => {
  it("counts for nothing before the buttons are armed", async () => {
    show(exec());
    await press("approve");
    await press("deny");
    await fireEvent.keyDown(screen.getByTestId("card"), { key: "Enter", ctrlKey: true });
    expect(screen.getByTestId("approve").getAttribute("aria-disabled")).toBe("true");
    expect(layer.decided).toEqual([]);
    expect(screen.queryByTestId("deny-feedback")).toBeNull();
    await settle();
    expect(armed()).toBe("true");
    expect(screen.getByTestId("approve").getAttribute("aria-disabled")).toBe("false");
    await press("approve");
    expect(layer.decided).toEqual([{ approval: "a1", revision: 1, decision: "approve" }]);
  });

  it("counts for nothing when a script clicks", async () => {
    show(exec());
    await settle();
    person.made = false;
    await press("approve");
    expect(layer.decided).toEqual([]);
  });

  it("arms anew when the revision changes, and sends the new one", async () => {
    const { update } = show(exec());
    await settle();
    await update(exec({ revision: 2 }));
    expect(armed()).toBe("false");
    await press("approve");
    expect(layer.decided).toEqual([]);
    await settle();
    await press("approve");
    expect(layer.decided).toEqual([{ approval: "a1", revision: 2, decision: "approve" }]);
  });

  it("stays armed when another card comes behind it", async () => {
    const first = exec();
    const { update } = show(first);
    await settle();
    await update(first, edit());
    expect(armed()).toBe("true");
    expect(screen.getByTestId("card-place").textContent).toBe("1 of 2");
  });

  it("arms anew when the window's focus changes or it leaves the view", async () => {
    show(exec());
    await settle();
    await fireEvent.focus(window);
    expect(armed()).toBe("false");
    await settle();
    expect(armed()).toBe("true");
    await fireEvent.blur(window);
    expect(armed()).toBe("false");
    await settle();
    expect(armed()).toBe("false");
    await fireEvent.focus(window);
    await settle();
    expect(armed()).toBe("true");
    FakeIntersection.all[0]?.show(0.6);
    await settle();
    expect(armed()).toBe("false");
  });

  it("a double click decides one card only", async () => {
    const first = exec();
    const second = edit();
    const { update } = show(first, second);
    await settle();
    await press("approve");
    await press("approve");
    await update(second);
    await press("approve");
    expect(layer.decided).toEqual([{ approval: "a1", revision: 1, decision: "approve" }]);
    expect(screen.getByTestId("card").dataset.approval).toBe("e1");
    await settle();
    await press("approve");
    expect(layer.decided[1]).toEqual({ approval: "e1", revision: 3, decision: "approve" });
  });

  it("says what went wrong and arms anew", async () => {
    layer.answer = () => Promise.reject({ code: "state", message: "The card is stale.", hint: "Look at the new one." });
    show(exec());
    await settle();
    await press("approve");
    await tick();
    expect(screen.getByTestId("card-error").textContent).toBe("The card is stale. Look at the new one.");
    expect(armed()).toBe("false");
    await settle();
    expect(armed()).toBe("true");
  });

  it("is busy until the answer comes", async () => {
    let resolve = (): void => {};
    layer.answer = () => new Promise((done) => (resolve = done));
    show(exec());
    await settle();
    await press("approve");
    await settle();
    await press("approve");
    expect(layer.decided.length).toBe(1);
    expect(screen.getByTestId("card").getAttribute("aria-busy")).toBe("true");
    resolve();
    await settle();
    expect(armed()).toBe("true");
  });

  it("hands the words of a denial on unchanged", async () => {
    show(exec());
    await settle();
    await press("deny");
    const words = "  No:\n\tuse <b>pnpm</b> \u{1f600}  ";
    await fireEvent.input(screen.getByTestId("deny-feedback"), { target: { value: words } });
    await press("deny-confirm");
    expect(layer.decided).toEqual([]);
    await settle();
    await press("deny-confirm");
    expect(layer.decided).toEqual([{ approval: "a1", revision: 1, decision: "deny", feedback: words }]);
  });

  it("denies without words, and can stop the run", async () => {
    show(exec());
    await settle();
    await press("deny");
    await settle();
    await press("deny-stop");
    expect(layer.decided).toEqual([{ approval: "a1", revision: 1, decision: "deny", stop: true }]);
  });

  it("approves an edited pattern for the session or always", async () => {
    show(exec());
    await settle();
    await openMenu();
    const field = screen.getByTestId<HTMLInputElement>("approve-pattern");
    expect(field.value).toBe("npm test *");
    await fireEvent.input(field, { target: { value: "npm test a*" } });
    expect(screen.getByTestId("approve-session").textContent).toContain(
      "Approve npm test a* in this workspace for this session",
    );
    expect(armed()).toBe("false");
    await press("approve-session");
    expect(layer.decided).toEqual([]);
    await settle();
    await settle();
    await press("approve-session");
    await settle();
    await openMenu();
    await press("approve-always");
    expect(layer.decided).toEqual([
      { approval: "a1", revision: 1, decision: "approve_session", pattern: "npm test a*" },
      { approval: "a1", revision: 1, decision: "approve_always", pattern: "npm test *" },
    ]);
  });

  it("lets an always end, and only an always", async () => {
    show(exec());
    await settle();
    await openMenu();
    const end = screen.getByLabelText<HTMLSelectElement>("End of “always”");
    expect([...end.options].map((option) => option.text)).toEqual(["No end", "1 day", "7 days", "30 days"]);
    expect(end.value).toBe("No end");
    await fireEvent.change(end, { target: { value: "7 days" } });
    expect(screen.getByTestId("approve-always").textContent).toContain("in this workspace, for 7 days");
    await settle();
    await press("approve-session");
    await settle();
    await openMenu();
    await fireEvent.change(screen.getByTestId("approve-end"), { target: { value: "30 days" } });
    await settle();
    await press("approve-always");
    const always = { approval: "a1", revision: 1, decision: "approve_always", pattern: "npm test *" };
    expect(layer.decided).toEqual([
      { ...always, decision: "approve_session" },
      { ...always, expires_in: 30 * 86_400 },
    ]);
    await settle();
    await openMenu();
    expect(screen.getByTestId<HTMLSelectElement>("approve-end").value).toBe("No end");
    await press("approve-always");
    expect(layer.decided[2]).toEqual(always);
  });

  it("arms anew when another end is chosen: the click that chose it may have been over a button", async () => {
    show(exec());
    await settle();
    await openMenu();
    await fireEvent.change(screen.getByTestId("approve-end"), { target: { value: "1 day" } });
    await press("approve-always");
    expect(armed()).toBe("false");
    expect(layer.decided).toEqual([]);
    expect(screen.getByTestId("approve-options")).toBeTruthy();
    await settle();
    await press("approve-always");
    expect(layer.decided[0]?.expires_in).toBe(86_400);
  });

  it("arms anew when the menu moves under the pointer", async () => {
    const watched: ResizeObserverCallback[] = [];
    class FakeResize {
      constructor(tell: ResizeObserverCallback) {
        watched.push(tell);
      }
      observe(): void {}
      disconnect(): void {}
    }
    const before = ResizeObserver;
    vi.stubGlobal("ResizeObserver", FakeResize);
    show(exec());
    await settle();
    await openMenu();
    const menu = screen.getByTestId("approve-options");
    const grow = (height: number): void => {
      vi.spyOn(menu, "scrollHeight", "get").mockReturnValue(height);
      watched.at(-1)?.([], {} as ResizeObserver);
    };
    grow(200);
    expect(armed()).toBe("true");
    grow(218);
    await tick();
    expect(armed()).toBe("false");
    await press("approve-session");
    expect(layer.decided).toEqual([]);
    await settle();
    expect(armed()).toBe("true");
    await fireEvent.scroll(menu);
    expect(armed()).toBe("false");
    vi.stubGlobal("ResizeObserver", before);
  });

  it("has no fault that axe knows, with the menu open", async () => {
    show(exec({ suggested_patterns: ["npm test", "npm *"] }));
    await settle();
    await openMenu();
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
  });

  it("offers no more than once where no pattern is safe, and no empty pattern", async () => {
    const { update } = show(exec({ suggested_patterns: [] }));
    expect(screen.queryByTestId("approve-menu")).toBeNull();
    await update(exec());
    await settle();
    await openMenu();
    await fireEvent.input(screen.getByTestId("approve-pattern"), { target: { value: "  " } });
    await settle();
    await settle();
    await press("approve-session");
    expect(layer.decided).toEqual([]);
  });

  it.each<[string, string, OpenCard, Partial<DecisionInput>]>([
    ["edits of a file", "approve-session", edit(), { scope: "file" }],
    ["edits in the workspace", "approve-workspace", edit(), { scope: "workspace" }],
    ["writes in the workspace", "approve-workspace", write(), { scope: "workspace" }],
    ["looks", "approve-session", look(), {}],
  ])("approves %s for the session", async (_name, button, card, more) => {
    show(card);
    await settle();
    await openMenu();
    await press(button);
    expect(layer.decided).toEqual([
      { approval: card.approval, revision: card.revision, decision: "approve_session", ...more },
    ]);
  });
});

describe("the menu of an edit", () => {
  it("says what each choice grants, and has no fault that axe knows", async () => {
    show(edit());
    await settle();
    await openMenu();
    const said = (id: string): string => screen.getByTestId(id).textContent.replace(/\s+/g, " ").trim();
    expect(said("approve-session")).toMatch(/^Accept edits to this file for this session Changes of src\/a\.js apply/);
    expect(said("approve-workspace")).toMatch(
      /^Accept edits in this workspace for this session .*Sensitive files still ask\.$/,
    );
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
  });

  it.each<[string, OpenCard]>([
    ["a sensitive file", edit({ sensitive: true })],
    ["a file outside", edit({ outside: true })],
    ["a sensitive file that is written", write({ sensitive: true })],
    ["a file outside that is written", write({ outside: true })],
  ])("is not there for %s", async (_name, card) => {
    show(card);
    await settle();
    expect(screen.queryByTestId("approve-menu")).toBeNull();
    await press("approve");
    expect(layer.decided).toEqual([{ approval: card.approval, revision: card.revision, decision: "approve" }]);
  });

  it("is gone with the choice once the card shows a sensitive file", async () => {
    const { update } = show(edit());
    await settle();
    await openMenu();
    await update(edit({ sensitive: true, revision: 4 }));
    expect(screen.queryByTestId("approve-workspace")).toBeNull();
  });
});
