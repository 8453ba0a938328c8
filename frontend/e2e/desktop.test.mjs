// The program among others of the desktop: a second start, windows side by side, a page whose process dies, files
// that are handed to other programs.

import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { APP, makeWorkspace, processesWith, xdotool } from "./app.mjs";
import { output, Process, startDisplay } from "./display.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const asks = {
  text: "Now exec.",
  tools: [{ id: "toolu_exec", name: "exec", input: { command: "echo made > made.txt" } }],
};

/** The ids of the program's windows whose title ends like this. */
async function windows(title) {
  const found = await xdotool("search", "--onlyvisible", "--name", `${title}$`).catch(() => "");
  return found.split("\n").filter((id) => id !== "");
}

/** Ends the program with all its windows; WebDriver knows of one only. */
async function quit(app) {
  for (const id of await processesWith(app.dataDir)) process.kill(Number(id), "SIGTERM");
  await until(async () => (await processesWith(app.dataDir)).length === 0, { what: "the program has ended" });
}

/** Waits for the one window of this title and gives its id. */
function windowOf(title) {
  return until(
    async () => {
      const ids = await windows(title);
      return ids.length === 1 ? ids[0] : null;
    },
    { timeout: 30_000, what: `one window of the title ${title}` },
  );
}

async function property(id, name) {
  return output("xprop", ["-id", id, name], await startDisplay());
}

/** The ids of all processes below one. */
function below(root) {
  const parents = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, parent] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"));
      parents.set(Number(name), Number(parent));
    } catch {
      // It has ended.
    }
  }
  const within = (id) => id === root || (parents.has(id) && within(parents.get(id)));
  return [...parents.keys()].filter((id) => id !== root && within(id));
}

/** The process that draws the pages of a program. */
function pageProcess(program) {
  return below(program).find((id) => {
    try {
      return readFileSync(`/proc/${id}/comm`, "utf8").startsWith("WebKitWebProces");
    } catch {
      return false;
    }
  });
}

windowTest(
  "a second start opens a window in the running program, and the first window lives on when it is closed",
  { files: { "a.txt": "old\n" }, script: [asks, { text: "Done." }] },
  async ({ app, workspace }) => {
    const other = makeWorkspace({ "b.txt": "b\n" });
    try {
      const link = join(workspace.outside, "link");
      symlinkSync(workspace.path, link);
      await app.sendTask("Do it.");
      const card = await app.card("exec");
      await windowOf(`\\(1\\) project - Countersign`);
      const [program, ...more] = await processesWith(app.dataDir);
      assert.deepEqual(more, []);

      // A folder that is not open yet gets a window, one that is open comes to the front.
      assert.equal(await app.startAgain(other.outside), 0);
      const opened = await windowOf("outside - Countersign");
      assert.deepEqual(await processesWith(app.dataDir), [program], "it is the same program");
      await until(async () => (await xdotool("getactivewindow")) === opened, { what: "the new window is in front" });
      assert.equal(await app.startAgain(link), 0);
      const first = await windowOf(`\\(1\\) project - Countersign`);
      await until(async () => (await xdotool("getactivewindow")) === first, { what: "the window of the folder comes" });
      // A window without a folder.
      assert.equal(await app.startAgain(), 0);
      const empty = await windowOf("^Countersign");

      for (const id of [opened, empty]) {
        await xdotool("windowactivate", "--sync", id);
        await xdotool("key", "alt+F4");
        await until(async () => !(await windows("Countersign")).includes(id), { what: "the window is closed" });
      }
      // The first one has its card and does its work.
      await xdotool("windowactivate", "--sync", first);
      assert.equal((await app.card("exec")).approval, card.approval);
      await app.approve("exec");
      await app.finished();
      assert.equal(readFileSync(join(workspace.path, "made.txt"), "utf8"), "made\n");
      // The program ends with its last window.
      await xdotool("key", "alt+F4");
      await until(async () => (await processesWith(app.dataDir)).length === 0, { what: "the program has ended" });
    } finally {
      await quit(app);
      await other.remove();
    }
  },
);

