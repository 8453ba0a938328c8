// The switches on a command's card, the card that offers a second run without limits, and edits accepted at large.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { testId } from "./app.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const call = (id, name, input) => ({ text: `Now ${name}.`, tools: [{ id, name, input }] });
const OVER = { text: "That is all." };

// The tests' own folders lie among the temporary files, where confined commands may write; the home does not.
const far = mkdtempSync(join(homedir(), ".countersign-e2e-"));
after(() => rmSync(far, { recursive: true, force: true }));
const touch = (id, name) => call(id, "exec", { command: `touch ${join(far, name)} && echo made` });

// Answers on the machine itself: a command that is cut off from the network does not reach even that.
const server = createServer((socket) => socket.end());
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
after(() => server.close());
const dial = (id) =>
  call(id, "exec", {
    command: `node -e "require('net').connect(${server.address().port}, '127.0.0.1').on('connect', () => { console.log('reached'); process.exit() }).on('error', (error) => console.log('cut off: ' + error.code))"`,
  });

/** Whether this system confines commands, as the status bar tells. */
async function confines(app) {
  const text = await (await app.byTestId("status-guard")).content();
  const not = text.includes("NOT CONFINED");
  assert.ok(not || /\bconfined \(/.test(text), `the status bar tells what confines commands: ${text}`);
  return !not;
}

const content = async (app, id) => (await app.byTestId(id)).content();
const isOn = async (app, id) => (await (await app.byTestId(id)).attr("aria-checked")) === "true";

/** Turns a switch of the card, and waits until the card tells what it would do now. */
async function turn(app, card, id, says) {
  await app.press(card.approval, id);
  await until(async () => says.test(await content(app, "approve")), { what: `the button says ${says}` });
}

async function approve(app, card, button = "approve") {
  await app.press(card.approval, button);
  await app.page.gone(testId("card", `[data-approval="${card.approval}"]`), { what: "the approved card is gone" });
}

/** Where nothing confines commands: the card says so, and has no switch to turn. Denies it. */
async function denyUnconfinable(app, card) {
  assert.match(card.text, /Not confined: it can do whatever you can\./);
  assert.match(card.text, /network on/);
  for (const id of ["switch-confine", "switch-network"]) assert.ok(!(await app.page.has(testId(id))), id);
  assert.match(await content(app, "approve"), /Approve once/);
  await app.deny("exec");
}

windowTest(
  "a command that its limits refused something is offered without them on a card of its own",
  { script: [touch("toolu_far", "offered.txt"), OVER] },
  async ({ app, model }) => {
    const file = join(far, "offered.txt");
    await app.sendTask("Make the file.");
    const first = await app.card("exec");
    if (!(await confines(app))) {
      await denyUnconfinable(app, first);
      await app.finished();
      assert.ok(!existsSync(file));
      return;
    }
    assert.deepEqual([await isOn(app, "switch-confine"), await isOn(app, "switch-network")], [true, true]);
    assert.doesNotMatch(first.text, /Not confined/);
    await approve(app, first);

    const second = await app.card("exec", { other: first.approval });
    assert.match(second.text, /Run this command again\?/);
    assert.ok(second.text.includes(`Confinement refused it ${file}.`), second.text);
    assert.match(second.text, /Not confined\. It could do whatever you can\./);
    assert.doesNotMatch(second.text, /went stale/);
    assert.ok(!(await isOn(app, "switch-confine")), "the switch is shown off");
    assert.match(await content(app, "approve"), /Approve unconfined/);
    assert.ok(!(await app.page.has(testId("approve-menu"))), "no rule can come of it");
    assert.ok(!existsSync(file), "it was not made by the confined command");

    await app.deny("exec", "no, use the workspace");
    await app.finished();
    assert.ok(!existsSync(file), "it was not run again");
    const told = JSON.parse(model.results().get("toolu_far"));
    assert.notEqual(told.exit_code, 0);
    assert.equal(told.user_said, "no, use the workspace");
    assert.deepEqual(told.confinement.refused, [file]);
    const [row] = await app.rows();
    assert.match(row.text, /approved by you; to run it again: denied by you: no, use the workspace/);
    assert.notEqual(row.state, "refused", "it did run, once");
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "a command runs unconfined when its switch is turned, and the next one is confined again",
  { script: [touch("toolu_one", "one.txt"), touch("toolu_two", "two.txt"), OVER] },
  async ({ app, model }) => {
    await app.sendTask("Make two files.");
    const first = await app.card("exec");
    if (!(await confines(app))) {
      await denyUnconfinable(app, first);
      await denyUnconfinable(app, await app.card("exec", { other: first.approval }));
      await app.finished();
      return;
    }
    assert.match(await content(app, "approve"), /Approve once/);
    await turn(app, first, "switch-confine", /Approve unconfined/);
    assert.match(await content(app, "card-unconfined"), /It could do whatever you can\./);
    assert.ok(!existsSync(join(far, "one.txt")), "a switch runs nothing");
    await approve(app, first);

    const second = await app.card("exec", { other: first.approval });
    assert.ok(existsSync(join(far, "one.txt")), "the first command wrote where it could not have");
    assert.ok(second.text.includes(join(far, "two.txt")), "the card is for the next command");
    assert.ok(await isOn(app, "switch-confine"));
    assert.match(await content(app, "approve"), /Approve once/);
    await app.deny("exec");
    await app.finished();
    assert.equal(JSON.parse(model.results().get("toolu_one")).exit_code, 0);
    assert.ok(!existsSync(join(far, "two.txt")));
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "a command is cut off from the network when its switch is turned, and the next one is not",
  { script: [dial("toolu_off"), dial("toolu_on"), OVER] },
  async ({ app, model }) => {
    await app.sendTask("Look whether there is a network.");
    const first = await app.card("exec");
    if (!(await confines(app))) {
      await denyUnconfinable(app, first);
      await denyUnconfinable(app, await app.card("exec", { other: first.approval }));
      await app.finished();
      return;
    }
    await turn(app, first, "switch-network", /Approve without the network/);
    assert.ok(!(await isOn(app, "switch-network")));
    assert.ok(await isOn(app, "switch-confine"), "the other switch stays");
    await approve(app, first);

    const second = await app.card("exec", { other: first.approval });
    assert.ok(await isOn(app, "switch-network"));
    assert.match(await content(app, "approve"), /Approve once/);
    await approve(app, second);
    await app.finished();
    const printed = (id) => JSON.parse(model.results().get(id)).stdout;
    assert.match(printed("toolu_off"), /^cut off: E/);
    assert.equal(printed("toolu_on"), "reached\n");
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "edits accepted in the workspace apply to any of its files, and end with one click",
  {
    script: [
      call("toolu_a", "write", { path: "a.txt", content: "a\n" }),
      call("toolu_b", "write", { path: "notes/b.txt", content: "b\n" }),
      { text: "Two are written." },
      call("toolu_c", "write", { path: "c.txt", content: "c\n" }),
      OVER,
    ],
  },
  async ({ app, model, workspace }) => {
    const cards = await app.countCards();
    await app.sendTask("Write a and b.");
    const card = await app.card("write");
    await app.press(card.approval, "approve-menu");
    assert.match(await content(app, "approve-workspace"), /Accept edits in this workspace for this session/);
    await approve(app, card, "approve-workspace");
    await app.finished();
    assert.equal(await cards(), 1, "the second write came without a card");
    assert.equal(readFileSync(join(workspace.path, "a.txt"), "utf8"), "a\n");
    assert.equal(readFileSync(join(workspace.path, "notes", "b.txt"), "utf8"), "b\n");
    assert.match(await content(app, "status-edits"), /Accepting edits in this workspace/);

    await app.clickOn("end-edits");
    await app.page.gone(testId("status-edits"));
    await app.sendTask("And c.");
    await app.deny("write");
    await app.finished();
    assert.ok(!existsSync(join(workspace.path, "c.txt")));
    assert.equal(await cards(), 2, "the third write asked");
    assert.deepEqual(model.problems(), []);
  },
);
