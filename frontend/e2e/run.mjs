// Runs the tests of the real window: `node run.mjs [FILE.test.mjs ...]`, all where none is named.

import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, readdirSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { APP, DRAG_SOURCE, MODEL } from "./app.mjs";
import { endAll, LOGS, OUT, shootDisplay, startDisplay, TARGET } from "./display.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
/** A file that takes longer than this hangs. */
const PATIENCE = 15 * 60_000;

function missing() {
  const runs = (path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  };
  const inPath = (name) => (process.env.PATH ?? "").split(delimiter).some((folder) => runs(join(folder, name)));
  const driver = process.env.TAURI_DRIVER ?? join(TARGET, "tools", "bin", "tauri-driver");
  const native = process.env.WEBKIT_DRIVER ?? "/usr/bin/WebKitWebDriver";
  const list = [];
  if (!runs(APP)) list.push(`${APP}: build the page, then the program with the feature custom-protocol`);
  if (!runs(MODEL)) list.push(`${MODEL}: cargo build -p countersign-testkit`);
  if (!runs(DRAG_SOURCE)) list.push(`${DRAG_SOURCE}: cargo build -p countersign --example drag_source`);
  if (!runs(driver)) list.push(`${driver}: cargo install tauri-driver --locked --root ${join(TARGET, "tools")}`);
  if (!runs(native)) list.push(`${native}: package webkit2gtk-driver`);
  for (const name of ["Xvfb", "openbox", "xdotool", "xkbevd", "xkbbell", "import", "pgrep"])
    if (!inPath(name)) list.push(name);
  return list;
}

/** Runs one file; gives its exit code. */
async function runFile(file, display) {
  const name = basename(file);
  const child = spawn(process.execPath, ["--test", "--test-reporter=spec", file], {
    env: { ...process.env, E2E_DISPLAY: display },
    stdio: ["ignore", "inherit", "inherit"],
  });
  let late = false;
  const timer = setTimeout(async () => {
    late = true;
    console.error(`${name}: no end within ${PATIENCE / 60_000} minutes`);
    await shootDisplay(join(OUT, `${name}.png`)).catch((error) => console.error(error.message));
    child.kill("SIGTERM");
  }, PATIENCE);
  const code = await new Promise((done) => {
    child.once("error", (error) => {
      console.error(`${name}: ${error.message}`);
      done(1);
    });
    child.once("exit", (status) => done(status ?? 1));
  });
  clearTimeout(timer);
  return late ? 1 : code;
}

async function main() {
  const named = process.argv.slice(2).map((file) => resolve(file));
  const files =
    named.length > 0
      ? named
      : readdirSync(HERE)
          .filter((name) => name.endsWith(".test.mjs"))
          .sort()
          .map((name) => join(HERE, name));
  const lacking = missing();
  if (lacking.length > 0) {
    console.error(`These are missing:\n  ${lacking.join("\n  ")}`);
    return 2;
  }
  mkdirSync(OUT, { recursive: true });
  const display = await startDisplay();
  console.log(`${files.length} files on display ${display}; logs in ${LOGS}`);
  const failed = [];
  for (const [index, file] of files.entries()) {
    const started = Date.now();
    console.log(`\n[${index + 1}/${files.length}] ${basename(file)}`);
    const code = await runFile(file, display);
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    console.log(`[${index + 1}/${files.length}] ${basename(file)}: ${code === 0 ? "ok" : "FAILED"} in ${seconds} s`);
    if (code !== 0) failed.push(basename(file));
  }
  console.log(failed.length === 0 ? "\nall passed" : `\nfailed: ${failed.join(", ")} (traces in ${OUT})`);
  return failed.length === 0 ? 0 : 1;
}

let code = 1;
try {
  code = await main();
} catch (error) {
  console.error(error);
} finally {
  await endAll();
}
process.exit(code);
