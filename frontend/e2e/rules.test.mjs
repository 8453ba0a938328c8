// Rules that the person makes on cards: they let through, are listed with their uses, and end in one step.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { testId } from "./app.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const call = (id, name, input) => ({ text: `Now ${name}.`, tools: [{ id, name, input }] });
const run = (id) => call(id, "exec", { command: "node hello.js" });
const put = (id, old_text, new_text) => call(id, "edit", { path: "list.txt", old_text, new_text });

/** The rows of the dialog, as they read. */
function rules(app) {
  return app.page.execute(
    "return [...document.querySelectorAll('[data-testid=rule]')].map((row) => row.textContent.replaceAll(/\\s+/g, ' ').trim())",
  );
}

/** Waits for the card's wider approvals, which open with one click, and takes one of them. */
async function approveMore(app, card, button) {
  await app.press(card.approval, "approve-menu");
  await app.byTestId("approve-options");
  await app.press(card.approval, button);
  await app.page.gone(testId("card", `[data-approval="${card.approval}"]`), { what: "the approved card is gone" });
}

/** Closes the dialog and waits until the page behind it takes clicks again. */
async function closeRules(app) {
  await app.page.click(`${testId("rules-dialog")} [aria-label=Close]`);
  await app.page.gone(testId("rules-dialog"));
  await until(() => app.page.execute("return getComputedStyle(document.body).pointerEvents !== 'none'"), {
    what: "the page takes clicks",
  });
}

async function transcript(app) {
  return (await app.byTestId("transcript")).content();
}

