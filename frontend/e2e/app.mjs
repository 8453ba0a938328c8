// The program under test with its scripted model, and the few things a person does in its window.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { OUT, output, Process, shootDisplay, startDisplay, startDriver, TARGET } from "./display.mjs";
import { Fatal, Keys, newSession, TEXT_OF, until } from "./webdriver.mjs";

export const APP = process.env.E2E_APP ?? join(TARGET, "debug", "countersign");
export const MODEL = process.env.E2E_MODEL ?? join(TARGET, "debug", "scripted-model");
/** What is dragged onto the window comes from here. */
export const DRAG_SOURCE = process.env.E2E_DRAG_SOURCE ?? join(TARGET, "debug", "examples", "drag_source");

/** What the model server is told; nothing of it may be seen anywhere else. */
export const KEY = "sk-ant-e2e-4f1c0ffee5";

/** A new folder of this test's own. */
export function tempFolder(name) {
  return mkdtempSync(join("/var/tmp", `countersign-e2e-${name}-`));
}

/** Removes a folder; a process on its way out may still write to it for a moment. */
export async function removeFolder(path) {
  await until(
    () => {
      try {
        rmSync(path, { recursive: true, force: true });
        return true;
      } catch (error) {
        if (error.code === "ENOTEMPTY") return false;
        throw new Fatal(error.message);
      }
    },
    { timeout: 15_000, what: `${path} is removed` },
  );
}

/** A workspace with these files (name to text), and an empty folder beside it. */
export function makeWorkspace(files = {}) {
  const parent = tempFolder("ws");
  const path = join(parent, "project");
  const outside = join(parent, "outside");
  mkdirSync(path);
  mkdirSync(outside);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return { path, outside, remove: () => removeFolder(parent) };
}

