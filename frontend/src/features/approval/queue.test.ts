import { fireEvent, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";
import type { OpenCard } from "../../state/approvals.svelte";
import { layer, layerTests, show } from "./layertesting";
import { edit, exec, faults, press, settle, write } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../../ui/trusted", () => ({ trusted: () => person.made }));
layerTests(person);

const second = (more: Partial<Extract<OpenCard, { kind: "edit" }>> = {}): OpenCard =>
  edit({ approval: "e2", display: { shown: "src/b.js", warnings: [] }, revision: 1, ...more });
const rows = (): string[] =>
  screen.queryAllByTestId("queue-card").map((row) => row.textContent.replace(/\s+/g, " ").trim());
const active = (): string | undefined => screen.getByTestId("card").dataset.approval;
const says = (testid: string): string => screen.getByTestId(testid).textContent.replace(/\s+/g, " ").trim();

/** Looks at a card until it was seen. */
async function lookAt(approval: string): Promise<void> {
  const row = screen.getAllByTestId("queue-card").find((one) => one.dataset.approval === approval);
  if (!row) throw new Error("no such card");
  await fireEvent.click(row);
  await settle();
  await settle();
}

describe("several cards", () => {
  it("are one list, with what each is and how much it changes; a single one has no list", async () => {
    const { update } = show(edit());
    expect(screen.queryByTestId("queue")).toBeNull();
    await update(exec(), edit(), { ...write({ created: true, outside: true }), approval: "w1" });
    expect(rows()).toEqual([
      "Run npm test not seen in full",
      "Edit src/a.js +1 −1 not seen in full",
      "Create src/a.js outside +1 −1 not seen in full",
    ]);
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
  });

  it("are gone through with the arrow keys, and each arms by itself", async () => {
    show(exec(), edit());
    await settle();
    const list = screen.getByTestId("queue-list");
    list.focus();
    await fireEvent.keyDown(list, { key: "ArrowDown" });
    expect(active()).toBe("e1");
    expect(document.activeElement).toBe(list);
    await press("approve");
    expect(layer.decided).toEqual([]);
    await fireEvent.keyDown(list, { key: "ArrowDown" });
    expect(active()).toBe("e1");
    await fireEvent.keyDown(list, { key: "ArrowUp" });
    expect(active()).toBe("a1");
    const selected = screen.getAllByTestId("queue-card").map((row) => row.getAttribute("aria-selected"));
    expect(selected).toEqual(["true", "false"]);
  });

  it("keep what was chosen on one while another is looked at", async () => {
    const hunk = { number: 1, old_start: 1, old_lines: 0, new_start: 1, new_lines: 1, text: "+new\n" };
    const changes = { added: 2, removed: 0, hunks: [hunk, { ...hunk, number: 2 }] };
    show(edit({ changes }), second());
    const [box] = screen.getAllByTestId("part");
    if (!box) throw new Error("no part");
    await fireEvent.click(box);
    await lookAt("e2");
    await lookAt("e1");
    expect(screen.getAllByTestId<HTMLInputElement>("part").map((one) => one.checked)).toEqual([false, true]);
  });
});

describe("approving all edits", () => {
  it("waits until each was seen in full, and then decides each by itself", async () => {
    show(edit(), second(), exec());
    await settle();
    await settle();
    expect(says("approve-all")).toBe("Approve all 2 edits");
    expect(says("approve-all-why")).toBe("Look at each in full first: 1 of 2 seen.");
    await press("approve-all");
    expect(layer.decided).toEqual([]);
    await lookAt("e2");
    expect(rows().map((row) => row.endsWith(" seen"))).toEqual([true, true, false]);
    expect(says("approve-all-why")).toContain("Each is approved by itself");
    await press("approve-all");
    await tick();
    expect(layer.decided).toEqual([
      { approval: "e1", revision: 3, decision: "approve" },
      { approval: "e2", revision: 1, decision: "approve" },
    ]);
  });

  it("does not count before it was armed after the last was seen, nor for a script", async () => {
    show(edit(), second());
    await settle();
    await settle();
    const row = screen.getAllByTestId("queue-card")[1];
    if (!row) throw new Error("no row");
    await fireEvent.click(row);
    // Just seen: the button begins to arm.
    await settle();
    await press("approve-all");
    expect(layer.decided).toEqual([]);
    await settle();
    person.made = false;
    await press("approve-all");
    expect(layer.decided).toEqual([]);
  });

  it("is not for a change whose end was not scrolled to", async () => {
    const height = vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockReturnValue(4000);
    show(edit(), second());
    await settle();
    await lookAt("e2");
    expect(says("approve-all-why")).toContain("0 of 2 seen");
    const diff = screen.getByTestId("card-diff");
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(2000);
    // The end key passes over what is between.
    diff.scrollTop = 2100;
    await fireEvent.scroll(diff);
    expect(says("approve-all-why")).toContain("0 of 2 seen");
    for (const top of [0, 1500, 2000]) {
      diff.scrollTop = top;
      await fireEvent.scroll(diff);
    }
    await settle();
    expect(says("approve-all-why")).toContain("1 of 2 seen");
    height.mockRestore();
  });

  it("starts over for one that changed", async () => {
    const first = edit();
    const { update } = show(first, second());
    await settle();
    await lookAt("e2");
    await update(first, second({ revision: 2 }));
    await settle();
    expect(says("approve-all-why")).toContain("of 2 seen");
    await update(first, second({ revision: 3 }));
    expect(says("approve-all-why")).toContain("1 of 2 seen");
    await press("approve-all");
    expect(layer.decided).toEqual([]);
  });

  it.each<[string, OpenCard]>([
    ["a sensitive file", second({ sensitive: true })],
    ["a file outside", second({ outside: true })],
    ["a deceptive text", second({ warnings: [{ what: "right-to-left override", count: 1 }] })],
    ["a command", exec()],
  ])("is not offered with %s", async (_name, other) => {
    show(edit(), other);
    await settle();
    await settle();
    expect(screen.queryByTestId("approve-all")).toBeNull();
  });

  it("is not offered for what the person began to edit, nor where nothing can be decided", async () => {
    layer.desk.drafts.set("e2", "half");
    const { update } = show(edit(), second());
    expect(screen.queryByTestId("approve-all")).toBeNull();
    layer.desk.drafts.clear();
    await tick();
    expect(screen.queryByTestId("approve-all")).not.toBeNull();
    await update();
  });

  it("stops at the first that is refused, and says so", async () => {
    show(edit(), second());
    await settle();
    await lookAt("e2");
    await lookAt("e1");
    layer.answer = () => Promise.reject({ code: "state", message: "The card is stale.", hint: "" });
    await press("approve-all");
    await tick();
    await tick();
    expect(layer.decided).toHaveLength(1);
    expect(screen.getByTestId("queue").textContent).toContain("The card is stale.");
  });
});
