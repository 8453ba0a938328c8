// What is refused, by the person or by the guard, and what the model learns of it.

import assert from "node:assert/strict";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { wordsOf } from "./app.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const call = (id, name, input) => ({ text: `Now ${name}.`, tools: [{ id, name, input }] });
const OVER = { text: "That is all." };

windowTest(
  "a denied command runs not, and its feedback reaches the model word for word",
  { script: [call("toolu_npm", "exec", { command: "touch ran && npm install" }), OVER] },
  async ({ app, model, workspace }) => {
    const feedback = 'use pnpm, not npm: "ja" & <b>';
    await app.sendTask("Install what is needed.");
    await app.deny("exec", feedback);
    await app.finished();
    const told = model.results().get("toolu_npm");
    assert.ok(told, "the call has a result");
    assert.ok(wordsOf(told).includes(feedback), told);
    assert.ok(!existsSync(join(workspace.path, "ran")), "the command did not run");
    assert.deepEqual(
      (await app.rows()).map((row) => row.state),
      ["refused"],
    );
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "a read outside asks with a card, and gives the content on approval",
  {
    prepare: ({ outside }) => writeFileSync(join(outside, "notes.txt"), "words from outside 7351\n"),
    script: ({ outside }) => [call("toolu_out", "read", { path: join(outside, "notes.txt") }), OVER],
  },
  async ({ app, model, workspace }) => {
    await app.sendTask("Read the notes.");
    const card = await app.card("path");
    assert.ok(card.text.includes(join(workspace.outside, "notes.txt")), card.text);
    assert.ok(!model.raw().includes("words from outside"), "nothing is read before the approval");
    await app.approve("path");
    await app.finished();
    assert.match(model.results().get("toolu_out"), /words from outside 7351/);
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "a link that leads out is refused for read and for write, in clear words and without a card",
  {
    prepare: ({ path, outside }) => {
      writeFileSync(join(outside, "secret.txt"), "outside stays outside 9412\n");
      symlinkSync(join(outside, "secret.txt"), join(path, "notes.txt"));
      symlinkSync("../outside", join(path, "shared"));
    },
    script: [
      call("toolu_read", "read", { path: "notes.txt" }),
      call("toolu_write", "write", { path: "notes.txt", content: "changed\n" }),
      call("toolu_below", "write", { path: "shared/new.txt", content: "new\n" }),
      OVER,
    ],
  },
  async ({ app, model, workspace }) => {
    const cards = await app.countCards();
    await app.sendTask("Read and change the notes.");
    await app.finished();
    for (const id of ["toolu_read", "toolu_write", "toolu_below"]) {
      const told = model.results().get(id);
      assert.ok(told, `${id} has a result`);
      assert.match(wordsOf(told), /symbolic link that leads out of the workspace/, id);
    }
    assert.equal(await cards(), 0, "no card was shown");
    assert.ok(!model.raw().includes("outside stays outside"), "the content was not read");
    assert.equal(readFileSync(join(workspace.outside, "secret.txt"), "utf8"), "outside stays outside 9412\n");
    assert.ok(!existsSync(join(workspace.outside, "new.txt")));
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "a file changed while its card is open: approved, it asks anew with the new change",
  {
    files: { "list.txt": "one\ntwo\nthree\n" },
    script: [call("toolu_edit", "edit", { path: "list.txt", old_text: "two", new_text: "zwei" }), OVER],
  },
  async ({ app, model, workspace }) => {
    const file = join(workspace.path, "list.txt");
    await app.sendTask("Say two in German.");
    const first = await app.card("edit");
    assert.match(first.text, /zwei/);
    const button = await app.armed(first.approval);
    writeFileSync(file, "nought\none\ntwo\nthree\n");
    await button.click();
    const second = await app.card("edit", { other: first.approval });
    assert.notEqual(second.approval, first.approval);
    assert.match(second.text, /nought/, "the new card shows the file as it is now");
    assert.match(second.text, /zwei/);
    assert.equal(readFileSync(file, "utf8"), "nought\none\ntwo\nthree\n", "the old approval changed nothing");
    const approved = await app.approve("edit");
    assert.equal(approved.approval, second.approval);
    await app.finished();
    assert.equal(readFileSync(file, "utf8"), "nought\none\nzwei\nthree\n");
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "a denied write leaves nothing, not even folders",
  { script: [call("toolu_new", "write", { path: "new/folder/x", content: "text\n" }), OVER] },
  async ({ app, model, workspace }) => {
    await app.sendTask("Write x.");
    await app.deny("write");
    await app.finished();
    assert.ok(!existsSync(join(workspace.path, "new")));
    assert.ok(model.results().get("toolu_new"), "the model is told");
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "denied and stopped, the run ends and the next message goes on",
  { script: [call("toolu_stop", "exec", { command: "touch ran" }), { when: "go on", text: "Going on." }] },
  async ({ app, model, workspace }) => {
    await app.sendTask("Touch it.");
    await app.deny("exec", "", "deny-stop");
    await app.finished();
    assert.equal(model.requests().length, 1, "the model was not asked again");
    await app.sendTask("go on");
    await app.finished();
    await until(async () => (await app.messages("assistant")).at(-1).includes("Going on."), { what: "the answer" });
    assert.ok(!existsSync(join(workspace.path, "ran")));
    assert.deepEqual(model.problems(), []);
  },
);
