import { fireEvent, render, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DecisionInput } from "../../protocol/DecisionInput";
import type { ExecCard } from "../../protocol/ExecCard";
import type { OpenCard } from "../../state/approvals.svelte";
import ApprovalLayer from "./ApprovalLayer.svelte";
import { FakeDesk } from "./layertesting";
import { approveWords, limitsOf, switchesOf, type Turned, turn, turnedWords } from "./limits";
import { armed, edit, exec, FakeIntersection, faults, openMenu, press, settle } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../../ui/trusted", () => ({ trusted: () => person.made }));

let decided: DecisionInput[];
let answer: () => Promise<void>;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("IntersectionObserver", FakeIntersection);
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
  person.made = true;
  decided = [];
  answer = async () => {};
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Shows cards where commands are confined, or not. */
function show(cards: OpenCard[], confines = true): { update: (...cards: OpenCard[]) => Promise<void> } {
  const props = {
    cards,
    desk: new FakeDesk(),
    confines,
    setAside: new Set<string>(),
    onDecide: (decision: DecisionInput) => {
      decided.push(decision);
      return answer();
    },
    onSetAside: () => {},
    onShow: () => {},
  };
  const { rerender } = render(ApprovalLayer, props);
  return { update: async (...next) => rerender({ ...props, cards: next }) };
}

const command = (more: Partial<ExecCard> = {}): OpenCard => exec({ network: true, ...more });
/** The card that follows on a command that was refused something. */
const offer = (): OpenCard =>
  command({
    confine: false,
    reasons: ["Confinement refused it /home/me/x.", "This would run it again, UNCONFINED."],
    suggested_patterns: [],
  });
const again = (): OpenCard => ({ ...offer(), approval: "a2", replaces: "a1" });

const says = (testid: string): string => screen.getByTestId(testid).textContent.replace(/\s+/g, " ").trim();
const on = (testid: string): string | null => screen.getByTestId(testid).getAttribute("aria-checked");
const yes = { approval: "a1", revision: 1, decision: "approve" } as const;

describe("limits", () => {
  const card = command() as OpenCard & { kind: "exec" };

  it("are what the card says, until they are turned, and again when turned twice", () => {
    let turned: Turned = {};
    expect(limitsOf(card, turned)).toEqual({ confine: true, network: true });
    turned = turn(card, turned, "network");
    expect(turned).toEqual({ network: false });
    turned = turn(card, turned, "confine");
    expect(turned).toEqual({ network: false, confine: false });
    expect(limitsOf(card, turned)).toEqual({ confine: false, network: false });
    turned = turn(card, turned, "network");
    expect(turned).toEqual({ confine: false });
    expect(turn(card, turned, "confine")).toEqual({});
  });

  it.each<[string, Turned, Partial<ExecCard>]>([
    ["Approve once", {}, {}],
    ["Approve once", {}, { network: false }],
    ["Approve unconfined", { confine: false }, {}],
    ["Approve unconfined", {}, { confine: false }],
    ["Approve confined", { confine: true }, { confine: false }],
    ["Approve without the network", { network: false }, {}],
    ["Approve with the network", { network: true }, { network: false }],
    ["Approve unconfined, without the network", { confine: false, network: false }, {}],
    ["Approve unconfined, without the network", { network: false }, { confine: false }],
  ])("%s: %o of %o", (words, turned, more) => {
    expect(approveWords(command(more), turned, true)).toBe(words);
  });

  it("have no words where nothing could confine the command, or it is none", () => {
    expect(approveWords(command({ confine: false }), {}, false)).toBe("Approve once");
    expect(approveWords(edit(), {}, true)).toBe("Approve once");
    expect(turnedWords({})).toBe("");
  });

  it.each<[string, OpenCard, boolean, { confine: boolean; network: boolean }]>([
    ["both where commands are confined", command(), true, { confine: true, network: true }],
    ["none where they are not", command({ confine: false }), false, { confine: false, network: false }],
    ["the network where it is cut", command({ network: false }), false, { confine: false, network: true }],
    ["none for an edit", edit(), true, { confine: false, network: false }],
  ])("have switches: %s", (_name, of, confines, switches) => {
    expect(switchesOf(of, confines)).toEqual(switches);
  });
});

