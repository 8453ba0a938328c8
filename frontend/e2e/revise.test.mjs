// What the person changes on a card is what is written, and the model is told exactly that.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testId } from "./app.mjs";
import { Keys, until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const OVER = { text: "That is all." };
const lines = (change = {}) =>
  `${Array.from({ length: 40 }, (_, at) => change[at + 1] ?? `line ${at + 1}`).join("\n")}\n`;

/** What the model was told of a call that the person changed: the text in `applied`. */
function applied(model, id) {
  const told = JSON.parse(model.results().get(id));
  assert.match(told.note, /The user changed your proposal before approving it/);
  return told.applied;
}

windowTest(
  "of a change only the parts that are kept are written, and the model is told which",
  {
    files: { "list.txt": lines() },
    script: [
      {
        text: "Three places.",
        tools: [
          {
            id: "toolu_parts",
            name: "write",
            input: { path: "list.txt", content: lines({ 2: "first new", 20: "second new", 38: "third new" }) },
          },
        ],
      },
      OVER,
    ],
  },
  async ({ app, model, workspace }) => {
    const file = join(workspace.path, "list.txt");
    await app.sendTask("Change three lines.");
    const card = await app.card("write");
    const parts = await until(
      async () => {
        const found = await app.page.findAll(testId("part"));
        return found.length === 3 ? found : null;
      },
      { what: "three parts can be chosen" },
    );
    const says = (words) =>
      until(async () => words.test(await (await app.byTestId("approve")).content()), { what: `the button says ${words}` });
    await says(/Approve once/);

    // With no part kept there is nothing to approve.
    for (const part of parts) await part.click();
    await app.byTestId("card-hindered");
    await until(() => app.page.has(testId("approve", "[data-armed=true][aria-disabled=true]")), {
      what: "the armed card cannot be approved",
    });
    await app.clickOn("approve");
    await app.page.press(Keys.control, Keys.enter);
    assert.equal((await app.cards()).length, 1, "it is still open");

    await parts[0].click();
    await parts[2].click();
    await says(/Approve 2 of 3 parts/);
    assert.equal(readFileSync(file, "utf8"), lines(), "nothing is written yet");
    await app.press(card.approval, "approve");
    await app.finished();
    assert.equal(readFileSync(file, "utf8"), lines({ 2: "first new", 38: "third new" }));
    const told = applied(model, "toolu_parts");
    assert.match(told, /\+first new/);
    assert.match(told, /\+third new/);
    assert.doesNotMatch(told, /second new/);
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "a proposal is edited as text: that text is shown anew, written, and told",
  {
    files: { "poem.txt": "roses\nviolets\n" },
    script: [
      {
        text: "One edit.",
        tools: [
          { id: "toolu_text", name: "edit", input: { path: "poem.txt", old_text: "violets", new_text: "tulips" } },
        ],
      },
      OVER,
    ],
  },
  async ({ app, model, workspace }) => {
    const file = join(workspace.path, "poem.txt");
    await app.sendTask("Better flowers.");
    const card = await app.card("edit");
    await app.clickOn("edit-text");
    const code = await app.byTestId("editor-code");
    const focused = () =>
      app.page.execute("return arguments[0].shadowRoot?.activeElement?.classList.contains('cm-content') === true", [code]);
    await until(focused, { what: "the editor has the focus" });
    await app.page.press(Keys.control, Keys.end);
    for (const key of "daisies") await app.page.press(key);
    await until(async () => (await code.content()).includes("daisies"), { what: "the editor shows what is typed" });

    // What approves a card is a key like others here.
    await app.page.press(Keys.control, Keys.enter);
    await app.byTestId("proposal-editor");
    // Left and opened again, it is as it was left.
    await app.page.press(Keys.escape);
    await app.byTestId("card-begun");
    await app.clickOn("edit-text");
    await app.byTestId("editor-restored");
    await until(async () => (await (await app.byTestId("editor-code")).content()).includes("daisies"), {
      what: "the text is as it was left",
    });
    assert.equal(readFileSync(file, "utf8"), "roses\nviolets\n", "nothing is written yet");

    await app.clickOn("editor-use", ":not([disabled])");
    await app.byTestId("badge-edited");
    const shown = await app.card("edit");
    assert.equal(shown.approval, card.approval, "it is the same proposal");
    assert.match(shown.text, /daisies/, "its change is shown before it can be approved");
    assert.match(shown.text, /tulips/);
    await app.press(card.approval, "approve");
    await app.finished();
    const text = readFileSync(file, "utf8");
    assert.match(text, /^roses\ntulips\n?daisies\n?$/, "the text that the person wrote is in the file");
    assert.match(applied(model, "toolu_text"), /\+\s*daisies/);
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "several edits are one list: approved with one press once each was seen, a look elsewhere never with them",
  {
    prepare: ({ outside }) => writeFileSync(join(outside, "notes.txt"), "outside words\n"),
    files: { "a.txt": "one\n", "b.txt": lines() },
    script: ({ outside }) => [
      {
        text: "All at once.",
        tools: [
          { id: "toolu_a", name: "edit", input: { path: "a.txt", old_text: "one", new_text: "eins" } },
          { id: "toolu_b", name: "write", input: { path: "b.txt", content: lines({ 3: "third", 30: "thirtieth" }) } },
          { id: "toolu_c", name: "write", input: { path: "c.txt", content: "made\n" } },
          { id: "toolu_look", name: "read", input: { path: join(outside, "notes.txt") } },
        ],
      },
      OVER,
    ],
  },
  async ({ app, model, workspace }) => {
    const read = (name) => readFileSync(join(workspace.path, name), "utf8");
    await app.sendTask("Change them all.");
    const queued = () =>
      app.page.execute(
        "return [...document.querySelectorAll('[data-testid=queue-card]')].map((row) => ({ approval: row.dataset.approval, text: row.textContent }))",
      );
    const rows = await until(async () => ((await queued()).length === 4 ? queued() : null), {
      what: "four proposals in one list",
    });
    const all = testId("approve-all");
    await until(async () => /Approve all 3 edits/.test(await (await app.page.find(all)).content()), {
      what: "the three edits can be approved together",
    });
    // Not before each was looked at.
    await until(() => app.page.has(`${all}[data-armed=true][aria-disabled=true]`), { what: "it waits for all to be seen" });
    await app.page.click(all);
    assert.equal((await queued()).length, 4, "nothing was decided");

    for (const row of rows.filter((one) => !one.text.includes("Read"))) {
      const css = testId("queue-card", `[data-approval="${row.approval}"]`);
      await app.page.click(css);
      await app.page.shown(testId("card", `[data-approval="${row.approval}"]`));
      // What does not fit is seen once it was scrolled through.
      await app.page.execute("document.querySelector('[data-testid=card-diff]').scrollTo(0, 100_000)");
      await until(async () => !(await (await app.page.find(css)).content()).includes("not seen"), {
        what: `${row.text} was seen in full`,
      });
      if (!row.text.includes("b.txt")) continue;
      // One of its parts is left out.
      const part = testId("part", '[data-hunk="2"]');
      await app.page.execute("document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })", [part]);
      await app.page.click(part);
      await until(async () => (await (await app.byTestId("card")).content()).includes("left out"), {
        what: "a part is left out",
      });
    }
    assert.equal(read("a.txt"), "one\n", "looking decides nothing");
    await app.page.click(`${all}[data-armed=true][aria-disabled=false]`);
    await app.page.gone(testId("queue"));
    const left = await app.card();
    assert.equal(left.kind, "path", "the look still asks");
    await until(() => existsSync(join(workspace.path, "c.txt")), { what: "the edits are done" });
    await app.deny("path");
    await app.finished();
    assert.equal(read("a.txt"), "eins\n");
    assert.equal(read("b.txt"), lines({ 3: "third" }), "one part of two was written");
    assert.equal(read("c.txt"), "made\n");
    assert.ok(!model.raw().includes("outside words"), "nothing was read");
    assert.match(applied(model, "toolu_b"), /\+third$/m);
    assert.doesNotMatch(applied(model, "toolu_b"), /thirtieth/);
    assert.deepEqual(model.problems(), []);
  },
);
