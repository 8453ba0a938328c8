// Numbers: of processes from /proc, and of lists of measurements.

import { readdirSync, readFileSync } from "node:fs";

/** Ticks of the processor's clock a second, as Linux tells them to programs. */
const TICKS = 100;

export function sorted(values) {
  return [...values].sort((a, b) => a - b);
}

/** The value that this share of the values does not exceed. */
export function percentile(values, share) {
  const all = sorted(values);
  return all[Math.min(all.length - 1, Math.max(0, Math.ceil(all.length * share) - 1))] ?? Number.NaN;
}

export function median(values) {
  const all = sorted(values);
  const middle = all.length >> 1;
  return all.length % 2 === 1 ? all[middle] : (all[middle - 1] + all[middle]) / 2;
}

/** A process and all below it, with their names. */
export function processTree(root) {
  const children = new Map();
  const names = new Map();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = read(`/proc/${entry}/stat`);
    if (stat === null) continue;
    const end = stat.lastIndexOf(")");
    const parent = Number(stat.slice(end + 2).split(" ")[1]);
    names.set(Number(entry), stat.slice(stat.indexOf("(") + 1, end));
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found = [];
  for (const next = [root]; next.length > 0; ) {
    const pid = next.pop();
    if (!names.has(pid)) continue;
    found.push({ pid, name: names.get(pid) });
    next.push(...(children.get(pid) ?? []));
  }
  return found;
}

/** What the processes hold in memory, in megabytes: shared pages counted in each (RSS) and by share (PSS). */
export function memoryOf(processes) {
  const sum = { rss: 0, pss: 0 };
  for (const { pid } of processes) {
    const rollup = read(`/proc/${pid}/smaps_rollup`) ?? "";
    sum.rss += kilobytes(rollup, "Rss") / 1024;
    sum.pss += kilobytes(rollup, "Pss") / 1024;
  }
  return sum;
}

/** Seconds that the processes were on a processor. */
export function cpuOf(processes) {
  let ticks = 0;
  for (const { pid } of processes) {
    const stat = read(`/proc/${pid}/stat`);
    if (stat === null) continue;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / TICKS;
}

/** How many processes wanted a processor in the last minute. */
export function load() {
  return Number((read("/proc/loadavg") ?? "0").split(" ")[0]);
}

function kilobytes(rollup, name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0);
}

/** The text of a file of /proc; null where its process is gone. */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
