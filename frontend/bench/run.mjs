// Measures the window: `node run.mjs [SCENARIO ...]`, all where none is named. BENCH_RUNS sets how often (5).

import { existsSync, readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { MODEL } from "../e2e/app.mjs";
import { endAll } from "../e2e/display.mjs";
import { load, median, sorted } from "./figures.mjs";
import { burst, diff, output, stream, tree } from "./load.mjs";
import { idle, start } from "./start.mjs";
import { APP, BARE, CLI } from "./windows.mjs";

const SCENARIOS = {
  start: [start, "Start"],
  idle: [idle, "Left alone"],
  stream: [stream, "1,000 tokens a second below 2,000 messages"],
  diff: [diff, "A card for a file of 50,000 lines"],
  tree: [tree, "Opening 100,000 files"],
  burst: [burst, "10,000 files changed at once"],
  output: [output, "200 MB of a command's output"],
};

const number = (value) => (Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(Math.abs(value) < 100 ? 1 : 0));

/** One row of the table: the median, its spread, the bare window's, the ratio, the goal and whether it is met. */
function line({ what, unit, values, bare, goal, most }) {
  const ours = median(values);
  const all = sorted(values);
  const spread = `${number(all[0])} to ${number(all.at(-1))}`;
  const beside = bare ? number(median(bare)) : "";
  const ratio = bare && goal ? ours / median(bare) : null;
  let wanted = "";
  let met = true;
  if (goal) {
    wanted = `${goal} x bare`;
    met = ratio <= goal;
  } else if (most !== undefined && most !== null) {
    wanted = `${most} ${unit}`.trim();
    met = ours <= most;
  }
  const verdict = wanted === "" ? "" : met ? "met" : "MISSED";
  return [
    `${what}${unit ? `, ${unit}` : ""}`,
    number(ours),
    spread,
    beside,
    ratio ? ratio.toFixed(2) : "",
    wanted,
    verdict,
  ];
}

function print(title, rows) {
  const head = [title, "median", "spread", "bare", "x bare", "goal", ""];
  const lines = [head, head.map(() => "---"), ...rows.map(line)];
  const widths = head.map((_, at) => Math.max(...lines.map((cells) => cells[at].length)));
  console.log("");
  for (const cells of lines) console.log(`| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`);
  console.log("");
}

async function main() {
  const runs = Number(process.env.BENCH_RUNS ?? 5);
  if (!Number.isInteger(runs) || runs < 1) throw new Error("BENCH_RUNS is to be a number from 1");
  const named = process.argv.slice(2);
  const names = named.length > 0 ? named : Object.keys(SCENARIOS);
  for (const name of names) {
    if (!SCENARIOS[name]) throw new Error(`${name} is not one of ${Object.keys(SCENARIOS).join(", ")}`);
  }
  for (const program of [APP, BARE, CLI, MODEL]) {
    if (!existsSync(program)) throw new Error(`no program at ${program}`);
  }
  const memory = Number(/MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) / 1024 / 1024;
  console.log(
    `${cpus().length} cores, ${cpus()[0]?.model}, ${memory.toFixed(0)} GB, Linux ${release()}; load ${load()}; ${runs} runs`,
  );
  const began = Date.now();
  const tables = [];
  for (const name of names) {
    const [measure, title] = SCENARIOS[name];
    const seconds = () => `${((Date.now() - began) / 1000).toFixed(0)} s, load ${load()}`;
    console.log(`\n${title} (${seconds()})`);
    const rows = await measure(runs, (words) => console.log(`  ${words} (${seconds()})`));
    tables.push([title, rows]);
    print(title, rows);
  }
  if (tables.length > 1) {
    console.log(`\nAll, after ${((Date.now() - began) / 1000).toFixed(0)} s:`);
    for (const [title, rows] of tables) print(title, rows);
  }
}

let code = 0;
try {
  await main();
} catch (error) {
  console.error(error);
  code = 1;
} finally {
  await endAll();
}
process.exit(code);
