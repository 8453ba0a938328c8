// Each kind of card: set aside and taken up again, approved, and denied with words.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testId, wordsOf } from "./app.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const call = (id, name, input) => ({ text: `Now ${name}.`, tools: [{ id, name, input }] });
const OVER = { text: "That is all." };

/** What is said to a denied card of this kind; markup, quotes and line ends are words like others. */
const feedback = (kind) => `not this ${kind}: "ja" & <b>nein</b>\nline two \\n {{last_stdout}} 100 %`;

/** The kinds of cards: the call that makes one, what its card shows, and whether it was acted on. */
const KINDS = {
  exec: {
    call: (id, mark) => call(id, "exec", { command: `touch ran-${mark}` }),
    shows: (mark) => `touch ran-${mark}`,
    done: ({ workspace }, mark) => existsSync(join(workspace.path, `ran-${mark}`)),
  },
  write: {
    call: (id, mark) => call(id, "write", { path: `new/${mark}.txt`, content: `words of ${mark}\n` }),
    shows: (mark) => `words of ${mark}`,
    done: ({ workspace }, mark) => existsSync(join(workspace.path, "new", `${mark}.txt`)),
  },
  edit: {
    call: (id, mark) => call(id, "edit", { path: `${mark}.txt`, old_text: "two", new_text: `zwei-${mark}` }),
    shows: (mark) => `zwei-${mark}`,
    done: ({ workspace }, mark) => readFileSync(join(workspace.path, `${mark}.txt`), "utf8").includes("zwei"),
  },
  path: {
    call: (id, mark, { outside }) => call(id, "read", { path: join(outside, `${mark}.txt`) }),
    shows: (mark) => `${mark}.txt`,
    done: ({ model }, mark) => model.raw().includes(`outside words of ${mark}`),
  },
};

const isGone = (app, approval) => app.page.gone(testId("card", `[data-approval="${approval}"]`));

windowTest(
  "each kind of card is set aside and taken up, approved, and denied with words",
  {
    files: { "yes.txt": "one\ntwo\nthree\n", "no.txt": "one\ntwo\nthree\n" },
    prepare: ({ outside }) => {
      for (const mark of ["yes", "no"]) writeFileSync(join(outside, `${mark}.txt`), `outside words of ${mark}\n`);
    },
    script: (workspace) => [
      ...Object.entries(KINDS).flatMap(([kind, one]) => [
        one.call(`toolu_${kind}_yes`, "yes", workspace),
        one.call(`toolu_${kind}_no`, "no", workspace),
      ]),
      OVER,
    ],
  },
  async ({ app, model, workspace }) => {
    const here = { model, workspace };
    await app.sendTask("Try all kinds.");
    for (const [kind, { shows, done }] of Object.entries(KINDS)) {
      const first = await app.card(kind);
      assert.ok(first.text.includes(shows("yes")), `${kind}: ${first.text}`);
      await app.armed(first.approval);
      const asked = model.requests().length;
      await app.setAside(first.approval);
      // Undecided: the run waits, the tray and the title say so, and the message box is free.
      assert.equal((await app.cards()).length, 0, `${kind}: no card is in the way`);
      assert.match(await (await app.byTestId("status-waiting")).content(), /1 waiting/, kind);
      assert.equal(model.requests().length, asked, `${kind}: the model was told nothing`);
      assert.ok(!done(here, "yes"), `${kind}: set aside, nothing was done`);
      const state = await app.state();
      assert.ok(state.running && state.writable, `${kind}: the run goes on waiting, and can be written to`);
      await app.takeUp(first.approval);
      assert.ok(!done(here, "yes"), `${kind}: taken up, nothing was done`);
      await app.press(first.approval, "approve");
      await isGone(app, first.approval);

      const second = await app.card(kind, { other: first.approval });
      assert.ok(second.text.includes(shows("no")), `${kind}: ${second.text}`);
      assert.ok(done(here, "yes"), `${kind}: the approved one was done`);
      await app.deny(kind, feedback(kind));
      const told = await until(() => model.results().get(`toolu_${kind}_no`), { what: `${kind}: the model is told` });
      assert.ok(wordsOf(told).includes(feedback(kind)), `${kind}: word for word: ${told}`);
      assert.ok(!done(here, "no"), `${kind}: the denied one was not done`);
    }
    await app.finished();
    assert.deepEqual(
      (await app.rows()).map((row) => `${row.tool} ${row.state}`),
      ["exec", "write", "edit", "read"].flatMap((tool) => [`${tool} done`, `${tool} refused`]),
    );
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "deny and stop ends the run with its words, and cards that waited beside it decide nothing",
  {
    files: { "list.txt": "one\n" },
    script: [
      {
        text: "Two at once.",
        tools: [
          { id: "toolu_edit", name: "edit", input: { path: "list.txt", old_text: "one", new_text: "eins" } },
          { id: "toolu_write", name: "write", input: { path: "ran", content: "text\n" } },
        ],
      },
      { when: "go on", text: "Going on." },
    ],
  },
  async ({ app, model, workspace }) => {
    await app.sendTask("Do both.");
    await until(() => app.page.has(testId("queue")), { what: "both wait" });
    // Both were made at the same time: either may be the older one, which is in front.
    const { kind } = await app.card();
    await app.deny(kind, "stop it all", "deny-stop");
    await app.finished();
    assert.equal(model.requests().length, 1, "the model was not asked again");
    assert.deepEqual(await app.cards(), [], "no card is left");
    assert.equal(readFileSync(join(workspace.path, "list.txt"), "utf8"), "one\n");
    assert.ok(!existsSync(join(workspace.path, "ran")), "the write beside it did not run");
    await app.sendTask("go on");
    await app.finished();
    const [denied, beside] = kind === "edit" ? ["toolu_edit", "toolu_write"] : ["toolu_write", "toolu_edit"];
    assert.ok(wordsOf(model.results().get(denied)).includes("stop it all"), "the words are told later");
    assert.ok(model.results().has(beside), "the other call is answered too");
    assert.deepEqual(model.problems(), []);
  },
);
