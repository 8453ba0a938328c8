// What is dragged onto the window from another program: one folder is opened, all else changes nothing and is told.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DRAG_SOURCE, testId, xdotool } from "./app.mjs";
import { Process } from "./display.mjs";
import { Hands } from "./hands.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

/** Where things are dragged from: a corner of the display that the window leaves free. */
const CORNER = [1380, 840];
const OVERLAY = testId("drop-overlay");

/** Drags these from another program over the window, and lets go of them: over `onto`, or off the window again. */
async function drag(hands, paths, { onto = "body", away = false } = {}) {
  const { app } = hands;
  const source = new Process("drag-source", DRAG_SOURCE, [...CORNER.map(String), ...paths], app.env);
  const told = (word) =>
    until(
      () => {
        source.expectAlive();
        return readFileSync(source.log, "utf8").split("\n").includes(word);
      },
      { what: `what is dragged is ${word}` },
    );
  /** Moves as a hand does that is never quite still, until the page says what a drop does, or no longer. */
  const move = (way, over) =>
    until(
      async () => {
        await xdotool(...way, "mousemove_relative", "3", "3");
        return (await app.page.has(OVERLAY)) === over;
      },
      { what: over ? "the page says what a drop does" : "the page says nothing of a drop any more" },
    );
  try {
    await told("shown");
    await xdotool("mousemove", ...CORNER.map((at) => `${at + 20}`), "mousedown", "1");
    // A press becomes a drag when the pointer moves on from where it was pressed.
    await xdotool("mousemove_relative", "--", "-12", "-12");
    await told("begun");
    await move(await hands.wayTo(onto), true);
    if (away) await move(["mousemove", ...CORNER.map(String)], false);
    await xdotool("mouseup", "1");
    await told("ended");
    await app.page.gone(OVERLAY, { what: "nothing hangs over the window any more" });
  } finally {
    // A button that is held would be held in the next test, too.
    await xdotool("mouseup", "1");
    await source.end();
  }
}

/** Waits for a notice with these words, and puts it away. */
async function notice(app, words) {
  assert.match(await (await app.byTestId("app-notices")).text(), words);
  await app.clickOn("dismiss-notices");
  await app.page.gone(testId("app-notices"));
}

/** Waits until this folder is the one that the window shows. */
function isOpen(app, folder) {
  return until(async () => (await (await app.byTestId("workspace")).attr("title")).trim() === folder, {
    what: `${folder} is open`,
  });
}

windowTest(
  "a folder that is dropped is opened; one that is taken away again, a file, and several things are not",
  { open: false, model: false, files: { "found me.txt": "here\n" } },
  async ({ app, workspace }) => {
    const hands = await Hands.on(app);
    const file = join(workspace.path, "found me.txt");
    await drag(hands, [workspace.path], { away: true });
    assert.ok(!(await app.page.has(testId("app-notices"))));
    await drag(hands, [file]);
    await notice(app, /is no folder/);
    await drag(hands, [workspace.path, workspace.outside]);
    await notice(app, /Several things were dropped/);
    assert.ok(await app.page.has(testId("welcome")), "nothing was opened");

    await drag(hands, [workspace.path]);
    await app.byTestId("tree-item", '[data-path="found me.txt"]');
    await isOpen(app, workspace.path);
    // Another one takes its place.
    await drag(hands, [workspace.outside]);
    await isOpen(app, workspace.outside);
  },
);

windowTest(
  "a folder that is dropped on a card presses nothing of it, and while a run is under way it is not opened",
  {
    script: [
      {
        text: "Now exec.",
        tools: [
          { id: "toolu_exec", name: "exec", input: { command: "touch begun; until [ -e go ]; do sleep 0.1; done" } },
        ],
      },
      { text: "Done." },
    ],
  },
  async ({ app, workspace }) => {
    const hands = await Hands.on(app);
    const begun = join(workspace.path, "begun");
    await app.sendTask("Do it.");
    const card = await app.card("exec");
    await app.armed(card.approval);
    await drag(hands, [workspace.outside], { onto: testId("approve") });
    // What only waits for the person holds no folder open; it waits on where it was.
    await isOpen(app, workspace.outside);
    await drag(hands, [workspace.path]);
    await isOpen(app, workspace.path);
    assert.equal((await app.card("exec")).approval, card.approval, "the same card waits");
    assert.ok(!existsSync(begun), "nothing was approved");

    await app.press(card.approval, "approve");
    await until(() => existsSync(begun), { what: "the command runs" });
    await drag(hands, [workspace.outside]);
    await notice(app, /The folder was not opened\. A run is under way\. Stop it first\./);
    await isOpen(app, workspace.path);
    writeFileSync(join(workspace.path, "go"), "");
    await app.finished();
  },
);
