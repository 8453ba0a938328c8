// The file tree follows what other programs do, and opens files.

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { output } from "./display.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const SOON = { timeout: 5_000 };

windowTest(
  "files made and removed by others come and go in the tree",
  { files: { "kept.txt": "kept\n", "folder/inner.txt": "inner\n" } },
  async ({ app, workspace }) => {
    await app.byTestId("tree-item", '[data-path="kept.txt"][data-kind=file]');
    await app.byTestId("tree-item", '[data-path="folder"][data-kind=folder]');

    const made = join(workspace.path, "made by another.txt");
    await output("sh", ["-c", 'echo made > "$1"', "sh", made]);
    await app.byTestId("tree-item", '[data-path="made by another.txt"]', SOON);
    rmSync(made);
    await app.page.gone('[data-testid=tree-item][data-path="made by another.txt"]', SOON);

    // An open folder is followed as well.
    await app.clickOn("tree-item", '[data-path="folder"]');
    await app.byTestId("tree-item", '[data-path="folder/inner.txt"]');
    writeFileSync(join(workspace.path, "folder", "later.txt"), "later\n");
    await app.byTestId("tree-item", '[data-path="folder/later.txt"]', SOON);
    mkdirSync(join(workspace.path, "folder", "deep"));
    await app.byTestId("tree-item", '[data-path="folder/deep"][data-kind=folder]', SOON);
    assert.ok(await app.page.has('[data-testid=tree-item][data-path="kept.txt"]'), "the rest is still there");
  },
);

windowTest(
  "a click on a file shows its text, and a change of it",
  { files: { "story.txt": "Once upon a time 4711.\n" } },
  async ({ app, workspace }) => {
    const shows = (text) =>
      until(async () => (await (await app.page.find("[data-testid=file-view]")).content()).includes(text), {
        timeout: 10_000,
        what: `the file view shows ${text}`,
      });
    await app.clickOn("tree-item", '[data-path="story.txt"]');
    await app.byTestId("file-view", '[data-path="story.txt"]');
    await shows("Once upon a time 4711.");
    // As an editor saves: beside it, then in its place.
    writeFileSync(join(workspace.path, "story.new"), "Ever after 4712.\n");
    renameSync(join(workspace.path, "story.new"), join(workspace.path, "story.txt"));
    await shows("Ever after 4712.");
    // As a shell writes: in its place. What tells of that is there once the first copy for undoing is made.
    await until(async () => !(await (await app.page.find("[data-testid=status-undo]")).text()).includes("%"), {
      timeout: 15_000,
      what: "the first copy is made",
    });
    writeFileSync(join(workspace.path, "story.txt"), "Written over 4713.\n");
    await shows("Written over 4713.");
  },
);