describe("the switches", () => {
  it("show what the card says, by name, within a named group", async () => {
    show([command()]);
    await settle();
    expect(screen.getByRole("group", { name: "Limits of this command" })).toBeTruthy();
    const names = screen.getAllByRole("switch").map((one) => one.textContent.replace(/\s+/g, " ").trim());
    expect(names).toEqual(["Confined to the workspace", "Network on"]);
    expect(screen.getByRole("switch", { name: "Confined" })).toBe(screen.getByTestId("switch-confine"));
    expect(screen.getByRole("switch", { name: "Network" })).toBe(screen.getByTestId("switch-network"));
    expect([on("switch-confine"), on("switch-network")]).toEqual(["true", "true"]);
    expect(screen.queryByTestId("card-unconfined")).toBeNull();
    expect(says("card-facts")).not.toMatch(/confined|network/);
    await press("approve");
    expect(decided).toEqual([yes]);
  });

  it("are not there where nothing confines commands: the card says so", async () => {
    show([command({ confine: false })], false);
    await settle();
    expect(screen.queryAllByRole("switch")).toEqual([]);
    expect(says("card-unconfined")).toContain("Not confined: it can do whatever you can.");
    expect(says("card-facts")).toContain("network on");
    expect(says("approve")).toContain("Approve once");
  });

  it("let a command run unconfined, said aloud and on the button", async () => {
    show([command()]);
    await settle();
    await press("switch-confine");
    expect(on("switch-confine")).toBe("false");
    expect(says("card-unconfined")).toContain("It could do whatever you can.");
    expect(screen.getByRole("alert")).toBe(screen.getByTestId("card-unconfined"));
    expect(says("approve")).toContain("Approve unconfined");
    await settle();
    await press("approve");
    expect(decided).toEqual([{ ...yes, confine: false }]);
  });

  it("keep a command from the network", async () => {
    show([command()]);
    await settle();
    await press("switch-network");
    expect(says("switch-network")).toBe("Network off");
    expect(says("approve")).toContain("Approve without the network");
    expect(screen.queryByTestId("card-unconfined")).toBeNull();
    await settle();
    await fireEvent.keyDown(screen.getByTestId("card"), { key: "Enter", ctrlKey: true });
    expect(decided).toEqual([{ ...yes, network: false }]);
  });

  it("give the network to a command that the settings keep from it", async () => {
    show([command({ network: false, confine: false })], false);
    await settle();
    expect(on("switch-network")).toBe("false");
    expect(screen.queryByTestId("switch-confine")).toBeNull();
    await press("switch-network");
    expect(says("approve")).toContain("Approve with the network");
    await settle();
    await press("approve");
    expect(decided).toEqual([{ ...yes, network: true }]);
  });

  it("say nothing when turned there and back", async () => {
    show([command()]);
    for (const testid of ["switch-confine", "switch-network", "switch-network", "switch-confine"]) {
      await settle();
      await press(testid);
    }
    expect(screen.queryByTestId("card-unconfined")).toBeNull();
    expect(says("approve")).toContain("Approve once");
    await settle();
    await press("approve");
    expect(decided).toEqual([yes]);
  });

  it("arm the buttons anew, and keep the focus", async () => {
    show([command()]);
    await settle();
    const confine = screen.getByTestId("switch-confine");
    confine.focus();
    // The button was pressed before and is let go after: that press was for another command.
    await fireEvent.pointerDown(screen.getByTestId("approve"), { button: 0 });
    await press("switch-confine");
    expect(armed()).toBe("false");
    await fireEvent.click(screen.getByTestId("approve"));
    await press("approve");
    await fireEvent.keyDown(confine, { key: "Enter", ctrlKey: true });
    expect(decided).toEqual([]);
    expect(document.activeElement).toBe(confine);
    await settle();
    expect(armed()).toBe("true");
  });

  it("turn by keyboard, and by nothing that is not meant for them", async () => {
    show([command()]);
    const confine = screen.getByTestId("switch-confine");
    await press("switch-confine");
    expect(on("switch-confine")).toBe("true");
    await settle();
    await fireEvent.click(confine);
    person.made = false;
    await press("switch-confine");
    person.made = true;
    await fireEvent.keyDown(confine, { key: " ", repeat: true });
    await fireEvent.click(confine);
    await fireEvent.keyDown(confine, { key: "Enter", ctrlKey: true, repeat: true });
    expect(on("switch-confine")).toBe("true");
    expect(confine.tabIndex).toBe(0);
    await fireEvent.keyDown(confine, { key: " " });
    await fireEvent.click(confine);
    expect(on("switch-confine")).toBe("false");
    await press("switch-confine");
    expect(on("switch-confine")).toBe("false");
    expect(decided).toEqual([]);
  });

  it("do not turn while a decision is on its way, and stay as they are when it is refused", async () => {
    let refuse = (_error: unknown): void => {};
    answer = () => new Promise((_done, fail) => (refuse = fail));
    show([command()]);
    await settle();
    await press("switch-network");
    await settle();
    await press("approve");
    await press("switch-confine");
    expect(on("switch-confine")).toBe("true");
    refuse({ code: "state", message: "Too quick.", hint: "" });
    await settle();
    expect(says("card-error")).toBe("Too quick.");
    expect(on("switch-network")).toBe("false");
    await press("approve");
    expect(decided).toEqual([
      { ...yes, network: false },
      { ...yes, network: false },
    ]);
  });

  it("are for the card as it was: one that changed, or the next, has its own", async () => {
    const { update } = show([command()]);
    await settle();
    await press("switch-confine");
    await update(command({ revision: 2 } as Partial<ExecCard>));
    expect(on("switch-confine")).toBe("true");
    expect(screen.queryByTestId("card-unconfined")).toBeNull();
    await settle();
    await press("switch-confine");
    await update(exec({ approval: "b1", network: true }));
    expect(on("switch-confine")).toBe("true");
    await settle();
    await press("approve");
    expect(decided).toEqual([{ ...yes, approval: "b1" }]);
  });

  it("stay turned when another card comes behind", async () => {
    const first = command();
    const { update } = show([first]);
    await settle();
    await press("switch-confine");
    await settle();
    await update(first, edit());
    expect(armed()).toBe("true");
    expect(on("switch-confine")).toBe("false");
    await press("approve");
    expect(decided).toEqual([{ ...yes, confine: false }]);
  });

  it("say nothing in a denial", async () => {
    show([command()]);
    await settle();
    await press("switch-confine");
    await settle();
    await press("deny");
    await settle();
    await press("deny-confirm");
    expect(decided).toEqual([{ ...yes, decision: "deny" }]);
  });

  it("count for one command where more is approved, and the menu says so", async () => {
    show([command()]);
    await settle();
    await openMenu();
    expect(screen.queryByTestId("approve-limits")).toBeNull();
    await openMenu();
    await press("switch-confine");
    await settle();
    await press("switch-network");
    await settle();
    await openMenu();
    expect(says("approve-limits")).toBe(
      "Only this command runs unconfined, without the network; later ones run as usual.",
    );
    await press("approve-session");
    await settle();
    await openMenu();
    await press("approve-always");
    const wider = { ...yes, pattern: "npm test *", confine: false, network: false };
    expect(decided).toEqual([
      { ...wider, decision: "approve_session" },
      { ...wider, decision: "approve_always" },
    ]);
  });

  it.each<[string, OpenCard[]]>([
    ["as the card says", [command()]],
    ["on the offer to run it again", [again()]],
  ])("have no fault that axe knows: %s, turned, and with the menu open", async (_name, cards) => {
    show(cards);
    await settle();
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
    vi.useFakeTimers();
    await settle();
    await press("switch-confine");
    await settle();
    if (screen.queryByTestId("approve-menu")) await press("approve-menu");
    await tick();
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
  });
});

