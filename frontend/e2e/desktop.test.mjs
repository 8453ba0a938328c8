// The program among others of the desktop: a second start, windows side by side, a page whose process dies, the bell,
// files that are handed to other programs.

import assert from "node:assert/strict";
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { APP, filesBelow, makeWorkspace, processesWith, xdotool } from "./app.mjs";
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

/** Listens to the display's bell: gives what tells how often it rang. */
async function listenToBell(folder) {
  const config = join(folder, "bells");
  const display = await startDisplay();
  // The listener rings a bell of this name itself as soon as it hears.
  const bells = ['Bell() shell "echo rang"', 'Bell("ImAlive") shell "echo listens"', 'Bell("mark") shell "echo mark"'];
  writeFileSync(config, `${bells.join("\n")}\n`);
  const listener = new Process("bells", "xkbevd", ["-cfg", config], { ...process.env, DISPLAY: display });
  const heard = (word) => {
    listener.expectAlive();
    return readFileSync(listener.log, "utf8")
      .split("\n")
      .filter((line) => line === word).length;
  };
  await until(() => heard("listens") > 0, { what: "the bell is listened to" });
  let marks = 0;
  return {
    /** How often it rang until now. The display tells of bells in their order, so none before the mark is missed. */
    async rings() {
      await output("xkbbell", ["mark"], display);
      marks += 1;
      await until(() => heard("mark") === marks, { what: "the mark is heard" });
      return heard("rang");
    },
    end: () => listener.end(),
  };
}

windowTest(
  "a card that begins to wait in a window behind others rings the bell where that is wished, and else does not",
  {
    script: [
      {
        text: "Now one.",
        tools: [{ id: "toolu_one", name: "exec", input: { command: "until [ -e go ]; do sleep 0.1; done" } }],
      },
      asks,
      { text: "Done." },
    ],
  },
  async ({ app, workspace }) => {
    const bell = await listenToBell(workspace.outside);
    try {
      const first = await windowOf("project - Countersign");
      assert.equal(await app.startAgain(), 0);
      const other = await windowOf("^Countersign");
      await app.sendTask("Do it.");
      await xdotool("windowactivate", "--sync", other);
      const card = await app.card("exec");
      // The title is set after the bell would have been rung.
      await windowOf("\\(1\\) project - Countersign");
      assert.equal(await bell.rings(), 0, "sounds are off unless asked for");

      assert.equal(await submit(app, { type: "set_setting", key: "sounds", value: "true" }), null);
      await xdotool("windowactivate", "--sync", first);
      await app.press(card.approval, "approve");
      await windowOf("^project - Countersign");
      await xdotool("windowactivate", "--sync", other);
      assert.equal(await bell.rings(), 0, "nothing waits");
      writeFileSync(join(workspace.path, "go"), "");
      await app.card("exec", { other: card.approval });
      await windowOf("\\(1\\) project - Countersign");
      assert.equal(await bell.rings(), 1, "a card rings once");
    } finally {
      await bell.end();
      await quit(app);
    }
  },
);

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

/** Starts the program without WebDriver, which does not outlive the page's process; gives its window, with the page. */
async function startAlone(app, title) {
  // The display takes a killed program's window away only after the program is gone.
  await until(async () => (await windows("Countersign")).length === 0, { what: "the killed program's window is gone" });
  const program = new Process("program", APP, app.given, app.env);
  try {
    const id = await windowOf(title);
    // Once it has drawn something: a process that dies while it starts ends the whole program, by WebKit's own word.
    const colours = async () => output("import", ["-window", id, "-format", "%k", "info:"], await startDisplay());
    await until(async () => Number(await colours()) > 30, { timeout: 60_000, what: "the page is painted" });
    return { program, id };
  } catch (error) {
    await program.end();
    throw error;
  }
}

/** Kills the process that draws the page; gives its id. */
function killPage(program) {
  const page = pageProcess(program.child.pid);
  assert.ok(page, "the page has a process");
  process.kill(page, "SIGKILL");
  return page;
}

/** Waits until another process than this one draws the page. */
function drawnAnew(program, before) {
  return until(
    () => {
      program.expectAlive();
      return ![before, undefined].includes(pageProcess(program.child.pid));
    },
    { timeout: 30_000, what: "another process draws the page" },
  );
}

/** Approves the card of the page by its key, which counts as soon as the card is armed. */
function approveByKey(id, made) {
  const approve = async () => {
    await xdotool("windowactivate", "--sync", id);
    await xdotool("key", "ctrl+Return");
    return existsSync(made);
  };
  return until(approve, { timeout: 90_000, every: 1_500, what: "the card is there and is approved" });
}

/** A window that nothing drives, with the card of a run that was cut off. */
async function aloneWithCard(app) {
  await app.sendTask("Do it.");
  await app.card("exec");
  await app.kill();
  return startAlone(app, `\\(1\\) project - Countersign`);
}

windowTest(
  "a page whose process was killed is there again, with its card",
  { script: [asks, { text: "Done." }] },
  async ({ app, model, workspace }) => {
    const { program, id } = await aloneWithCard(app);
    try {
      await drawnAnew(program, killPage(program));
      const made = join(workspace.path, "made.txt");
      assert.ok(!existsSync(made));
      await approveByKey(id, made);
      await until(() => model.results().has("toolu_exec"), { timeout: 60_000, what: "the run goes on" });
      program.expectAlive();
    } finally {
      await program.end();
    }
  },
);

windowTest(
  "a page whose process dies for the fourth time within minutes is there again once the person was told",
  { script: [asks, { text: "Done." }] },
  async ({ app, model, workspace }) => {
    const { program, id } = await aloneWithCard(app);
    const told = "^The window's page ended several times";
    const made = join(workspace.path, "made.txt");
    try {
      for (const word of ["wordone", "wordtwo", "wordthree"]) {
        await drawnAnew(program, killPage(program));
        // The new page works: what is typed into its message box is stored.
        const stored = async () => {
          await xdotool("windowactivate", "--sync", id);
          await xdotool("key", "ctrl+l");
          await xdotool("type", "--delay", "20", `${word} `);
          return (await filesBelow(app.dataDir)).some((file) => file.bytes.includes(word));
        };
        await until(stored, { timeout: 60_000, every: 1_000, what: "the new page takes words" });
        assert.deepEqual(await windows(told), [], "it is loaded unasked");
      }
      const last = killPage(program);
      const dialog = await windowOf(told);
      await until(() => pageProcess(program.child.pid) === undefined, { what: "the page is not loaded before" });
      assert.ok(!existsSync(made), "nothing was approved");
      await xdotool("windowactivate", "--sync", dialog);
      await xdotool("key", "Return");
      await until(async () => (await windows(told)).length === 0, { what: "the dialog is closed" });
      await drawnAnew(program, last);
      assert.ok(!existsSync(made), "the key was for the dialog");
      await approveByKey(id, made);
      await until(() => model.results().has("toolu_exec"), { timeout: 60_000, what: "the run goes on" });
    } finally {
      await program.end();
    }
  },
);
