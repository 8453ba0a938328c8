import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { tick } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import AppView from "../src/App.svelte";
// The window loads it when it is wanted; here it is there already.
import "../src/Dialogs.svelte";
import { demoBackend } from "../src/backend/demo";
import type { ReplayBackend } from "../src/backend/replay";
import RulesDialog from "../src/features/policy/RulesDialog.svelte";
import { grantWords, ruleName, termWords, useWords } from "../src/features/policy/rulewords";
import { editWords } from "../src/features/status/editwords";
import type { RuleRecord } from "../src/protocol/RuleRecord";
import { App } from "../src/state/app.svelte";
import { Rules, shownIn } from "../src/state/rules.svelte";
import { timeWords } from "../src/ui/time";

type Grant = { grant: "command" | "edit_file" | "edit_workspace" | "look"; pattern?: string; path?: string };

function rule(more: Partial<Omit<RuleRecord, "grant">> & Partial<Grant> = {}): RuleRecord {
  return {
    id: "r",
    grant: "command",
    pattern: "npm test",
    shown: "npm test",
    workspace: "/w",
    lasting: false,
    session: "s",
    source: "npm test",
    made: "2026-11-25T14:05:00",
    uses: 0,
    last_used: null,
    expires: null,
    revoked: null,
    in_force: true,
    ...more,
  } as RuleRecord;
}
const editOf = (name: string, more: Partial<RuleRecord> = {}): RuleRecord =>
  rule({ id: `e-${name}`, grant: "edit_file", path: `/w/${name}`, shown: `/w/${name}`, source: name, ...more });
const editAll = (): RuleRecord => rule({ id: "all", grant: "edit_workspace", shown: "/w", source: "src/a.js" });

async function violations(): Promise<string[]> {
  const found = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}

afterEach(() => {
  vi.useRealTimers();
});

describe("a rule in words", () => {
  // Times without a zone are local, as they are told.
  const now = new Date("2026-11-25T15:00:00");

  it.each<[string, RuleRecord]>([
    ["Commands npm test", rule()],
    ["Edits of src/a.js", editOf("src/a.js")],
    ["Edits in this workspace", editAll()],
    ["Looks at /etc/hosts", rule({ grant: "look", path: "/etc/hosts", shown: "/etc/hosts" })],
  ])("%s", (words, of) => {
    expect(ruleName(of)).toBe(words);
  });

  it("draws the text that is safe to draw, never the raw one", () => {
    const raw = { pattern: "npm \u202etset", shown: "npm ‹U+202E›tset" };
    expect(grantWords(rule(raw)).thing).toBe(raw.shown);
    const path = "/w\u202e/a.js";
    const file = rule({ grant: "edit_file", workspace: "/w\u202e", path, shown: "/w‹U+202E›/a.js" });
    expect(shownIn(file)).toBe("/w‹U+202E›/a.js");
    expect(shownIn(rule({ grant: "edit_file", path: "/w2/a.js", shown: "/w2/a.js" }))).toBe("/w2/a.js");
  });

  it.each<[string, Partial<RuleRecord>]>([
    ["for this session", {}],
    ["always", { lasting: true }],
    ["until 3 Dec, 14:05", { lasting: true, expires: "2026-12-03T14:05:00" }],
    ["for this session, until tomorrow 14:05 at the latest", { expires: "2026-11-26T14:05:00" }],
  ])("holds %s", (words, more) => {
    expect(termWords(rule(more), now)).toBe(words);
  });

  it.each<[string, Partial<RuleRecord>]>([
    ["Not used yet", {}],
    ["Used once, today 14:20", { uses: 1, last_used: "2026-11-25T14:20:31.123456789" }],
    ["Used 1,204 times, last yesterday 09:30", { uses: 1204, last_used: "2026-11-24T09:30:00" }],
    ["Used 2 times", { uses: 2 }],
  ])("says: %s", (words, more) => {
    expect(useWords(rule(more), now)).toBe(words);
  });

  it.each([
    ["3 Jan 2025, 14:05", "2025-01-03T14:05:00"],
    ["24 Oct, 00:05", "2026-10-24T00:05:00"],
    ["today 00:00", "2026-11-25T00:00:00"],
    ["some time", "some time"],
  ])("tells the time: %s", (words, time) => {
    expect(timeWords(time, now)).toBe(words);
  });

  it("names one file whose edits are accepted, and how many more there are", () => {
    expect(editWords([editOf("src/a.js"), editOf("src/a.js", { lasting: true })]).short).toBe(
      "Accepting edits: src/a.js",
    );
    expect(editWords([editOf("a"), editOf("b"), editOf("c")])).toEqual({
      short: "Accepting edits: a and 2 more files",
      all: "Accepting edits: a, b, c",
    });
    expect(editWords([editOf("a"), editAll()]).short).toBe("Accepting edits in this workspace");
  });
});

