// What is typed, held down or clicked while a card comes approves nothing; a deliberate press afterwards does.
// All keys and clicks are events of the display: the page cannot tell them from a real person's.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { testId, xdotool } from "./app.mjs";
import { Process, startDisplay } from "./display.mjs";
import { Hands, noteEvents } from "./hands.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const touch = (name) => ({ id: `toolu_${name}`, name: "exec", input: { command: `touch ${name}` } });
const put = (name) => ({ id: `toolu_${name}`, name: "write", input: { path: name, content: "text\n" } });
const ask = (name, more = {}) => ({ text: `Now ${name}.`, tools: [touch(name)], ...more });
const OVER = { text: "That is all." };
const of = (card, more = "") => testId("card", `[data-approval="${card.approval}"]${more}`);
const APPROVE = testId("approve");

/** That nothing came of the card: it is open, undecided, and its command did not run. */
async function nothingCame({ app, model, workspace }, card, name) {
  assert.equal((await app.cards()).filter((one) => one.approval === card.approval).length, 1, `${name} still asks`);
  assert.ok(!model.results().has(`toolu_${name}`), `${name}: the model was told nothing`);
  assert.ok(!existsSync(join(workspace.path, name)), `${name} did not run`);
}

/** A deliberate click on the armed button does approve. */
async function approveAtLast({ app, workspace }, hands, card, name) {
  await app.armed(card.approval);
  await hands.click(`${of(card)} ${APPROVE}`);
  await app.page.gone(of(card), { what: `${name} is approved by a click once it is armed` });
  await until(() => existsSync(join(workspace.path, name)), { what: `${name} ran` });
}

windowTest(
  "what is typed for the message box while a card appears decides nothing, and goes into the message",
  { script: [ask("typed", { delay_ms: 300 }), { ...OVER, when: "quick brown" }, OVER] },
  async (here) => {
    const { app } = here;
    const hands = await Hands.on(app);
    const events = await noteEvents(app);
    await app.sendTask("Make a file.");
    await hands.click(testId("composer"));
    // Words with all that approves elsewhere: blanks, Enter with Shift, and Ctrl+Enter, which this box ignores.
    let typed = "";
    let card = null;
    let after = 0;
    for (let rounds = 0; rounds < 120 && after < 4; rounds += 1) {
      await hands.type("quick brown ", 25);
      await hands.key("ctrl+Return", "shift+Return", "space");
      typed += "quick brown \n ";
      [card = null] = await app.cards();
      // Goes on until the card was armed for a while.
      if (card && (await app.page.has(of(card, "[data-armed=true]")))) after += 1;
    }
    assert.ok(after >= 4, "the card was armed while the person typed");
    await until(
      async () => (await app.page.execute("return document.querySelector('[data-testid=composer]').value")) === typed,
      { what: "all that was typed is in the message box" },
    );
    const came = (await events()).filter((event) => event.type === "keydown" && event.approval === card.approval);
    assert.ok(
      came.some((event) => event.key === "Enter" && !event.armed),
      "Enter came before it was armed",
    );
    assert.ok(
      came.some((event) => event.key === "Enter" && event.armed),
      "Enter came when it was armed",
    );
    assert.ok(
      came.every((event) => event.trusted && event.on === "composer"),
      "the box kept the focus",
    );
    await nothingCame(here, card, "typed");
    // A plain Enter sends the words; it approves nothing either.
    await hands.key("Return");
    await until(async () => (await app.messages("user")).some((one) => one.includes("quick brown")), {
      what: "the words are sent",
    });
    await nothingCame(here, card, "typed");
    await approveAtLast(here, hands, card, "typed");
    await app.finished();
    assert.deepEqual(here.model.problems(), []);
  },
);

