// What a session changed is taken back in the Changes pane: a part, a file, all.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { testId } from "./app.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const lines = (change = {}) =>
  `${Array.from({ length: 40 }, (_, at) => change[at + 1] ?? `line ${at + 1}`).join("\n")}\n`;
const call = (id, name, input) => ({ text: `Now ${name}.`, tools: [{ id, name, input }] });

windowTest(
  "a part, a file and all of a session's changes are taken back, and taking back can be undone",
  {
    files: { "list.txt": lines(), "b.txt": "mine\n", "kept.txt": "kept\n" },
    script: [
      call("toolu_list", "write", { path: "list.txt", content: lines({ 2: "second", 38: "near the end" }) }),
      call("toolu_rest", "exec", { command: "echo theirs > b.txt; rm kept.txt; mkdir made; echo new > made/new.txt" }),
      { text: "All is changed." },
    ],
  },
  async ({ app, model, workspace }) => {
    const path = (name) => join(workspace.path, name);
    const read = (name) => readFileSync(path(name), "utf8");
    await app.sendTask("Change them.");
    await app.approve("write");
    await app.approve("exec");
    await app.finished();
    assert.equal(read("list.txt"), lines({ 2: "second", 38: "near the end" }));
    assert.equal(read("b.txt"), "theirs\n");

    await app.clickOn("show-changes");
    const listed = () =>
      app.page.execute("return [...document.querySelectorAll('[data-testid=change]')].map((row) => row.dataset.path)");
    const lists = (...names) =>
      until(async () => (await listed()).sort().join() === [...names].sort().join(), { what: `${names} are listed` });
    await lists("b.txt", "kept.txt", "list.txt", "made/new.txt");
    const row = (name) => testId("change", `[data-path="${name}"]`);

    // One part of a file.
    await app.page.click(`${row("list.txt")} [data-row]`);
    await app.page.click(
      `${row("list.txt")} ${testId("revert-hunk", '[data-hunk="1"][data-armed=true][aria-disabled=false]')}`,
    );
    await until(() => read("list.txt") === lines({ 38: "near the end" }), { what: "the first part is taken back" });
    await app.byTestId("outcome");
    assert.equal(read("b.txt"), "theirs\n", "the rest is as it was");

    // A file.
    await app.page.click(`${row("b.txt")} ${testId("revert-file", "[data-armed=true][aria-disabled=false]")}`);
    await until(() => read("b.txt") === "mine\n", { what: "the file is taken back" });
    await lists("kept.txt", "list.txt", "made/new.txt");

    // All, after a question.
    await app.clickOn("revert-all", "[data-armed=true][aria-disabled=false]");
    await app.byTestId("revert-question");
    assert.ok(!existsSync(path("kept.txt")), "a question takes nothing back");
    await app.page.click(`${testId("revert-question")} [data-armed=true]`);
    await lists();
    await app.byTestId("changes-none");
    assert.deepEqual(
      ["list.txt", "b.txt", "kept.txt"].map(read),
      [lines(), "mine\n", "kept\n"],
      "all is as it was at the start",
    );
    assert.ok(!existsSync(path("made")), "what was made is gone, its folder too");

    // And that can be undone.
    await app.clickOn("outcome-undo", "[data-armed=true][aria-disabled=false]");
    await lists("kept.txt", "list.txt", "made/new.txt");
    assert.equal(read("list.txt"), lines({ 38: "near the end" }));
    assert.equal(read("made/new.txt"), "new\n");
    assert.ok(!existsSync(path("kept.txt")));
    assert.deepEqual(model.problems(), []);
  },
);
