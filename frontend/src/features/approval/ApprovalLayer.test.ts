import { fireEvent, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { SvelteSet } from "svelte/reactivity";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DecisionInput } from "../../protocol/DecisionInput";
import type { OpenCard } from "../../state/approvals.svelte";
import ApprovalLayer from "./ApprovalLayer.svelte";
import { armed, edit, exec, FakeIntersection, faults, look, press, settle, write } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("./trusted", () => ({ trusted: () => person.made }));

let decided: DecisionInput[];
let answer: () => Promise<void>;
let setAside: SvelteSet<string>;
let confines: boolean;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("IntersectionObserver", FakeIntersection);
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
  person.made = true;
  decided = [];
  answer = async () => {};
  setAside = new SvelteSet();
  confines = true;
});
afterEach(() => {
  document.querySelector("#outside")?.remove();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function show(...cards: OpenCard[]): { update: (...cards: OpenCard[]) => Promise<void> } {
  const props = {
    cards,
    confines,
    setAside,
    onDecide: (decision: DecisionInput) => {
      decided.push(decision);
      return answer();
    },
    onSetAside: (approval: string) => void setAside.add(approval),
    onShow: (approval: string) => void setAside.delete(approval),
  };
  const { rerender } = render(ApprovalLayer, props);
  return { update: async (...next) => rerender({ ...props, cards: next }) };
}

function composer(): HTMLTextAreaElement {
  const field = document.createElement("textarea");
  field.id = "outside";
  document.body.append(field);
  field.focus();
  return field;
}

describe("a card", () => {
  it("asks, with the command and all that matters about it, and has no fault that axe knows", async () => {
    confines = false;
    show(
      exec({
        env: { NODE_ENV: "production" },
        confine: false,
        network: true,
        parts: [
          { text: "npm test", verdict: "allow", note: "a rule" },
          { text: "rm x", verdict: "ask", note: "no rule" },
        ],
      }),
    );
    await settle();
    const card = screen.getByTestId("card");
    expect(card.dataset).toMatchObject({ kind: "exec", approval: "a1", revision: "1" });
    expect(card.getAttribute("aria-labelledby")).toBe(screen.getByTestId("card-title").id);
    expect(screen.getByTestId("card-title").textContent).toBe("Run this command?");
    expect(screen.getByTestId("card-command").textContent).toBe("npm test");
    expect(screen.getByTestId("card-unconfined").textContent).toContain("it can do whatever you can");
    expect(screen.getByTestId("card-env").textContent).toContain("NODE_ENV=production");
    const facts = screen.getByTestId("card-facts").textContent;
    for (const word of ["/home/me/app", "5 min", "/bin/bash", "network on"]) expect(facts).toContain(word);
    expect(facts).not.toContain("confined");
    expect(screen.queryAllByRole("switch")).toEqual([]);
    expect(screen.getByTestId("card-parts").textContent).toContain("no rule");
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
  });

  it("says how long a long command is", async () => {
    const command = `${"x".repeat(203)}\nb\ncd e`;
    show(exec({ command, display: { shown: command, warnings: [] } }));
    expect(screen.getByTestId("card-length").textContent).toBe("210 characters, 3 lines, all shown below");
    expect(screen.getByTestId("card-command").textContent).toBe(command);
  });

  it.each<[string, OpenCard]>([
    ["Create src/a.js?", write({ created: true })],
    ["Write over src/a.js?", write()],
    ["Apply this edit to src/a.js?", edit()],
    ["Let the agent read a file outside the workspace?", look()],
    ["Let the agent read a secret?", look({ outside: false })],
  ])("asks: %s", (title, card) => {
    show(card);
    expect(screen.getByTestId("card-title").textContent).toBe(title);
  });

  it("shows a change, with marks for what is new, outside and different now", () => {
    show(edit({ created: true, outside: true, replaces: "e0" }));
    expect(screen.getByTestId("badge-new").textContent).toBe("NEW");
    expect(screen.getByTestId("badge-outside").textContent).toBe("OUTSIDE");
    expect(screen.getByTestId("card-counts").textContent.replace(/\s+/g, " ").trim()).toBe("+1 −1");
    expect(screen.getByTestId("card-replaces").textContent).toContain(
      "The file changed meanwhile: this is a new diff.",
    );
    const diff = screen.getByTestId("card-diff").textContent;
    expect(diff).toContain("… 12 unchanged lines");
    expect(diff).toContain("<b>a</b> = 2");
    expect(diff).toContain("no newline at end");
    expect(screen.queryByTestId("approve-menu")).toBeNull();
  });

  it("draws what others wrote as text, never as markup", () => {
    const evil = `<img src=x onerror="alert(1)">`;
    show(
      exec({
        command: evil,
        display: { shown: evil, warnings: [{ what: evil, count: 2 }] },
        cwd: evil,
        env: { A: evil },
        reasons: [evil],
        parts: [
          { text: evil, verdict: "deny", note: evil },
          { text: evil, verdict: "ask", note: evil },
        ],
        suggested_patterns: [evil],
      }),
    );
    for (const place of ["card-command", "card-reasons", "card-warnings", "card-parts", "card-env", "card-facts"]) {
      expect(screen.getByTestId(place).textContent).toContain(evil);
    }
    expect(document.querySelector("img")).toBeNull();
    expect(screen.getByTestId("card-warnings").textContent).toContain("(2)");
  });

  it("makes unseen characters visible where the program sends them raw", () => {
    show(look({ resolved: "/home/me/\u202efdp.exe" }));
    expect(screen.getByTestId("card-resolved").textContent).toBe("/home/me/‹U+202E›fdp.exe");
  });
});

describe("deciding", () => {
  it("counts for nothing before the buttons are armed", async () => {
    show(exec());
    await press("approve");
    await press("deny");
    await fireEvent.keyDown(screen.getByTestId("card"), { key: "Enter", ctrlKey: true });
    expect(screen.getByTestId("approve").getAttribute("aria-disabled")).toBe("true");
    expect(decided).toEqual([]);
    expect(screen.queryByTestId("deny-feedback")).toBeNull();
    await settle();
    expect(armed()).toBe("true");
    expect(screen.getByTestId("approve").getAttribute("aria-disabled")).toBe("false");
    await press("approve");
    expect(decided).toEqual([{ approval: "a1", revision: 1, decision: "approve" }]);
  });

  it("counts for nothing when a script clicks", async () => {
    show(exec());
    await settle();
    person.made = false;
    await press("approve");
    expect(decided).toEqual([]);
  });

  it("arms anew when the revision changes, and sends the new one", async () => {
    const { update } = show(exec());
    await settle();
    await update(exec({ revision: 2 }));
    expect(armed()).toBe("false");
    await press("approve");
    expect(decided).toEqual([]);
    await settle();
    await press("approve");
    expect(decided).toEqual([{ approval: "a1", revision: 2, decision: "approve" }]);
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
    expect(decided).toEqual([{ approval: "a1", revision: 1, decision: "approve" }]);
    expect(screen.getByTestId("card").dataset.approval).toBe("e1");
    await settle();
    await press("approve");
    expect(decided[1]).toEqual({ approval: "e1", revision: 3, decision: "approve" });
  });

  it("says what went wrong and arms anew", async () => {
    answer = () => Promise.reject({ code: "state", message: "The card is stale.", hint: "Look at the new one." });
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
    answer = () => new Promise((done) => (resolve = done));
    show(exec());
    await settle();
    await press("approve");
    await settle();
    await press("approve");
    expect(decided.length).toBe(1);
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
    expect(decided).toEqual([]);
    await settle();
    await press("deny-confirm");
    expect(decided).toEqual([{ approval: "a1", revision: 1, decision: "deny", feedback: words }]);
  });

  it("denies without words, and can stop the run", async () => {
    show(exec());
    await settle();
    await press("deny");
    await settle();
    await press("deny-stop");
    expect(decided).toEqual([{ approval: "a1", revision: 1, decision: "deny", stop: true }]);
  });

  it("approves an edited pattern for the session or always", async () => {
    show(exec());
    await settle();
    await press("approve-menu");
    const field = screen.getByTestId<HTMLInputElement>("approve-pattern");
    expect(field.value).toBe("npm test *");
    await fireEvent.input(field, { target: { value: "npm test a*" } });
    expect(screen.getByTestId("approve-session").textContent).toContain(
      "Approve npm test a* in this workspace for this session",
    );
    await press("approve-session");
    await settle();
    await press("approve-menu");
    await press("approve-always");
    expect(decided).toEqual([
      { approval: "a1", revision: 1, decision: "approve_session", pattern: "npm test a*" },
      { approval: "a1", revision: 1, decision: "approve_always", pattern: "npm test *" },
    ]);
  });

  it("lets an always end, and only an always", async () => {
    show(exec());
    await settle();
    await press("approve-menu");
    const end = screen.getByLabelText<HTMLSelectElement>("End of “always”");
    expect([...end.options].map((option) => option.text)).toEqual(["No end", "1 day", "7 days", "30 days"]);
    expect(end.value).toBe("No end");
    await fireEvent.change(end, { target: { value: "7 days" } });
    expect(screen.getByTestId("approve-always").textContent).toContain("in this workspace, for 7 days");
    await settle();
    await press("approve-session");
    await settle();
    await press("approve-menu");
    await fireEvent.change(screen.getByTestId("approve-end"), { target: { value: "30 days" } });
    await settle();
    await press("approve-always");
    const always = { approval: "a1", revision: 1, decision: "approve_always", pattern: "npm test *" };
    expect(decided).toEqual([
      { ...always, decision: "approve_session" },
      { ...always, expires_in: 30 * 86_400 },
    ]);
    await settle();
    await press("approve-menu");
    expect(screen.getByTestId<HTMLSelectElement>("approve-end").value).toBe("No end");
    await press("approve-always");
    expect(decided[2]).toEqual(always);
  });

  it("arms anew when another end is chosen: the click that chose it may have been over a button", async () => {
    show(exec());
    await settle();
    await press("approve-menu");
    await fireEvent.change(screen.getByTestId("approve-end"), { target: { value: "1 day" } });
    await press("approve-always");
    expect(armed()).toBe("false");
    expect(decided).toEqual([]);
    expect(screen.getByTestId("approve-options")).toBeTruthy();
    await settle();
    await press("approve-always");
    expect(decided[0]?.expires_in).toBe(86_400);
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
    await press("approve-menu");
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
    expect(decided).toEqual([]);
    await settle();
    expect(armed()).toBe("true");
    await fireEvent.scroll(menu);
    expect(armed()).toBe("false");
    vi.stubGlobal("ResizeObserver", before);
  });

  it("has no fault that axe knows, with the menu open", async () => {
    show(exec({ suggested_patterns: ["npm test", "npm *"] }));
    await settle();
    await press("approve-menu");
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
  });

  it("offers no more than once where no pattern is safe, and no empty pattern", async () => {
    const { update } = show(exec({ suggested_patterns: [] }));
    expect(screen.queryByTestId("approve-menu")).toBeNull();
    await update(exec());
    await settle();
    await press("approve-menu");
    await fireEvent.input(screen.getByTestId("approve-pattern"), { target: { value: "  " } });
    await press("approve-session");
    expect(decided).toEqual([]);
  });

  it.each<[string, string, OpenCard, Partial<DecisionInput>]>([
    ["edits of a file", "approve-session", edit(), { scope: "file" }],
    ["edits in the workspace", "approve-workspace", edit(), { scope: "workspace" }],
    ["writes in the workspace", "approve-workspace", write(), { scope: "workspace" }],
    ["looks", "approve-session", look(), {}],
  ])("approves %s for the session", async (_name, button, card, more) => {
    show(card);
    await settle();
    await press("approve-menu");
    await press(button);
    expect(decided).toEqual([
      { approval: card.approval, revision: card.revision, decision: "approve_session", ...more },
    ]);
  });
});

describe("the menu of an edit", () => {
  it("says what each choice grants, and has no fault that axe knows", async () => {
    show(edit());
    await settle();
    await press("approve-menu");
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
    expect(decided).toEqual([{ approval: card.approval, revision: card.revision, decision: "approve" }]);
  });

  it("is gone with the choice once the card shows a sensitive file", async () => {
    const { update } = show(edit());
    await settle();
    await press("approve-menu");
    await update(edit({ sensitive: true, revision: 4 }));
    expect(screen.queryByTestId("approve-workspace")).toBeNull();
  });
});

describe("keys", () => {
  it("approve and open the denial", async () => {
    show(exec());
    await settle();
    const card = screen.getByTestId("card");
    expect(document.activeElement).toBe(card);
    await fireEvent.keyDown(card, { key: "Enter" });
    await fireEvent.keyDown(card, { key: " " });
    await fireEvent.keyDown(card, { key: "Enter", ctrlKey: true, repeat: true });
    expect(decided).toEqual([]);
    await fireEvent.keyDown(card, { key: "Backspace", ctrlKey: true });
    expect(document.activeElement).toBe(screen.getByTestId("deny-feedback"));
    await fireEvent.keyDown(document.body, { key: "Escape" });
    expect(screen.queryByTestId("deny-feedback")).toBeNull();
    await settle();
    await fireEvent.keyDown(card, { key: "Enter", metaKey: true });
    expect(decided).toEqual([{ approval: "a1", revision: 1, decision: "approve" }]);
  });

  it("with the denial open never approve", async () => {
    show(exec());
    await settle();
    await press("deny");
    await settle();
    await fireEvent.keyDown(screen.getByTestId("deny-feedback"), { key: "Enter", ctrlKey: true });
    expect(decided).toEqual([{ approval: "a1", revision: 1, decision: "deny" }]);
  });

  it("typed in a field elsewhere decide nothing", async () => {
    const field = composer();
    await fireEvent.input(field);
    show(exec());
    await settle();
    for (const more of [{}, { ctrlKey: true }, { metaKey: true }]) {
      for (const key of ["Enter", " ", "Backspace"]) await fireEvent.keyDown(field, { key, ...more });
    }
    expect(decided).toEqual([]);
    expect(screen.queryByTestId("deny-feedback")).toBeNull();
  });

  it("leave the focus in a field that was typed in just now, and only then", async () => {
    const { update } = show();
    const field = composer();
    await fireEvent.input(field);
    vi.advanceTimersByTime(900);
    await update(exec());
    expect(document.activeElement).toBe(field);
    await update();
    vi.advanceTimersByTime(200);
    await update(exec({ approval: "a2" }));
    expect(document.activeElement).toBe(screen.getByTestId("card"));
    await update();
    await tick();
    expect(document.activeElement).toBe(field);
  });
});

describe("setting aside", () => {
  it("moves a card to the tray, undecided, and back", async () => {
    show(exec(), edit());
    await settle();
    expect(screen.queryByTestId("tray")).toBeNull();
    await fireEvent.keyDown(screen.getByTestId("card"), { key: "Escape" });
    expect([...setAside]).toEqual(["a1"]);
    expect(screen.getByTestId("card").dataset.approval).toBe("e1");
    expect(screen.getByTestId("card-place").textContent).toBe("2 of 2");
    expect(armed()).toBe("false");
    expect(screen.getByTestId("tray-card").textContent.replace(/\s+/g, " ").trim()).toBe("Run npm test?");
    await fireEvent.click(screen.getByTestId("set-aside"));
    expect(screen.queryByTestId("card")).toBeNull();
    expect(screen.queryByTestId("veil")).toBeNull();
    const [, second] = screen.getAllByTestId("tray-card");
    if (!second) throw new Error("one card is missing in the tray");
    await fireEvent.click(second);
    expect(screen.getByTestId("card").dataset.approval).toBe("e1");
    expect([...setAside]).toEqual(["a1"]);
    expect(decided).toEqual([]);
  });

  it("shows the one that was taken out, though an older one waits", async () => {
    setAside.add("e1");
    show(exec(), edit());
    await fireEvent.click(screen.getByTestId("tray-card"));
    expect(screen.getByTestId("card").dataset.approval).toBe("e1");
  });
});