windowTest(
  "a command that is always approved runs without a card until its rule is ended",
  {
    files: { "hello.js": 'console.log("Hello from a file 2716");\n' },
    script: [
      run("toolu_first"),
      run("toolu_second"),
      { text: "It ran twice." },
      run("toolu_third"),
      { text: "Not a third time." },
    ],
  },
  async ({ app, model }) => {
    const cards = await app.countCards();
    assert.ok(!(await app.page.has(testId("status-rules"))), "there is no rule at first");
    await app.sendTask("Run hello.js twice.");
    const card = await app.card("exec");
    assert.match(card.text, /node hello\.js/);
    await app.press(card.approval, "approve-menu");
    await app.byTestId("approve-pattern");
    const pattern = await app.page.execute("return document.querySelector('[data-testid=approve-pattern]').value");
    assert.equal(pattern, "node hello.js", "the command itself is offered first");
    await app.press(card.approval, "approve-always");
    await app.page.gone(testId("card", `[data-approval="${card.approval}"]`), { what: "the approved card is gone" });
    await app.finished();
    assert.equal(await cards(), 1, "the second call came without a card");
    for (const id of ["toolu_first", "toolu_second"]) {
      assert.match(model.results().get(id), /Hello from a file 2716/, id);
    }
    const second = (await app.rows()).at(-1);
    assert.equal(second.state, "done");
    assert.match(second.text, /allowed by a rule/);

    const button = await app.byTestId("status-rules");
    assert.equal((await button.content()).trim(), "1 rule");
    await app.clickOn("status-rules");
    await app.byTestId("rules-dialog");
    await until(async () => /Used once, today/.test((await rules(app))[0] ?? ""), {
      what: "the rule tells that it was used once",
    });
    const [row, ...others] = await rules(app);
    assert.deepEqual(others, []);
    assert.match(row, /^Commands node hello\.js always/);
    assert.match(row, /Made today \d\d:\d\d on the card of node hello\.js/);

    await app.clickOn("end-rule");
    await app.byTestId("rules-none");
    assert.deepEqual(await rules(app), []);
    await closeRules(app);
    assert.ok(!(await app.page.has(testId("status-rules"))), "no rule is left");
    await until(async () => (await transcript(app)).includes("You ended the rule node hello.js. It asks again."), {
      what: "the chat tells that the rule was ended",
    });

    await app.sendTask("Once more.");
    await app.deny("exec");
    await app.finished();
    assert.equal(await cards(), 2, "the third call asked");
    assert.deepEqual(
      (await app.rows()).map((one) => one.state),
      ["done", "done", "refused"],
    );
    assert.doesNotMatch(model.results().get("toolu_third"), /Hello from a file/);
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "a pattern that was edited on the card covers the like of it, shows what it covers, and asks again once ended",
  {
    files: { "hello.js": 'console.log("Hello, " + process.argv[2]);\n', "other.js": 'console.log("Other");\n' },
    script: [
      call("toolu_ada", "exec", { command: "node hello.js ada" }),
      call("toolu_bob", "exec", { command: "node hello.js bob" }),
      call("toolu_other", "exec", { command: "node other.js" }),
      { text: "Greeted." },
      call("toolu_eve", "exec", { command: "node hello.js eve" }),
      { text: "Not greeted." },
    ],
  },
  async ({ app, model }) => {
    const said = (id) => JSON.parse(model.results().get(id)).stdout;
    await app.sendTask("Greet them.");
    const card = await app.card("exec");
    await app.press(card.approval, "approve-menu");
    const field = await app.byTestId("approve-pattern");
    const covers = (words) =>
      until(async () => words.test(await (await app.byTestId("pattern-preview")).content()), {
        what: `the card shows of the pattern: ${words}`,
      });
    const write = async (pattern) => {
      await field.clear();
      await field.type(pattern);
      await until(async () => (await (await app.byTestId("approve-always")).content()).includes(pattern), {
        what: `the button says ${pattern}`,
      });
    };
    // What no rule can be is said, and cannot be approved.
    await write("*");
    await covers(/It cannot be a rule\./);
    await until(() => app.page.has(testId("approve-always", "[data-armed=true][aria-disabled=true]")), {
      what: "it cannot be approved",
    });
    await write("node hello.js *");
    await covers(/would have run without asking:\s*node hello\.js ada/);
    assert.equal(model.requests().length, 1, "nothing is decided by writing a pattern");
    await app.press(card.approval, "approve-always");
    await app.page.gone(testId("card", `[data-approval="${card.approval}"]`), { what: "the approved card is gone" });

    const other = await app.card("exec", { other: card.approval });
    assert.match(other.text, /node other\.js/, "what the pattern does not cover asks");
    assert.deepEqual([said("toolu_ada"), said("toolu_bob")], ["Hello, ada\n", "Hello, bob\n"]);
    await app.deny("exec");
    await app.finished();
    assert.deepEqual(
      (await app.rows()).map((row) => row.state),
      ["done", "done", "refused"],
    );

    await app.clickOn("rules");
    await until(async () => /^Commands node hello\.js \* always.*Used once, today/.test((await rules(app))[0] ?? ""), {
      what: "the rule is listed with its use",
    });
    await app.clickOn("end-rule");
    await app.byTestId("rules-none");
    await closeRules(app);
    await app.sendTask("And eve.");
    const asked = await app.card("exec");
    assert.match(asked.text, /node hello\.js eve/, "the rule is ended: it asks");
    await app.deny("exec");
    await app.finished();
    assert.doesNotMatch(model.results().get("toolu_eve"), /Hello, eve/);
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "edits that are accepted for the session are told of in the status bar, and end there with one click",
  {
    files: { "list.txt": "one\ntwo\nthree\n" },
    script: [
      put("toolu_one", "one", "eins"),
      put("toolu_two", "two", "zwei"),
      { text: "Two are done." },
      put("toolu_three", "three", "drei"),
      { text: "Three is left." },
    ],
  },
  async ({ app, model, workspace }) => {
    const file = join(workspace.path, "list.txt");
    const cards = await app.countCards();
    await app.sendTask("Say one and two in German.");
    await approveMore(app, await app.card("edit"), "approve-session");
    await app.finished();
    assert.equal(await cards(), 1, "the second edit came without a card");
    assert.equal(readFileSync(file, "utf8"), "eins\nzwei\nthree\n");
    assert.match(await (await app.byTestId("status-edits")).content(), /Accepting edits: list\.txt/);

    await app.clickOn("end-edits");
    await app.page.gone(testId("status-edits"));
    await app.sendTask("And three.");
    await app.deny("edit");
    await app.finished();
    assert.equal(readFileSync(file, "utf8"), "eins\nzwei\nthree\n");
    assert.equal(await cards(), 2, "the third edit asked");

    // With no rule left the dialog is still within reach.
    await app.clickOn("rules");
    await app.byTestId("rules-none");
    await closeRules(app);
    assert.deepEqual(model.problems(), []);
  },
);