windowTest(
  "a window that is not in front asks for attention when a card begins to wait",
  { script: [asks, { text: "Done." }] },
  async ({ app }) => {
    const first = await windowOf("project - Countersign");
    assert.equal(await app.startAgain(), 0);
    const front = await windowOf("^Countersign");
    await app.sendTask("Do it.");
    await xdotool("windowactivate", "--sync", front);
    await app.card("exec");
    await until(async () => /DEMANDS_ATTENTION/.test(await property(first, "_NET_WM_STATE")), {
      what: "the window asks for attention",
    });
    await xdotool("windowactivate", "--sync", first);
    await until(async () => !/DEMANDS_ATTENTION/.test(await property(first, "_NET_WM_STATE")), {
      what: "it asks no more once it is in front",
    });
    await quit(app);
  },
);

/** Has the program do something for the page, as the page itself does; gives the error where there is one. */
function submit(app, op) {
  return app.page.call("POST", "/execute/async", {
    script: `const done = arguments[1];
      window.__TAURI_INTERNALS__.invoke("submit", { op: arguments[0] }).then(() => done(null), done);`,
    args: [op],
  });
}

windowTest(
  "a file is opened in the editor and shown in the file manager, and only one of the workspace",
  {
    files: { "in/a file.txt": "a\n" },
    prepare: (workspace) => {
      for (const name of ["my-editor", "xdg-open"]) {
        const program = join(workspace.outside, name);
        writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.told"\n');
        chmodSync(program, 0o755);
      }
      symlinkSync(workspace.outside, join(workspace.path, "out"));
    },
    env: (workspace) => ({ PATH: `${workspace.outside}:${process.env.PATH}` }),
  },
  async ({ app, workspace }) => {
    const told = (name) => {
      const path = join(workspace.outside, `${name}.told`);
      return existsSync(path) ? readFileSync(path, "utf8") : null;
    };
    const editor = JSON.stringify("my-editor --at {line} {path}");
    assert.equal(await submit(app, { type: "set_setting", key: "editor", value: editor }), null);
    assert.equal(await submit(app, { type: "open_in_editor", path: "in/a file.txt", line: 7 }), null);
    const file = join(workspace.path, "in", "a file.txt");
    await until(() => told("my-editor") === `--at\n7\n${file}\n`, { what: "the editor is told of the file" });
    // Without a file manager on the bus, the folder is opened.
    assert.equal(await submit(app, { type: "reveal", path: "in/a file.txt" }), null);
    await until(() => told("xdg-open") === `${join(workspace.path, "in")}/\n`, { what: "the folder is shown" });
    for (const path of ["out/my-editor", "../outside/my-editor", "missing", "in"]) {
      const error = await submit(app, { type: "open_in_editor", path });
      assert.ok(error?.message, path);
    }
    assert.equal(told("my-editor"), `--at\n7\n${file}\n`, "nothing else was opened");
    await submit(app, { type: "set_setting", key: "editor", value: JSON.stringify("no-such-editor") });
    const error = await submit(app, { type: "open_in_editor", path: "in/a file.txt" });
    assert.match(error.message, /no program no-such-editor/);
    assert.match(error.hint, /settings/);
  },
);

windowTest(
  "a page whose process was killed is there again, with its card",
  { script: [asks, { text: "Done." }] },
  async ({ app, model, workspace }) => {
    await app.sendTask("Do it.");
    await app.card("exec");
    // WebDriver does not outlive the page's process, so the program goes on without it.
    await app.kill();
    const program = new Process("program", APP, app.given, app.env);
    try {
      const id = await windowOf(`\\(1\\) project - Countersign`);
      // Once it has drawn something: a process that dies while it starts ends the whole program, by WebKit's own word.
      const colours = async () => output("import", ["-window", id, "-format", "%k", "info:"], await startDisplay());
      await until(async () => Number(await colours()) > 30, { timeout: 60_000, what: "the page is painted" });
      const before = pageProcess(program.child.pid);
      assert.ok(before, "the page has a process");
      process.kill(before, "SIGKILL");
      await until(() => ![before, undefined].includes(pageProcess(program.child.pid)), {
        timeout: 30_000,
        what: "another process draws the page",
      });
      const made = join(workspace.path, "made.txt");
      assert.ok(!existsSync(made));
      // The card of the new page is approved by its key, which counts as soon as the card is armed.
      const approve = async () => {
        await xdotool("windowactivate", "--sync", id);
        await xdotool("key", "ctrl+Return");
        return existsSync(made);
      };
      await until(approve, { timeout: 90_000, every: 1_500, what: "the card is there and is approved" });
      await until(() => model.results().has("toolu_exec"), { timeout: 60_000, what: "the run goes on" });
      program.expectAlive();
    } finally {
      await program.end();
    }
  },
);