/** Starts the scripted model with these replies, or with the seed task. */
export async function startModel(script = "seed", { repeat = false } = {}) {
  if (!existsSync(MODEL)) throw new Error(`no scripted model at ${MODEL}; build countersign-testkit`);
  const folder = tempFolder("model");
  const record = join(folder, "record.jsonl");
  const args = ["--port", "0", "--record", record];
  if (script === "seed") {
    args.unshift("--seed-task");
  } else {
    const file = join(folder, "script.json");
    writeFileSync(file, JSON.stringify(script));
    args.unshift("--script", file);
  }
  if (repeat) args.push("--repeat");
  const server = new Process("model", MODEL, args, process.env);
  const url = await until(
    () => {
      if (!server.alive) throw new Fatal(`the scripted model ended: ${readFileSync(server.log, "utf8")}`);
      return /^listening (\S+)$/m.exec(readFileSync(server.log, "utf8"))?.[1];
    },
    { timeout: 10_000, what: "the scripted model listens" },
  );
  const model = {
    url,
    /** The requests so far as they came, each with its `problems`. */
    requests() {
      if (!existsSync(record)) return [];
      const text = readFileSync(record, "utf8");
      const lines = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
      return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
    },
    raw: () => (existsSync(record) ? readFileSync(record, "utf8") : ""),
    problems: () => model.requests().flatMap((request) => request.problems),
    /** What the model was told of its tool calls, by the call's id, as text. */
    results() {
      const results = new Map();
      for (const request of model.requests()) {
        for (const message of request.messages ?? []) {
          if (!Array.isArray(message.content)) continue;
          for (const block of message.content) {
            if (block.type === "tool_result") results.set(block.tool_use_id, resultText(block.content));
          }
        }
      }
      return results;
    },
    async end() {
      await server.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return model;
}

function resultText(content) {
  if (typeof content === "string") return content;
  return (content ?? []).map((block) => block.text ?? "").join("\n");
}

/** All texts in a tool's result, so that words are compared as the model reads them, not as JSON writes them. */
export function wordsOf(result) {
  try {
    const words = [];
    const walk = (value) => {
      if (typeof value === "string") words.push(value);
      else if (value !== null && typeof value === "object") Object.values(value).forEach(walk);
    };
    walk(JSON.parse(result));
    return words.length > 0 ? words.join("\n") : result;
  } catch {
    return result;
  }
}

/** Makes the folders of a home of its own; gives them. */
export function foldersIn(home) {
  const folder = (name) => {
    const path = join(home, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  return { dataDir: folder("data"), config: join(folder("settings"), "config.toml"), folder };
}

/** The environment of a program on the tests' display, with nothing of whoever runs them. */
export function environment({ home, display, modelUrl, key = KEY, more = {} }) {
  const { folder } = foldersIn(home);
  const env = { ...process.env };
  for (const name of Object.keys(env)) {
    // Nothing of whoever runs the tests: no keys, no other display, no session bus with portals.
    if (/_API_KEY$|_BASE_URL$|^WAYLAND_|^DBUS_|^WEBKIT_|^NODE_/.test(name)) delete env[name];
  }
  Object.assign(env, {
    DISPLAY: display,
    GDK_BACKEND: "x11",
    // No session bus: one would be started by itself, with a portal that mounts a folder below HOME.
    DBUS_SESSION_BUS_ADDRESS: "disabled:",
    GSETTINGS_BACKEND: "memory",
    GIO_USE_VFS: "local",
    NO_AT_BRIDGE: "1",
    // There is no graphics card here: what is drawn as for one is compiled first, for seconds on a busy machine,
    // and no frame comes meanwhile. What is still compiled, the next window has then.
    WEBKIT_SKIA_ENABLE_CPU_RENDERING: "1",
    MESA_SHADER_CACHE_DIR: join(OUT, "shaders"),
    LC_ALL: "C.UTF-8",
    HOME: home,
    XDG_CONFIG_HOME: folder("config"),
    XDG_DATA_HOME: folder("share"),
    XDG_STATE_HOME: folder("state"),
    XDG_CACHE_HOME: folder("cache"),
    XDG_RUNTIME_DIR: folder("run"),
  });
  if (modelUrl) {
    env.ANTHROPIC_BASE_URL = modelUrl;
    env.ANTHROPIC_API_KEY = key;
  }
  return Object.assign(env, more);
}

/** Starts the program's window. Everything it keeps lies in a folder of its own: a new one, or `home`. */
export async function startApp({ workspace, modelUrl, key, args = [], env: more, home: kept, program = APP } = {}) {
  if (!existsSync(program)) throw new Error(`no program at ${program}; build it with its page`);
  const display = await startDisplay();
  const home = kept ?? tempFolder("home");
  const { dataDir, config } = foldersIn(home);
  const env = environment({ home, display, modelUrl, key, more });
  const { driver, base } = await startDriver(env);
  const given = [...(workspace ? [workspace] : []), "--data-dir", dataDir, "--config", config, ...args];
  try {
    const session = await newSession(base, {
      alwaysMatch: { browserName: "wry", "tauri:options": { application: program, args: given } },
    });
    const app = new App({ session, driver, home, dataDir, given, env });
    await app.page.shown("[data-testid=welcome], [data-testid=transcript]", {
      timeout: 30_000,
      what: "the window shows the welcome screen or a workspace",
    });
    return app;
  } catch (error) {
    await shootDisplay(join(OUT, "start.png")).catch(() => {});
    await driver.end();
    await removeFolder(home);
    throw new Error(`${error.message}; see ${driver.log}`);
  }
}

/** A CSS selector for a `data-testid`; `more` are further conditions on the same element. */
export function testId(id, more = "") {
  return `[data-testid=${id}]${more}`;
}

/** The open window. */
export class App {
  constructor({ session, driver, home, dataDir, given, env }) {
    this.page = session;
    this.driver = driver;
    this.home = home;
    this.dataDir = dataDir;
    this.given = given;
    this.env = env;
    this.ends = 0;
  }

  /** Waits for the element and gives it. */
  byTestId(id, more = "", options = {}) {
    return this.page.shown(testId(id, more), options);
  }

  clickOn(id, more = "", options = {}) {
    return this.page.click(testId(id, more), options);
  }

  /** Writes into the message box and sends, as a person does. */
  async sendTask(text) {
    this.ends = (await this.state()).ends;
    const before = (await this.messages("user")).length;
    const box = await until(
      async () => {
        const composer = await this.page.find(testId("composer"));
        return (await composer.enabled()) ? composer : null;
      },
      { what: "the message box can be written in" },
    );
    await box.click();
    await box.type(text);
    await this.clickOn("send", ":not([disabled])");
    await until(async () => (await this.messages("user")).length > before, { what: "the message is in the chat" });
  }

  /** The open cards, those first that stand first in the page. */
  cards() {
    return this.page.execute(
      `${TEXT_OF} return [...document.querySelectorAll('[data-testid=card]')].map((card) =>
        ({ approval: card.dataset.approval, kind: card.dataset.kind, text: textOf(card) }))`,
    );
  }

  /** Waits for a card of this kind (any, where none is told) and gives it; `other` is an approval it must not be. */
  card(kind, { other, ...options } = {}) {
    const name = kind ? `a card of kind ${kind}` : "a card";
    return until(
      async () => (await this.cards()).find((one) => (!kind || one.kind === kind) && one.approval !== other),
      { timeout: 30_000, what: other ? `${name} other than ${other}` : name, ...options },
    );
  }

  /** Waits for the next card, or for the run's end; gives the card, or null at the end. */
  async cardOrEnd() {
    const next = await until(
      async () => {
        const [card] = await this.cards();
        if (card) return card;
        const state = await this.state();
        return !state.running && state.ends > this.ends ? "over" : null;
      },
      { timeout: 60_000, what: "a card, or the run's end" },
    );
    return next === "over" ? null : next;
  }

  /** Waits until a button of the card takes clicks, and gives it. */
  armed(approval, button = "approve") {
    const css = `${testId("card", `[data-approval="${approval}"]`)} ${testId(button, "[data-armed=true][aria-disabled=false]")}`;
    return this.page.shown(css, { what: `${button} of the card ${approval} takes clicks` });
  }

  /** Clicks a button of the card, once, as soon as it takes clicks. */
  async press(approval, button) {
    await (await this.armed(approval, button)).click();
  }

  /** Approves the next card of this kind with one click; gives the card as it was. */
  async approve(kind, options = {}) {
    const card = await this.card(kind, options);
    await this.press(card.approval, "approve");
    await this.page.gone(testId("card", `[data-approval="${card.approval}"]`), {
      what: `the approved card ${card.approval} is gone`,
    });
    return card;
  }

  /** Denies the next card of this kind, with these words where there are any; `button` is what sends it. */
  async deny(kind, feedback = "", button = "deny-confirm") {
    const card = await this.card(kind);
    const of = testId("card", `[data-approval="${card.approval}"]`);
    await this.press(card.approval, "deny");
    if (feedback !== "")
      await (await this.page.shown(`${of} ${testId("deny-feedback")}`)).type(feedback.replaceAll("\n", Keys.enter));
    await this.press(card.approval, button);
    await this.page.gone(of, { what: `the denied card ${card.approval} is gone` });
    return card;
  }

  /** Sets the card in front aside with Escape, and waits until it stands in the tray. */
  async setAside(approval) {
    await this.page.shown(testId("card", `[data-approval="${approval}"]`));
    await this.page.press(Keys.escape);
    await this.byTestId("tray-card", `[data-approval="${approval}"]`);
    await this.page.gone(testId("card", `[data-approval="${approval}"]`), { what: "the card is out of the way" });
  }

  /** Takes a card up again that was set aside. */
  async takeUp(approval) {
    await this.clickOn("tray-card", `[data-approval="${approval}"]`);
    await this.page.shown(testId("card", `[data-approval="${approval}"]`));
    await this.page.gone(testId("tray-card", `[data-approval="${approval}"]`));
  }

  /** Counts cards from now on, also those that are gone again at once. */
  async countCards() {
    await this.page.execute(`
      window.e2eCards = document.querySelectorAll('[data-testid=card]').length;
      new MutationObserver((changes) => {
        for (const change of changes) for (const node of change.addedNodes) {
          if (node.nodeType !== 1) continue;
          if (node.matches('[data-testid=card]')) window.e2eCards += 1;
          window.e2eCards += node.querySelectorAll('[data-testid=card]').length;
        }
      }).observe(document.body, { childList: true, subtree: true });`);
    return () => this.page.execute("return window.e2eCards");
  }

  /** Whether a run is going, whether the message box is open, and how many runs have ended. */
  state() {
    return this.page.execute(`return {
      running: document.querySelector('[data-testid=stop]') !== null,
      writable: document.querySelector('[data-testid=composer]:not([disabled])') !== null,
      ends: document.querySelectorAll('[data-testid=transcript] .item.end').length,
    }`);
  }

  /** Waits until the run of the last message has ended. */
  finished({ timeout = 60_000, writable = true } = {}) {
    return until(
      async () => {
        const state = await this.state();
        return !state.running && state.ends > this.ends && (state.writable || !writable);
      },
      { timeout, what: "the run ended" },
    ).catch(async (error) => {
      const cards = (await this.cards()).map((card) => card.kind).join(", ");
      throw new Error(`${error.message}; open cards: ${cards || "none"}`);
    });
  }

  /** The texts of the messages of a role. */
  messages(role) {
    return this.page.execute(
      "return [...document.querySelectorAll('[data-testid=message][data-role=' + arguments[0] + ']')].map((one) => one.textContent)",
      [role],
    );
  }

  /** The tool rows: tool, state and text. */
  rows() {
    return this.page.execute(
      `return [...document.querySelectorAll('[data-testid=tool-row]')].map((row) =>
        ({ tool: row.dataset.tool, state: row.dataset.state, text: row.textContent }))`,
    );
  }

  /** Starts the program once more with the same folders of its own; gives its exit code. */
  async startAgain(...args) {
    const own = this.given.slice(this.given.indexOf("--data-dir"));
    const second = new Process("second", APP, [...args, ...own], this.env);
    await second.ended;
    return second.child.exitCode;
  }

  /** What the program and the drivers wrote to their outputs. */
  log() {
    return readFileSync(this.driver.log, "utf8");
  }

  /** Kills the program as a crash would, and keeps its folder for the next start. */
  async kill() {
    for (const pid of await processesWith(this.dataDir)) process.kill(Number(pid), "SIGKILL");
    await until(async () => (await processesWith(this.dataDir)).length === 0, { what: "the killed program is gone" });
    await this.page.deleteSession().catch(() => {});
    await this.driver.end();
  }

  /** Closes the window and everything that was started for it. */
  async end() {
    await this.page.deleteSession().catch(() => {}); // where the program is gone, there is nothing to close
    await this.driver.end();
    await endProcesses(this.dataDir);
    await removeFolder(this.home);
  }
}

/**
 * Ends what is left of the program. The driver closes the page, and with it not always the window: one that
 * stays would take the focus from the next test's.
 */
async function endProcesses(dataDir) {
  const since = Date.now();
  await until(
    async () => {
      const left = await processesWith(dataDir);
      for (const pid of left) {
        try {
          process.kill(Number(pid), Date.now() - since > 5_000 ? "SIGKILL" : "SIGTERM");
        } catch (error) {
          if (error.code !== "ESRCH") throw new Fatal(error.message);
        }
      }
      return left.length === 0;
    },
    { what: "the program has ended" },
  );
}

/** All files below a folder with their bytes. */
export async function filesBelow(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = [];
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    files.push({ path, bytes: await readFile(path) });
  }
  return files;
}

/** The ids of the processes whose command line has this in it. */
export function processesWith(text) {
  return new Promise((resolve, reject) => {
    const child = spawn("pgrep", ["-f", "--", text], { stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    child.stdout.on("data", (data) => (told += data));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code > 1) reject(new Error(`pgrep ended with ${code}`));
      else resolve(told.split("\n").filter((line) => line !== ""));
    });
  });
}

/** Runs xdotool on the tests' display. */
export async function xdotool(...args) {
  return (await output("xdotool", args, await startDisplay())).trim();
}