describe("the offer to run a command again", () => {
  it("asks so, unconfined as it stands, with the same warning and no more than once", async () => {
    show([again()]);
    await settle();
    expect(says("card-title")).toBe("Run this command again?");
    expect(screen.getByRole("status").textContent).toContain("Run this command again?");
    expect(says("card-reasons")).toContain("Confinement refused it /home/me/x.");
    // It is no stale proposal.
    expect(screen.queryByTestId("card-replaces")).toBeNull();
    expect(on("switch-confine")).toBe("false");
    expect(says("card-unconfined")).toContain("It could do whatever you can.");
    expect(says("approve")).toContain("Approve unconfined");
    expect(screen.queryByTestId("approve-menu")).toBeNull();
    await press("approve");
    expect(decided).toEqual([{ ...yes, approval: "a2" }]);
  });

  it("can be turned to run confined", async () => {
    show([again()]);
    await settle();
    await press("switch-confine");
    expect(screen.queryByTestId("card-unconfined")).toBeNull();
    expect(says("approve")).toContain("Approve confined");
    await settle();
    await press("approve");
    expect(decided).toEqual([{ ...yes, approval: "a2", confine: true }]);
  });

  it("is another thing than a proposal that went stale", () => {
    show([{ ...command(), replaces: "a0" }]);
    expect(says("card-title")).toBe("Run this command?");
    expect(says("card-replaces")).toContain("went stale");
  });
});
