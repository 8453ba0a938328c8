// A display of its own for the tests: Xvfb, a window manager on it, and tauri-driver per start of the program.

import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Fatal, until } from "./webdriver.mjs";

/** The checkout. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
/** Where cargo builds. */
export const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
/** Where pictures of failures go; the logs lie in `logs` below. */
export const OUT = join(TARGET, "e2e");
export const LOGS = join(OUT, "logs");

const TAURI_DRIVER = process.env.TAURI_DRIVER ?? join(TARGET, "tools", "bin", "tauri-driver");
const NATIVE_DRIVER = process.env.WEBKIT_DRIVER ?? "/usr/bin/WebKitWebDriver";

const running = [];
let spawned = 0;

/** A process whose output goes to a file and which `end` stops by SIGTERM; `more` are its descriptors from 3 on. */
export class Process {
  constructor(name, program, args, env, more = []) {
    mkdirSync(LOGS, { recursive: true });
    spawned += 1;
    this.name = name;
    this.log = join(LOGS, `${process.pid}-${spawned}-${name}.log`);
    const log = openSync(this.log, "w");
    this.child = spawn(program, args, { env, stdio: ["ignore", log, log, ...more] });
    closeSync(log);
    this.failure = null;
    this.ended = new Promise((resolve) => {
      this.child.once("exit", () => resolve());
      this.child.once("error", (error) => {
        this.failure = error;
        resolve();
      });
    });
    running.push(this);
  }

  get alive() {
    return this.failure === null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Fails where the process is no longer there. */
  expectAlive() {
    if (this.alive) return;
    const why = this.failure?.message ?? `exit ${this.child.exitCode ?? this.child.signalCode}`;
    const last = this.failure ? "" : readFileSync(this.log, "utf8").trim().slice(-600);
    throw new Fatal(`${this.name} is not running (${why}); ${this.log} ends: ${last}`);
  }

  /** Asks it to end and waits; killed after `patience` milliseconds, so that no test hangs on it. */
  async end(patience = 8_000) {
    const at = running.indexOf(this);
    if (at >= 0) running.splice(at, 1);
    if (!this.alive) return;
    this.child.kill("SIGTERM");
    const late = setTimeout(() => this.child.kill("SIGKILL"), patience);
    await this.ended;
    clearTimeout(late);
  }
}

/** Ends all that is left, the newest first. */
export async function endAll() {
  while (running.length > 0) await running[running.length - 1].end();
}

process.on("exit", () => {
  for (const left of running.splice(0).reverse()) left.child.kill("SIGTERM");
});
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]) {
  process.once(signal, () => {
    endAll().finally(() => process.exit(code));
  });
}

/** A port nobody listens on at the moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

let display = null;

/** Starts Xvfb and openbox, once; gives the display's name. `E2E_DISPLAY` takes one that is there already. */
export async function startDisplay({ width = 1440, height = 900 } = {}) {
  if (display) return display;
  if (process.env.E2E_DISPLAY) {
    display = process.env.E2E_DISPLAY;
    return display;
  }
  for (let tries = 3; ; tries -= 1) {
    try {
      const name = await startServer(width, height);
      await startManager(name);
      display = name;
      return display;
    } catch (error) {
      await endAll();
      if (tries === 1) throw error;
      console.error(`no display yet: ${error.message}`);
    }
  }
}

/**
 * Starts Xvfb and gives the name of its display. The server picks a free number and writes it once it takes
 * connections (`-displayfd`), not before. It must not start afresh when its last client goes (`-noreset`): that
 * would cut off the window manager where it connects just as what asks for it leaves.
 */
async function startServer(width, height) {
  mkdirSync(LOGS, { recursive: true });
  const told = join(LOGS, `${process.pid}-display`);
  const fd = openSync(told, "w");
  const screen = ["-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp", "-noreset"];
  const server = new Process("xvfb", "Xvfb", ["-displayfd", "3", ...screen], process.env, [fd]);
  closeSync(fd);
  const number = await until(
    () => {
      server.expectAlive();
      const text = readFileSync(told, "utf8");
      return text.endsWith("\n") ? text.trim() : null;
    },
    { timeout: 30_000, what: "Xvfb" },
  );
  return `:${number}`;
}

/** Starts openbox on a display and waits until it manages it. */
async function startManager(name) {
  const manager = new Process("openbox", "openbox", [], { ...process.env, DISPLAY: name });
  await until(
    async () => {
      manager.expectAlive();
      return (await output("xprop", ["-root", "_NET_SUPPORTING_WM_CHECK"], name)).includes("window id");
    },
    { timeout: 30_000, what: "a window manager on the display" },
  );
}

/** Starts tauri-driver with this environment, which the program it starts gets too. */
export async function startDriver(env) {
  if (!existsSync(TAURI_DRIVER)) {
    throw new Error(`no tauri-driver at ${TAURI_DRIVER}; install it or set TAURI_DRIVER`);
  }
  const port = await freePort();
  let native = await freePort();
  while (native === port) native = await freePort();
  const args = ["--port", `${port}`, "--native-port", `${native}`, "--native-driver", NATIVE_DRIVER];
  const driver = new Process("tauri-driver", TAURI_DRIVER, args, env);
  const base = `http://127.0.0.1:${port}`;
  return { driver, base };
}

/** What a program prints, run on a display; fails with what it said on stderr. */
export function output(program, args, onDisplay) {
  return new Promise((resolve, reject) => {
    const env = onDisplay ? { ...process.env, DISPLAY: onDisplay } : process.env;
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const told = { stdout: "", stderr: "" };
    child.stdout.on("data", (data) => (told.stdout += data));
    child.stderr.on("data", (data) => (told.stderr += data));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(told.stdout);
      else reject(new Error(`${program} ${args.join(" ")}: exit ${code}: ${told.stderr.trim()}`));
    });
  });
}

/** A picture of the whole display, also of what is no web page. */
export async function shootDisplay(path) {
  mkdirSync(dirname(path), { recursive: true });
  await output("import", ["-window", "root", path], display ?? process.env.DISPLAY);
}
