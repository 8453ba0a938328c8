// The whole tour with the keyboard alone: real keys of the display, and what has the focus is always in sight.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { processesWith, testId } from "./app.mjs";
import { ROOT } from "./display.mjs";
import { Hands, noteEvents } from "./hands.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

/** What has the focus: its name, whether it can be seen, and whether it is marked as having the focus. */
const FOCUS = `
  let one = document.activeElement;
  while (one?.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  const box = one.getBoundingClientRect();
  const x = Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.y + box.height / 2, 0), innerHeight - 1);
  const there = document.elementFromPoint(x, y);
  const inside = box.width > 0 && box.height > 0 && box.x < innerWidth && box.right > 0 && box.y < innerHeight && box.bottom > 0;
  const probe = document.createElement("i");
  document.body.append(probe);
  const colours = ["--accent", "--wait"].map((name) => {
    probe.style.color = "var(" + name + ")";
    return getComputedStyle(probe).color;
  });
  probe.remove();
  const style = getComputedStyle(one);
  let marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  // A field shows it by the edge of the box that it stands in, a card by its own.
  for (let at = one, steps = 0; at && steps < 3; at = at.parentElement, steps += 1) {
    const edge = getComputedStyle(at);
    marked ||= parseFloat(edge.borderBottomWidth) >= 1 && colours.includes(edge.borderBottomColor);
  }
  return {
    id: one.dataset?.testid ?? "",
    name: one.dataset?.testid ?? one.getAttribute("aria-label") ?? one.textContent.trim().slice(0, 40),
    body: one === document.body,
    inSight: inside && (one.contains(there) || there?.contains(one) === true),
    marked,
  };`;

/** The keyboard of someone who looks where the focus is at each step. */
class Keyboard {
  constructor(app, hands) {
    this.app = app;
    this.hands = hands;
    this.way = [];
  }

  /** What has the focus now, once it can be seen. */
  async look() {
    let last;
    await until(
      async () => {
        last = await this.app.page.execute(FOCUS);
        return !last.body && last.inSight && last.marked;
      },
      { timeout: 5_000, what: "the focus is in sight" },
    ).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(last)}, after ${this.way.join(" > ")}`);
    });
    this.way.push(last.name);
    return last;
  }

  /** Goes on with Tab until what matches has the focus. */
  async tabTo(id) {
    for (let steps = 0; steps < 40; steps += 1) {
      await this.hands.key("Tab");
      if ((await this.look()).id === id) return;
    }
    throw new Error(`Tab does not lead to ${id}: ${this.way.join(" > ")}`);
  }

  async focusIs(id) {
    await until(async () => (await this.app.page.execute(FOCUS)).id === id, { what: `${id} has the focus` });
    await this.look();
  }
}

windowTest(
  "the tour is taken with the keyboard alone, from the welcome screen to the end",
  { open: false, model: false },
  async ({ app }) => {
    const hands = await Hands.on(app);
    const events = await noteEvents(app);
    const keys = new Keyboard(app, hands);
    const gone = (card) => app.page.gone(testId("card", `[data-approval="${card.approval}"]`));
    await app.byTestId("start-tour", ":not([disabled])");
    await keys.tabTo("start-tour");
    await hands.key("Return");
    await app.byTestId("transcript");
    const folder = (await (await app.byTestId("workspace")).attr("title")).trim();

    /** What is done with the cards, one after another; those after them are approved by their shortcut. */
    const ways = [
      async (card) => {
        await keys.tabTo("approve");
        await app.armed(card.approval);
        await hands.key("space");
      },
      async (card) => {
        await hands.key("Escape");
        await app.byTestId("tray-card", `[data-approval="${card.approval}"]`);
        await hands.key("ctrl+shift+a");
        await keys.focusIs("card");
        await app.armed(card.approval);
        await hands.key("ctrl+Return");
      },
      async (card) => {
        await app.armed(card.approval);
        await hands.key("ctrl+BackSpace");
        await keys.focusIs("deny-feedback");
        await hands.type("not that file");
        await app.armed(card.approval, "deny-confirm");
        await hands.key("ctrl+Return");
      },
    ];
    const done = [];
    for (;;) {
      const next = await app.cardOrEnd();
      if (next === null) break;
      assert.ok(done.length < 20, `the tour has an end (${done.join(", ")})`);
      await keys.focusIs("card");
      const way = next.kind === "path" ? ways[2] : ways[Math.min(done.length, 1)];
      await way(next);
      await gone(next);
      done.push(next.kind);
    }
    assert.ok(done.includes("exec") && done.includes("path"), done.join());
    assert.ok(
      (await app.rows()).some((row) => row.text.includes("not that file")),
      "the words of the denial were typed into it",
    );
    const sample = (name) => readFileSync(join(ROOT, "workspace", name), "utf8");
    const names = ["receipt.sh", "test.sh", "prices.txt", "README.md"];
    const changed = () => names.filter((name) => readFileSync(join(folder, name), "utf8") !== sample(name));
    assert.ok(changed().length > 0, "the tour changed something");

    // All of it is taken back.
    await hands.key("ctrl+shift+g");
    await keys.focusIs("tab-changes");
    await keys.tabTo("revert-all");
    await app.byTestId("revert-all", "[data-armed=true][aria-disabled=false]");
    await hands.key("Return");
    await keys.focusIs("question-no");
    await keys.tabTo("question-yes");
    await app.byTestId("question-yes", "[data-armed=true]");
    await hands.key("Return");
    await app.byTestId("changes-none");
    assert.deepEqual(changed(), [], "all is as it was");

    // Back to where it began, by the palette.
    await hands.key("ctrl+k");
    await keys.focusIs("palette-field");
    await hands.type("welcome");
    await hands.key("Return");
    await app.byTestId("welcome");

    const came = await events();
    assert.ok(
      came.every((event) => event.trusted),
      "all were a person's",
    );
    const pointers = came.filter((event) => event.type === "pointerdown");
    assert.deepEqual(pointers, [], "nothing was clicked");

    // The window closes by the window manager's key, and the program ends.
    await hands.key("alt+F4");
    await until(async () => (await processesWith(app.dataDir)).length === 0, { what: "the program has ended" });
  },
);
