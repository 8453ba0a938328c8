import { fireEvent, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";
import type { OpenCard } from "../../state/approvals.svelte";
import { layout } from "../../ui/diff/layout.svelte";
import { layer, layerTests, show } from "./layertesting";
import { armed, edit, faults, openMenu, press, settle } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../../ui/trusted", () => ({ trusted: () => person.made }));
layerTests(person);

const hunk = (number: number) => ({
  number,
  old_start: number * 10,
  old_lines: 0,
  new_start: number * 10,
  new_lines: 1,
  text: `+line ${number * 10}\n`,
});
const parted = (count = 3, more: Parameters<typeof edit>[0] = {}): OpenCard =>
  edit({
    changes: { added: count, removed: 0, hunks: Array.from({ length: count }, (_, at) => hunk(at + 1)) },
    ...more,
  });
const boxes = (): HTMLInputElement[] => screen.queryAllByTestId<HTMLInputElement>("part");
const says = (testid: string): string => screen.getByTestId(testid).textContent.replace(/\s+/g, " ").trim();
const yes = { approval: "e1", revision: 3, decision: "approve" } as const;

async function turn(at: number): Promise<void> {
  const box = boxes()[at];
  if (!box) throw new Error("no such part");
  await fireEvent.click(box);
}

describe("parts of a change", () => {
  it("are all kept at first, and then the decision names none", async () => {
    show(parted());
    await settle();
    expect(boxes().map((box) => box.checked)).toEqual([true, true, true]);
    expect(says("approve")).toContain("Approve once");
    await press("approve");
    expect(layer.decided).toEqual([yes]);
  });

  it("that are left out are said on the button and in the change, and are not in the decision", async () => {
    show(parted());
    await settle();
    await turn(1);
    expect(armed()).toBe("false");
    expect(says("approve")).toContain("Approve 2 of 3 parts");
    expect(says("card-diff")).toContain("Part 2 of 3, line 20: +1 −0 left out");
    await press("approve");
    expect(layer.decided).toEqual([]);
    await settle();
    await press("approve");
    expect(layer.decided).toEqual([{ ...yes, hunks: [1, 3] }]);
  });

  it("stay left out where edits are accepted from now on", async () => {
    show(parted());
    await settle();
    await turn(0);
    await settle();
    await openMenu();
    expect(says("approve-parts")).toContain("2 of 3 parts");
    await press("approve-session");
    expect(layer.decided).toEqual([{ ...yes, decision: "approve_session", scope: "file", hunks: [2, 3] }]);
  });

  it("none of which is kept leave nothing to approve, and it is said why", async () => {
    show(parted(2));
    await turn(0);
    await turn(1);
    await settle();
    expect(says("card-hindered")).toContain("No part of it is kept.");
    expect(screen.getByTestId("approve").getAttribute("aria-disabled")).toBe("true");
    await press("approve");
    await fireEvent.keyDown(screen.getByTestId("card"), { key: "Enter", ctrlKey: true });
    expect(layer.decided).toEqual([]);
    await turn(1);
    await settle();
    await fireEvent.keyDown(screen.getByTestId("card"), { key: "Enter", ctrlKey: true });
    expect(layer.decided).toEqual([{ ...yes, hunks: [2] }]);
  });

  it("are gone through with the arrow keys, one of them in the tab order", async () => {
    show(parted());
    await settle();
    expect(boxes().map((box) => box.tabIndex)).toEqual([0, -1, -1]);
    boxes()[0]?.focus();
    const down = async (key: string): Promise<void> => {
      await fireEvent.keyDown(document.activeElement ?? document.body, { key });
      await tick();
      await tick();
    };
    await down("ArrowDown");
    expect(document.activeElement).toBe(boxes()[1]);
    await down("ArrowDown");
    await down("ArrowDown");
    expect(document.activeElement).toBe(boxes()[2]);
    expect(boxes().map((box) => box.tabIndex)).toEqual([-1, -1, 0]);
    await down("ArrowUp");
    expect(document.activeElement).toBe(boxes()[1]);
    expect(layer.decided).toEqual([]);
  });

  it("are kept anew once the card is another", async () => {
    const { update } = show(parted());
    await turn(0);
    await update(parted(3, {}), edit({ approval: "e2" }));
    await settle();
    expect(boxes()[0]?.checked).toBe(true);
  });

  it("cannot be chosen where there is but one, or where nothing can be decided", async () => {
    const { update } = show(edit());
    expect(boxes()).toEqual([]);
    layer.locked = "Open in another window.";
    await update(parted());
    expect(screen.getByTestId("card-diff")).toBeTruthy();
  });

  it("have no fault that axe knows, in both layouts", async () => {
    show(parted());
    await turn(2);
    await settle();
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
    await fireEvent.click(screen.getByTestId("layout-split"));
    expect(await faults()).toEqual([]);
    layout.choose("unified");
  });
});

describe("the layout of a change", () => {
  it("is remembered, and arms the card anew", async () => {
    show(parted());
    await settle();
    expect(armed()).toBe("true");
    await fireEvent.click(screen.getByTestId("layout-split"));
    expect(armed()).toBe("false");
    await press("approve");
    expect(layer.decided).toEqual([]);
    expect(screen.getByTestId("card-diff").dataset.layout).toBe("split");
    expect(localStorage.getItem("diff-layout")).toBe("split");
    await settle();
    await fireEvent.click(screen.getByTestId("layout-unified"));
    expect(armed()).toBe("false");
    await settle();
    await press("approve");
    expect(layer.decided).toEqual([yes]);
    expect(localStorage.getItem("diff-layout")).toBe("unified");
  });
});
