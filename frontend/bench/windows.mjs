// Windows to measure: ours and the bare one, started in the same way and with the same environment.

import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { APP, environment, foldersIn, removeFolder, startApp, tempFolder } from "../e2e/app.mjs";
import { Process, startDisplay, TARGET } from "../e2e/display.mjs";
import { pause, until } from "../e2e/webdriver.mjs";
import { processTree } from "./figures.mjs";

export const BARE = process.env.BENCH_BARE ?? join(TARGET, "release", "examples", "bare_window");
export const CLI = process.env.BENCH_CLI ?? join(TARGET, "release", "countersign-cli");
export { APP };

/** How many processes a window has: the program, and WebKit's for the network and for the page. */
const PROCESSES = 3;

/**
 * Starts a window under WebDriver. The program is begun by a script that writes down the time and then becomes
 * the program, so that times of the page can be told from the moment of `exec`.
 */
export async function driven({ program = APP, home = tempFolder("bench"), env, ...more } = {}) {
  const stamp = join(home, "stamp");
  const start = join(home, "start.sh");
  writeFileSync(start, '#!/bin/sh\ndate +%s%N > "$BENCH_STAMP"\nexec "$BENCH_PROGRAM" "$@"\n');
  chmodSync(start, 0o700);
  const given = { ...env, BENCH_STAMP: stamp, BENCH_PROGRAM: program };
  const app = await startApp({ ...more, home, program: start, env: given });
  /** When the program was begun, in milliseconds since 1970. */
  app.begun = Number(readFileSync(stamp, "utf8")) / 1e6;
  return app;
}

/** Starts a window by itself, as a person does; gives its processes once the page has one. */
export async function plain({ program = APP, args = [], modelUrl, home = tempFolder("bench") } = {}) {
  const { dataDir, config } = foldersIn(home);
  const env = environment({ home, display: await startDisplay(), modelUrl });
  const own = program === APP ? ["--data-dir", dataDir, "--config", config] : [];
  const child = new Process("window", program, [...args, ...own], env);
  const processes = () => {
    child.expectAlive();
    return processTree(child.child.pid);
  };
  await until(() => processes().length >= PROCESSES, { timeout: 30_000, what: `${PROCESSES} processes of the window` });
  return {
    processes,
    async end() {
      await child.end();
      await removeFolder(home);
    },
  };
}

/** The processes of a driven window. */
export async function processesOf(app) {
  const pid = await until(() => processTree(app.driver.child.pid).find((one) => isProgram(one))?.pid, {
    what: "the program is among the driver's processes",
  });
  return processTree(pid);
}

function isProgram({ name }) {
  // The kernel keeps the first 15 letters of a name.
  return [APP, BARE].some((path) => path.split("/").at(-1).slice(0, 15) === name);
}

/** Lets the machine come to rest between two windows. */
export function rest() {
  return pause(300);
}