windowTest(
  "clicks before a card is armed, a double click, and another layout approve nothing that was not looked at",
  {
    script: [
      ask("measured"),
      ...["early1", "early2", "early3"].map((name) => ask(name)),
      ask("moved"),
      { text: "Two at once.", tools: [put("first"), put("second")] },
      OVER,
    ],
  },
  async (here) => {
    const { app, model } = here;
    const hands = await Hands.on(app);
    const events = await noteEvents(app);
    await app.sendTask("Make files.");
    let card = await app.card("exec");
    await app.armed(card.approval);
    // The pointer stays where the button of the next card will be.
    await approveAtLast(here, hands, card, "measured");

    let early = 0;
    for (const name of ["early1", "early2", "early3"]) {
      card = await app.card("exec", { other: card.approval, every: 5 });
      await xdotool("click", "1");
      const down = await until(
        async () => (await events()).findLast((one) => one.type === "pointerdown" && one.approval === card.approval),
        { what: "the click came" },
      );
      assert.ok(down.trusted && down.on === "approve", `it was on the button: ${JSON.stringify(down)}`);
      // On a slow machine the click may come late, and is one that counts.
      if (down.armed) {
        await app.page.gone(of(card));
        continue;
      }
      early += 1;
      await app.armed(card.approval);
      await nothingCame(here, card, name);
      await approveAtLast(here, hands, card, name);
    }
    assert.ok(early > 0, "a click came before the card was armed");

    // The side pane opens and moves the card; who clicks at that moment has not seen where to.
    card = await app.card("exec", { other: card.approval });
    await app.armed(card.approval);
    await hands.key("ctrl+j");
    await app.byTestId("side");
    await app.armed(card.approval);
    const moved = await hands.wayTo(`${of(card)} ${APPROVE}`);
    await hands.key("ctrl+j");
    await app.page.gone(testId("side"));
    await app.armed(card.approval);
    await xdotool("key", "ctrl+j", ...moved, "click", "1", "key", "ctrl+Return");
    await until(async () => (await events()).some((one) => one.type === "keydown" && one.key === "Enter"), {
      what: "the keys came",
    });
    await app.byTestId("side");
    await app.armed(card.approval);
    await nothingCame(here, card, "moved");
    await approveAtLast(here, hands, card, "moved");

    // The card of the second takes the place of the first under the second click.
    const [first, second] = await until(
      async () => {
        const cards = await app.page.execute(
          "return [...document.querySelectorAll('[data-testid=queue-card]')].map((row) => ({ approval: row.dataset.approval, name: row.querySelector('code').textContent }))",
        );
        return cards.length === 2 ? cards : null;
      },
      { what: "two proposals wait" },
    );
    await app.armed(first.approval);
    await xdotool(...(await hands.wayTo(`${of(first)} ${APPROVE}`)));
    await xdotool("click", "--repeat", "2", "--delay", "80", "1");
    await until(() => existsSync(join(here.workspace.path, first.name)), { what: "the first click approves" });
    await app.armed(second.approval);
    await nothingCame(here, second, second.name);
    await approveAtLast(here, hands, second, second.name);
    await app.finished();
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "keys that are held down while a card arms approve nothing",
  { script: [ask("one"), ask("two"), ask("three"), OVER] },
  async (here) => {
    const { app, model } = here;
    const hands = await Hands.on(app);
    const events = await noteEvents(app);
    /** Waits until the held key came again and again, also when the card was armed. */
    const heldWhileArmed = (card, key) =>
      until(
        async () =>
          (await events()).filter(
            (one) =>
              one.type === "keydown" && one.key === key && one.repeat && one.armed && one.approval === card.approval,
          ).length >= 5,
        { what: `${key} repeats while the card is armed` },
      );
    /** Holds keys, lets `body` look, and lets go whatever happens. */
    const holding = async (keys, body) => {
      await xdotool(...keys.flatMap((key) => ["keydown", key]));
      try {
        await body();
      } finally {
        await xdotool(...[...keys].reverse().flatMap((key) => ["keyup", key]));
      }
    };

    // The press that approves the first card is held on; the next cards come under it.
    await app.sendTask("Make files.");
    const one = await app.card("exec");
    await hands.key("ctrl+shift+a");
    await app.armed(one.approval);
    let two;
    await holding(["ctrl", "Return"], async () => {
      await app.page.gone(of(one), { what: "the press itself approves" });
      two = await app.card("exec", { other: one.approval });
      await heldWhileArmed(two, "Enter");
      await nothingCame(here, two, "two");
    });
    await nothingCame(here, two, "two");

    // The same with the focus on the button, where a held Enter clicks each time, and a blank as it is let go.
    for (const [key, name] of [
      ["Return", "Enter"],
      ["space", " "],
    ]) {
      while ((await app.page.execute("return document.activeElement.dataset.testid")) !== "approve") {
        await hands.key("Tab");
      }
      const other = await inFront();
      try {
        await app.page.shown(of(two, "[data-armed=false]"));
        const before = (await events()).length;
        await xdotool("windowactivate", "--sync", hands.id, "keydown", key);
        try {
          await heldWhileArmed(two, name);
        } finally {
          await xdotool("keyup", key);
        }
        const came = (await events()).slice(before).filter((event) => event.key === name);
        assert.ok(
          came.every((event) => event.on === "approve"),
          "the button had the focus",
        );
        assert.ok(!came[0].armed && !came[0].repeat, `${key} went down before it was armed`);
        await until(
          async () => (await events()).slice(before).some((one) => one.type === "keyup" && one.key === name),
          {
            what: "the key is up",
          },
        );
        await nothingCame(here, two, "two");
      } finally {
        await other.end();
      }
    }
    // Pressed anew, it approves.
    await app.armed(two.approval);
    await hands.key("Return");
    await app.page.gone(of(two), { what: "a new press approves" });
    const three = await app.card("exec", { other: two.approval });
    await approveAtLast(here, hands, three, "three");
    await app.finished();
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "the click that brings the window to the front approves nothing",
  { script: [ask("front"), OVER] },
  async (here) => {
    const { app, model } = here;
    const hands = await Hands.on(app);
    const events = await noteEvents(app);
    await app.sendTask("Make a file.");
    const card = await app.card("exec");
    await app.armed(card.approval);
    for (const clicks of ["1", "2"]) {
      const other = await inFront();
      try {
        await until(async () => !(await app.page.execute("return document.hasFocus()")), {
          what: "another is in front",
        });
        await app.page.shown(of(card, "[data-armed=false]"));
        // What is typed for the other window does not reach this one.
        await hands.key("ctrl+Return");
        const before = (await events()).length;
        await xdotool(...(await hands.wayTo(`${of(card)} ${APPROVE}`)));
        await xdotool("click", "--repeat", clicks, "--delay", "60", "1");
        await app.armed(card.approval);
        const came = (await events()).slice(before);
        assert.ok(
          came.some((event) => event.type === "focus"),
          "the click brought it to the front",
        );
        assert.equal(
          came.filter((event) => event.type === "pointerdown" && event.on === "approve" && event.trusted).length,
          Number(clicks),
          "and came through to the button",
        );
        await nothingCame(here, card, "front");
      } finally {
        await other.end();
      }
    }
    await hands.toFront();
    await approveAtLast(here, hands, card, "front");
    await app.finished();
    assert.deepEqual(model.problems(), []);
  },
);

/** Another program's window, in front and at the corner of the display. */
async function inFront() {
  const display = await startDisplay();
  const title = `another-${process.pid}`;
  const env = { ...process.env, DISPLAY: display };
  const other = new Process("xmessage", "xmessage", ["-title", title, "Another window"], env);
  const id = await until(
    async () => {
      other.expectAlive();
      return (await xdotool("search", "--onlyvisible", "--name", title)).split("\n").at(-1);
    },
    { what: "another window" },
  );
  await xdotool("windowmove", id, "0", "0", "windowactivate", "--sync", id);
  return other;
}
