// What a crash leaves: the session stands there again with its open card, and what it changed can be taken back.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startApp, testId } from "./app.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const call = (id, name, input) => ({ text: `Now ${name}.`, tools: [{ id, name, input }] });

/** Kills the program and starts it anew on the same folder; the new window is closed with the old one. */
async function crash(app, workspace, model) {
  await app.kill();
  return startApp({ workspace: workspace.path, modelUrl: model.url, home: app.home });
}

windowTest(
  "a killed program shows its open card again, and what it changed is taken back",
  {
    files: { "a.txt": "old words\n", "b.txt": "mine\n" },
    script: [
      call("toolu_first", "write", { path: "a.txt", content: "new words\n" }),
      call("toolu_second", "exec", { command: "rm b.txt; echo made > made.txt" }),
      { text: "All is done." },
    ],
  },
  async ({ app, model, workspace }) => {
    const read = (name) => readFileSync(join(workspace.path, name), "utf8");
    await app.sendTask("Change the files.");
    const before = await app.card("write");
    const again = await crash(app, workspace, model);
    try {
      assert.equal(read("a.txt"), "old words\n", "nothing was done before the answer");
      const card = await again.card("write");
      assert.equal(card.approval, before.approval, "it is the same card");
      assert.match((await again.messages("user")).join(), /Change the files\./, "the conversation is there");
      await again.approve("write");
      await again.approve("exec");
      await again.finished();
      assert.equal(read("a.txt"), "new words\n");

      await again.clickOn("show-changes");
      const changes = () =>
        again.page.execute(
          "return [...document.querySelectorAll('[data-testid=change]')].map((row) => row.textContent.replaceAll(/\\s+/g, ' ').trim())",
        );
      await until(async () => (await changes()).length === 3, { what: "three files are listed" });
      for (const name of ["a.txt", "b.txt", "made.txt"]) {
        assert.ok(
          (await changes()).some((row) => row.includes(name)),
          name,
        );
      }
      await again.clickOn("revert-all", "[data-armed=true]");
      await again.byTestId("revert-question");
      const yes = await again.page.shown(`${testId("revert-question")} [data-armed=true]`);
      await yes.click();
      await again.byTestId("outcome");
      assert.equal(read("a.txt"), "old words\n");
      assert.equal(read("b.txt"), "mine\n");
      await until(async () => (await changes()).length === 0, { what: "nothing is listed any more" });
      assert.throws(() => read("made.txt"));
    } finally {
      await again.end();
    }
  },
);

windowTest(
  "what was not sent yet outlives a crash, and a file changed since is a question",
  {
    files: { "a.txt": "one\ntwo\nthree\nfour\nfive\nsix\nseven\n" },
    script: [call("toolu_edit", "edit", { path: "a.txt", old_text: "one", new_text: "1" }), { text: "Done." }],
  },
  async ({ app, model, workspace }) => {
    const path = join(workspace.path, "a.txt");
    await app.sendTask("Change it.");
    await app.approve("edit");
    await app.finished();
    const box = await app.byTestId("composer");
    await box.click();
    await box.type("half a thought");
    // What is kept is asked for through the store's own file, not waited for.
    const kept = () => readFileSync(join(app.dataDir, "countersign.db-wal")).includes("half a thought");
    await until(kept, { what: "the draft is stored" });
    const again = await crash(app, workspace, model);
    try {
      // The last session has ended; it is taken up from the list.
      await again.clickOn("sessions");
      await again.byTestId("sessions-dialog");
      const found = () =>
        again.page.execute(`
          const rows = [...document.querySelectorAll("[data-testid=session-row]")];
          const row = rows.find((one) => one.textContent.includes("Change it."));
          row?.setAttribute("data-e2e", "wanted");
          return row !== undefined;`);
      await until(found, { what: "the session is listed" });
      await again.page.click("[data-e2e=wanted]");
      await again.clickOn("session-open", ":not([disabled])");
      await again.page.gone(testId("sessions-dialog"));
      await until(async () => (await again.messages("user")).length === 1, { what: "the conversation is there" });
      await until(
        async () =>
          (await again.page.execute("return document.querySelector('[data-testid=composer]').value")) ===
          "half a thought",
        { what: "the draft is there" },
      );
      writeFileSync(path, readFileSync(path, "utf8").replace("seven", "7"));
      await again.clickOn("show-changes");
      await again.byTestId("changed-since");
      await again.clickOn("revert-file", "[data-armed=true]");
      await again.byTestId("three-way");
      await again.clickOn("choose-merge");
      await again.clickOn("three-way-do", "[data-armed=true]");
      await until(() => readFileSync(path, "utf8") === "one\ntwo\nthree\nfour\nfive\nsix\n7\n", {
        what: "the agent's change is taken back, and the person's is kept",
      });
    } finally {
      await again.end();
    }
  },
);
