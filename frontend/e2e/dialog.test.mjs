// The system's own folder dialog, driven as by a keyboard.

import assert from "node:assert/strict";
import { xdotool } from "./app.mjs";
import { pause, until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const TITLE = "Choose a folder";

/** The dialog's window; null where there is none. */
async function dialog() {
  const found = await xdotool("search", "--onlyvisible", "--name", TITLE).catch(() => "");
  return found.split("\n").find((id) => id !== "") ?? null;
}

async function chooseFolder(path) {
  const id = await until(dialog, { timeout: 15_000, what: "the folder dialog" });
  await xdotool("windowfocus", "--sync", id);
  // A slash opens the dialog's line for a path. It tells nobody when that line takes keys, hence the pause.
  await xdotool("key", "slash");
  await pause(500);
  await xdotool("type", "--delay", "20", path.slice(1));
  await pause(500);
  await xdotool("key", "Return");
  await until(async () => (await dialog()) === null, { timeout: 8_000, what: "the folder dialog closes" });
}

async function cancel() {
  for (let tries = 0; tries < 5; tries += 1) {
    const id = await dialog();
    if (id === null) return;
    await xdotool("windowfocus", "--sync", id);
    await xdotool("key", "Escape");
    await pause(500);
  }
  throw new Error("the folder dialog does not close on Escape");
}

windowTest(
  "a folder chosen in the dialog opens; a cancelled dialog changes nothing",
  { open: false, files: { "found me.txt": "here\n" } },
  async ({ app, workspace }) => {
    await app.clickOn("open-folder", ":not([disabled])");
    await until(dialog, { timeout: 15_000, what: "the folder dialog" });
    await cancel();
    await app.byTestId("open-folder", ":not([disabled])");
    assert.ok(await app.page.has("[data-testid=welcome]"));

    let trouble;
    for (let tries = 0; tries < 3; tries += 1) {
      await app.clickOn("open-folder", ":not([disabled])");
      try {
        await chooseFolder(workspace.path);
        trouble = undefined;
        break;
      } catch (error) {
        trouble = error;
        await cancel();
      }
    }
    if (trouble) throw trouble;
    await app.byTestId("tree-item", '[data-path="found me.txt"]');
    assert.match(await (await app.byTestId("workspace")).attr("title"), new RegExp(`${workspace.path}$`));

    // Back on the welcome screen it is among the folders opened before.
    await app.clickOn("close-workspace");
    await app.byTestId("recent", `[data-path="${workspace.path}"]`);
    await app.clickOn("recent", `[data-path="${workspace.path}"]`);
    await app.byTestId("tree-item", '[data-path="found me.txt"]');
  },
);