describe("the rules that hold", () => {
  it("are over when their time is, though nobody tells", () => {
    vi.useFakeTimers({ now: new Date("2026-11-25T15:00:00Z") });
    const rules = new Rules();
    const ids = (): string[] => rules.list.map((one) => one.id);
    rules.take([
      rule({ id: "soon", expires: "2026-11-25T15:00:10Z" }),
      rule({ id: "later", expires: "2026-11-25T16:00:00Z" }),
      rule({ id: "open" }),
      rule({ id: "over", expires: "2026-11-25T14:59:00Z" }),
      rule({ id: "not", in_force: false }),
    ]);
    expect(ids()).toEqual(["soon", "later", "open"]);
    vi.advanceTimersByTime(10_000);
    expect(ids()).toEqual(["later", "open"]);
    // The computer slept, and its timers with it.
    vi.setSystemTime(new Date("2026-11-26T09:00:00Z"));
    vi.advanceTimersByTime(60_000);
    expect(ids()).toEqual(["open"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

function draw(rules: RuleRecord[], end: (id: string) => Promise<boolean> = async () => true) {
  const ended: string[] = [];
  const onEnd = (id: string): Promise<boolean> => {
    ended.push(id);
    return end(id);
  };
  const { rerender } = render(RulesDialog, { open: true, rules, onEnd });
  return { ended, update: (next: RuleRecord[]) => rerender({ open: true, rules: next, onEnd }) };
}

const endButtons = (): HTMLElement[] => screen.getAllByTestId("end-rule");
const rows = (): (string | undefined)[] => screen.queryAllByTestId("rule").map((row) => row.dataset.rule);

describe("the dialog of rules", () => {
  it("lists what each lets through, for how long, where it came from and how often it was used", async () => {
    draw([rule({ uses: 3, last_used: "2025-01-03T14:20:00", made: "2025-01-03T14:05:00", source: "npm test" })]);
    const text = (id: string): string => screen.getByTestId(id).textContent.replace(/\s+/g, " ").trim();
    expect(text("rule")).toMatch(/^Commands npm test for this session Made 3 Jan/);
    expect(text("rule-thing")).toBe("npm test");
    expect(text("rule-term")).toBe("for this session");
    expect(text("rule-from")).toBe("Made 3 Jan 2025, 14:05 on the card of npm test");
    expect(text("rule-uses")).toBe("Used 3 times, last 3 Jan 2025, 14:20");
    expect(screen.getByRole("button", { name: "End rule: Commands npm test" })).toBeTruthy();
    expect(await violations()).toEqual([]);
  });

  it("shows long texts whole, and lets the keyboard reach what scrolls", async () => {
    const long = "x".repeat(5000);
    draw([rule({ shown: long, source: long }), rule({ id: "short" })]);
    expect(screen.getAllByTestId("rule-thing")[0]?.textContent).toBe(long);
    const box = screen.getByRole("region", { name: "What stood on the card" });
    expect(box.textContent).toBe(long);
    expect(box.tabIndex).toBe(0);
    expect(await violations()).toEqual([]);
  });

  it("draws what others wrote as text", () => {
    const evil = "<img src=x onerror=alert(1)>";
    draw([rule({ shown: evil, source: evil })]);
    expect(screen.getByTestId("rule-thing").textContent).toBe(evil);
    expect(document.querySelector("img")).toBeNull();
  });

  it("says how rules come to be where there is none", async () => {
    draw([]);
    expect(screen.getByTestId("rules-none").textContent).toContain("No rules.");
    expect(screen.queryByTestId("end-rule")).toBeNull();
    expect(await violations()).toEqual([]);
  });

  it("ends a rule in one step, and gives the focus to the row that comes next", async () => {
    const three = [rule({ id: "1" }), rule({ id: "2", shown: "npm run *" }), rule({ id: "3" })];
    const { ended, update } = draw(three);
    endButtons()[1]?.focus();
    await userEvent.keyboard("{Enter}");
    expect(ended).toEqual(["2"]);
    expect(screen.getByTestId("rules-said").textContent).toBe(
      "Ended: Commands npm run *. It asks again, unless another rule covers it.",
    );
    await update(three.filter((one) => one.id !== "2"));
    expect(rows()).toEqual(["1", "3"]);
    const next = screen.getAllByTestId("rule")[1];
    expect(document.activeElement).toBe(next);
    // A key that is held down ends no second rule; the next one is a Tab away.
    await userEvent.keyboard("{Enter}");
    expect(ended).toEqual(["2"]);
    await userEvent.tab();
    expect(document.activeElement).toBe(endButtons()[1]);
    await userEvent.keyboard(" ");
    expect(ended).toEqual(["2", "3"]);
    await update([]);
    expect(screen.getByTestId("rules-said").textContent).toMatch(/^Ended: /);
    expect(screen.getByTestId("rules-none")).toBeTruthy();
    expect(screen.getByTestId("rules-dialog").contains(document.activeElement)).toBe(true);
  });

  it("says that a rule could not be ended, and lets it be tried again", async () => {
    const { ended } = draw([rule()], async () => false);
    const [button] = endButtons();
    if (!button) throw new Error("no rule");
    await userEvent.click(button);
    expect(screen.getByTestId("rules-said").textContent).toBe("Not ended; the notice says why.");
    await userEvent.click(button);
    expect(ended).toEqual(["r", "r"]);
  });
});

async function show(name: string): Promise<{ app: App; backend: ReplayBackend }> {
  const backend = demoBackend(new URLSearchParams({ screen: name }));
  const app = new App(backend);
  render(AppView, { app });
  await app.start();
  await vi.waitFor(() => expect(screen.queryByText("Starting…")).toBeNull());
  // A dialog of the test before may still let go of the page.
  await vi.waitFor(() => expect(document.body.style.pointerEvents).not.toBe("none"));
  return { app, backend };
}

describe("rules in the window", () => {
  it.each(["chat", "rules"])("%s, with the dialog open, has no fault that axe knows", async (name) => {
    await show(name);
    expect(await violations()).toEqual([]);
    await userEvent.click(screen.getByTestId("status-rules"));
    await screen.findByTestId("rules-dialog");
    expect(await violations()).toEqual([]);
  });

  it("are counted, listed, and ended, which stands in the chat", async () => {
    const { backend } = await show("chat");
    expect(screen.getByTestId("status-rules").textContent).toBe("2 rules");
    await userEvent.click(screen.getByTestId("status-rules"));
    const dialog = within(await screen.findByTestId("rules-dialog"));
    await userEvent.click(dialog.getByRole("button", { name: "End rule: Commands npm test" }));
    expect(backend.ops).toEqual([{ type: "revoke_rule", rule: "r1" }]);
    await vi.waitFor(() => expect(rows()).toEqual(["r2"]));
    expect(screen.getByTestId("status-rules").textContent).toBe("1 rule");
    await userEvent.keyboard("{Escape}");
    await vi.waitFor(() => expect(screen.queryByTestId("rules-dialog")).toBeNull());
    expect(screen.getByTestId("transcript").textContent).toContain("You ended the rule npm test. It asks again.");
  });

  it("are within reach where there is none, by the header", async () => {
    await show("empty");
    expect(screen.queryByTestId("status-rules")).toBeNull();
    expect(screen.queryByTestId("status-edits")).toBeNull();
    screen.getByTestId("rules").focus();
    await userEvent.keyboard("{Enter}");
    expect((await screen.findByTestId("rules-dialog")).textContent).toContain("No rules.");
  });

  it("are not spoken of where no workspace is open", async () => {
    await show("welcome");
    expect(screen.queryByTestId("status-rules")).toBeNull();
    expect(screen.queryByTestId("rules")).toBeNull();
  });

  it("for edits stand in the status bar, and end with one click, all of them", async () => {
    const { app, backend } = await show("chat");
    expect(screen.getByTestId("status-edits").textContent).toContain("Accepting edits: src/cart.ts");
    await userEvent.click(screen.getByTestId("end-edits"));
    expect(backend.ops).toEqual([{ type: "revoke_rule", rule: "r2" }]);
    await vi.waitFor(() => expect(screen.queryByTestId("status-edits")).toBeNull());
    expect(app.rules.list.map((one) => one.id)).toEqual(["r1"]);
  });

  it("for edits are asked to end once, however often it is clicked", async () => {
    const { app, backend } = await show("rules");
    expect(screen.getByTestId("status-edits").textContent).toContain("Accepting edits in this workspace");
    const asked: unknown[] = [];
    let answer = (): void => {};
    backend.submit = (op) => {
      asked.push(op);
      return new Promise((done) => (answer = () => done(null)));
    };
    await userEvent.dblClick(screen.getByTestId("end-edits"));
    expect(asked).toEqual([
      { type: "revoke_rule", rule: "r6" },
      { type: "revoke_rule", rule: "r0" },
    ]);
    answer();
    await tick();
    expect(app.notices.list).toEqual([]);
  });

  it("that could not be ended are told of, and can be tried again", async () => {
    const { app, backend } = await show("chat");
    vi.spyOn(backend, "submit").mockResolvedValue({ code: "state", message: "No such rule.", hint: "" });
    expect(await app.endRule("r1")).toBe(false);
    expect(app.notices.list.map((notice) => notice.message)).toEqual(["No such rule."]);
    expect(await app.endRule("r1")).toBe(false);
    expect(backend.submit).toHaveBeenCalledTimes(2);
  });
});
