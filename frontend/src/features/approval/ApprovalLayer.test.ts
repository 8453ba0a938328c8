import { fireEvent, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";
import type { OpenCard } from "../../state/approvals.svelte";
import { composer, layer, layerTests, show } from "./layertesting";
import { armed, edit, exec, faults, look, press, settle, write } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../../ui/trusted", () => ({ trusted: () => person.made }));
layerTests(person);

describe("a card", () => {
  it("asks, with the command and all that matters about it, and has no fault that axe knows", async () => {
    layer.confines = false;
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

  it("says once why it asks, and leaves out nothing else", () => {
    const warnings = [
      { what: "invisible character", count: 1 },
      { what: "character that changes the direction of text", count: 2 },
    ];
    const told = warnings.map((one) => `The command holds deceptive characters: ${one.what}.`);
    const others = ["It is outside the workspace.", "The command holds deceptive characters: another."];
    show(exec({ display: { shown: "rm x", warnings }, reasons: [...told, ...others] }));
    const reasons = (): (string | null)[] =>
      [...screen.getByTestId("card-reasons").children].map((one) => one.textContent);
    expect(screen.getByTestId("card-warnings").textContent).toContain("direction of text (2). Marks stand");
    expect(reasons()).toEqual(others);
  });

  it("does not answer its question with the question's own words", () => {
    show(look({ reasons: ["It is outside the workspace."] }));
    expect(screen.queryByTestId("card-reasons")).toBeNull();
  });

  it("keeps what else is said of a look outside", () => {
    show(look({ reasons: ["It is outside the workspace.", "It may be a secret. It is a key."] }));
    expect(screen.getByTestId("card-reasons").textContent).toBe("It may be a secret. It is a key.");
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
    expect(diff).toContain("12 lines unchanged");
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

describe("keys", () => {
  it("approve and open the denial", async () => {
    show(exec());
    await settle();
    const card = screen.getByTestId("card");
    expect(document.activeElement).toBe(card);
    await fireEvent.keyDown(card, { key: "Enter" });
    await fireEvent.keyDown(card, { key: " " });
    await fireEvent.keyDown(card, { key: "Enter", ctrlKey: true, repeat: true });
    expect(layer.decided).toEqual([]);
    await fireEvent.keyDown(card, { key: "Backspace", ctrlKey: true });
    expect(document.activeElement).toBe(screen.getByTestId("deny-feedback"));
    await fireEvent.keyDown(document.body, { key: "Escape" });
    expect(screen.queryByTestId("deny-feedback")).toBeNull();
    await settle();
    await fireEvent.keyDown(card, { key: "Enter", metaKey: true });
    expect(layer.decided).toEqual([{ approval: "a1", revision: 1, decision: "approve" }]);
  });

  it("with the denial open never approve", async () => {
    show(exec());
    await settle();
    await press("deny");
    await settle();
    await fireEvent.keyDown(screen.getByTestId("deny-feedback"), { key: "Enter", ctrlKey: true });
    expect(layer.decided).toEqual([{ approval: "a1", revision: 1, decision: "deny" }]);
  });

  it("typed in a field elsewhere decide nothing", async () => {
    const field = composer();
    await fireEvent.input(field);
    show(exec());
    await settle();
    for (const more of [{}, { ctrlKey: true }, { metaKey: true }]) {
      for (const key of ["Enter", " ", "Backspace"]) await fireEvent.keyDown(field, { key, ...more });
    }
    expect(layer.decided).toEqual([]);
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
    expect([...layer.setAside]).toEqual(["a1"]);
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
    expect([...layer.setAside]).toEqual(["a1"]);
    expect(layer.decided).toEqual([]);
  });

  it("shows the one that was taken out, though an older one waits", async () => {
    layer.setAside.add("e1");
    show(exec(), edit());
    await fireEvent.click(screen.getByTestId("tray-card"));
    expect(screen.getByTestId("card").dataset.approval).toBe("e1");
  });
});

describe("what is said on a card", () => {
  it("is what a command could do that cannot be undone", () => {
    const undo = "Changes in node_modules cannot be undone.";
    show(exec({ undo }));
    expect(screen.getByTestId("card-undo").textContent).toBe(undo);
  });

  it("is why it cannot be decided here; no key and no button does", async () => {
    layer.locked = "Open in another window.";
    show(exec());
    await settle();
    expect(screen.getByTestId("card").dataset.armed).toBe("true");
    expect(screen.getByTestId("card-locked").textContent).toBe("Open in another window.");
    expect(screen.queryByTestId("approve")).toBeNull();
    expect(screen.queryAllByRole("switch")).toEqual([]);
    const card = screen.getByTestId("card");
    await fireEvent.keyDown(card, { key: "Enter", ctrlKey: true });
    await fireEvent.keyDown(card, { key: "Backspace", ctrlKey: true });
    expect(layer.decided).toEqual([]);
    expect(screen.queryByTestId("deny-feedback")).toBeNull();
    await fireEvent.keyDown(card, { key: "Escape" });
    expect([...layer.setAside]).toEqual(["a1"]);
  });

  it("are the words of a denial as they were begun", async () => {
    layer.words.set("a1", "use pnpm");
    show(exec());
    await settle();
    await press("deny");
    expect(screen.getByTestId<HTMLTextAreaElement>("deny-feedback").value).toBe("use pnpm");
    await fireEvent.input(screen.getByTestId("deny-feedback"), { target: { value: "use yarn" } });
    expect(layer.words.get("a1")).toBe("use yarn");
  });
});
