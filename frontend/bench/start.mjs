// How long a window takes to be there, and what it takes while nothing happens; the bare window beside ours.

import { makeWorkspace, startModel } from "../e2e/app.mjs";
import { pause, until } from "../e2e/webdriver.mjs";
import { cpuOf, memoryOf } from "./figures.mjs";
import { BARE, driven, plain, rest } from "./windows.mjs";

/** How long a window is left alone before its memory is taken, and how long its use of the processor is. */
const SETTLE = 5_000;
const IDLE = 8_000;
const FILES = { "README.md": "# Shelf\n", "src/shelf.js": "export const books = [];\n" };

/** From `exec` to the first paint of a text and to the page's mark that it can be used. */
async function timesOf(app) {
  const told = await until(
    () =>
      app.page.execute(`
        const paint = performance.getEntriesByName("first-contentful-paint")[0];
        const usable = performance.getEntriesByName("usable")[0];
        if (!paint || !usable) return null;
        return { origin: performance.timeOrigin, paint: paint.startTime, usable: usable.startTime };`),
    { what: "the page has been drawn and can be used" },
  );
  return {
    page: told.origin - app.begun,
    paint: told.origin + told.paint - app.begun,
    usable: told.origin + told.usable - app.begun,
  };
}

async function timed(options) {
  const app = await driven(options);
  try {
    return await timesOf(app);
  } finally {
    await app.end();
    await rest();
  }
}

/** `start`: times of the bare window, of ours with its welcome screen, and of ours with a folder. */
export async function start(runs, say) {
  const workspace = makeWorkspace(FILES);
  const model = await startModel([{ text: "Nothing to do." }]);
  const of = { bare: [], welcome: [], folder: [] };
  try {
    for (let run = 1; run <= runs; run += 1) {
      of.bare.push(await timed({ program: BARE }));
      of.welcome.push(await timed({ modelUrl: model.url }));
      of.folder.push(await timed({ workspace: workspace.path, modelUrl: model.url }));
      const words = Object.entries(of).map(([name, all]) => {
        const last = all.at(-1);
        return `${name} ${last.paint.toFixed(0)}/${last.usable.toFixed(0)} ms`;
      });
      say(`${run}/${runs} first paint/usable: ${words.join(", ")}`);
    }
  } finally {
    await model.end();
    await workspace.remove();
  }
  const values = (name, what) => of[name].map((one) => one[what]);
  const rows = [];
  for (const what of ["page", "paint", "usable"]) {
    const words = { page: "exec to the page's begin", paint: "exec to first paint", usable: "exec to usable" }[what];
    const goal = what === "page" ? null : 1.25;
    const bare = values("bare", what);
    rows.push({ what: `${words}, welcome`, unit: "ms", values: values("welcome", what), bare, goal });
    rows.push({ what: `${words}, a folder`, unit: "ms", values: values("folder", what), bare, goal });
  }
  return rows;
}

async function idleOf(options) {
  const window = await plain(options);
  try {
    await pause(SETTLE);
    const before = cpuOf(window.processes());
    await pause(IDLE);
    const processes = window.processes();
    return { ...memoryOf(processes), cpu: ((cpuOf(processes) - before) / IDLE) * 1e5 };
  } finally {
    await window.end();
    await rest();
  }
}

/** `idle`: memory and use of the processor of a window that nobody touches. */
export async function idle(runs, say) {
  const workspace = makeWorkspace(FILES);
  const model = await startModel([{ text: "Nothing to do." }]);
  const of = { bare: [], folder: [] };
  try {
    for (let run = 1; run <= runs; run += 1) {
      of.bare.push(await idleOf({ program: BARE }));
      of.folder.push(await idleOf({ args: [workspace.path], modelUrl: model.url }));
      const words = Object.entries(of).map(([name, all]) => {
        const { pss, rss, cpu } = all.at(-1);
        return `${name} ${pss.toFixed(0)} MB PSS, ${rss.toFixed(0)} MB RSS, ${cpu.toFixed(2)} % CPU`;
      });
      say(`${run}/${runs} ${words.join("; ")}`);
    }
  } finally {
    await model.end();
    await workspace.remove();
  }
  const pair = (what) => ({ values: of.folder.map((one) => one[what]), bare: of.bare.map((one) => one[what]) });
  return [
    { what: "idle memory, PSS", unit: "MB", ...pair("pss"), goal: 1.25 },
    { what: "idle memory, RSS", unit: "MB", ...pair("rss"), goal: 1.25 },
    { what: "idle CPU of one core", unit: "%", ...pair("cpu"), most: 1 },
  ];
}
