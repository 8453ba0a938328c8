// What the window does under load: a fast model, a huge file, many files, much output.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeWorkspace, startModel, tempFolder } from "../e2e/app.mjs";
import { pause, until } from "../e2e/webdriver.mjs";
import { memoryOf } from "./figures.mjs";
import { framesOf, shownOf, summary, watchFor, watchFrames } from "./frames.mjs";
import { SESSION, session } from "./session.mjs";
import { BARE, CLI, driven, processesOf, rest } from "./windows.mjs";

const MESSAGES = 2_000;
const RATE = 1_000;
const STREAM_SECONDS = 10;
const LINES = 50_000;
const FILES = 100_000;
const CHANGED = 10_000;
const OUTPUT = 200_000_000;

/** Runs `measure` in a window of its own each time, `runs` times, and gives what came of them. */
async function each(runs, say, measure) {
  const all = [];
  for (let run = 1; run <= runs; run += 1) {
    const one = await measure();
    all.push(one);
    const words = Object.entries(one).map(([name, value]) => `${name} ${Number(value).toFixed(value < 100 ? 1 : 0)}`);
    say(`${run}/${runs} ${words.join(", ")}`);
    await rest();
  }
  return all;
}

const of = (all, name) => all.map((one) => one[name]);

/** Frames of the bare window: still, and while one line of it changes in each frame. The display gives no better. */
async function bareFrames() {
  const app = await driven({ program: BARE });
  try {
    const taken = async () => {
      await watchFrames(app.page);
      await pause(3_000);
      return summary(await framesOf(app.page)).p95;
    };
    const still = await taken();
    await app.page.execute(`
      const line = document.querySelector("p");
      let count = 0;
      const change = () => {
        line.textContent = "line " + (count += 1);
        requestAnimationFrame(change);
      };
      change();`);
    return { still, changing: await taken() };
  } finally {
    await app.end();
  }
}

/** A window with a workspace of its own and a model that follows a script. */
async function withWindow({ workspace, script, home, ...more }, use) {
  const model = await startModel(script);
  let app;
  try {
    app = await driven({ workspace, modelUrl: model.url, home, ...more });
    const value = await use(app, model);
    const problems = model.problems();
    if (problems.length > 0) throw new Error(problems.join("\n"));
    return value;
  } finally {
    await app?.end();
    await model.end();
  }
}

function words(tokens) {
  const text = [];
  for (let at = 0; text.length * 6 < tokens * 4; at += 1) {
    text.push(["the", "shelf", "`books`", "sorts", "**by**", "author", "and", "prints"][at % 8]);
    if (at % 40 === 39) text.push(at % 200 === 199 ? "\n\n```js\nconst shelf = sorted(books);\n```\n\n" : "\n\n");
  }
  return text.join(" ").slice(0, tokens * 4);
}

/** `stream`: frames while a model writes 1,000 tokens a second below 2,000 messages. */
export async function stream(runs, say) {
  const workspace = makeWorkspace({ "a.txt": "a\n" });
  const script = [{ text: words(RATE * STREAM_SECONDS), tokens_per_second: RATE }];
  try {
    const bare = [];
    const all = await each(runs, say, async () => {
      bare.push(await bareFrames());
      const home = tempFolder("bench");
      const file = join(home, "session.jsonl");
      writeFileSync(file, session(workspace.path, MESSAGES));
      execFileSync(CLI, ["sessions", "import", file, "--data-dir", join(home, "data")]);
      return withWindow({ workspace: workspace.path, script, home }, async (app) => {
        await app.clickOn("sessions");
        await app.clickOn("session-row", `[data-session="${SESSION}"]`);
        await app.clickOn("session-open", ":not([disabled])");
        await until(async () => (await app.messages("user")).length > 0, { what: "the long session is shown" });
        await app.page.gone("[data-testid=sessions-dialog]");
        // Only the rows in sight are in the page, so neither messages nor ends can be counted here.
        const box = await app.byTestId("composer");
        await box.click();
        await box.type("Tell me about it.");
        await app.clickOn("send", ":not([disabled])");
        await until(async () => (await app.messages("assistant")).at(-1)?.includes("by author and prints"), {
          what: "the model's text comes",
        });
        await watchFrames(app.page);
        await until(async () => !(await app.state()).running, { timeout: 120_000, every: 500, what: "the run ended" });
        const { p50, p95, max, stalls } = summary(await framesOf(app.page));
        return { p50, p95, max, stalls };
      });
    });
    return [
      { what: "frame, p95", unit: "ms", values: of(all, "p95"), bare: of(bare, "changing"), most: 16.7 },
      { what: "the bare window's, standing still", unit: "ms", values: of(bare, "still") },
      { what: "frame, median", unit: "ms", values: of(all, "p50") },
      { what: "frame, longest", unit: "ms", values: of(all, "max") },
    ];
  } finally {
    await workspace.remove();
  }
}

/** The time of an event of the session that is open, in milliseconds since 1970. */
function timeOf(events, type) {
  return Date.parse(events.findLast((event) => event.type === type)?.time ?? "");
}

function stored(app) {
  const at = ["--data-dir", app.dataDir];
  const list = execFileSync(CLI, ["sessions", "list", "--json", ...at], { encoding: "utf8" })
    .trim()
    .split("\n");
  const { id } = JSON.parse(list[0]);
  const text = execFileSync(CLI, ["sessions", "export", id, ...at], { encoding: "utf8", maxBuffer: 1 << 30 });
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const line = (at, word) => `export const value${at} = compute("${word}", ${at}); // line ${at}\n`;

async function cardTimes(workspace, tool) {
  return withWindow({ workspace: workspace.path, script: [{ text: "Here.", tools: [tool] }] }, async (app) => {
    await watchFor(app.page, "[data-testid=card]");
    await watchFrames(app.page);
    await app.sendTask("Change it.");
    const shown = await until(() => shownOf(app.page), { timeout: 60_000, what: "the card is drawn" });
    await pause(1_000);
    const { max, stalls } = summary(await framesOf(app.page));
    const events = stored(app);
    const asked = timeOf(events, "approval_requested");
    return { made: asked - timeOf(events, "tool_call"), drawn: shown.drawn - asked, max, stalls };
  });
}

/** `diff`: from a card's event in the engine until the card is drawn, for changes of a file of 50,000 lines. */
export async function diff(runs, say) {
  const old = Array.from({ length: LINES }, (_, at) => line(at, "old"));
  const many = old.map((text, at) => (at % 50 === 0 ? line(at, "new") : text)).join("");
  const cases = [
    [
      "one line",
      {
        id: "toolu_edit",
        name: "edit",
        input: { path: "big.js", old_text: line(25_000, "old"), new_text: line(25_000, "new") },
      },
    ],
    ["1,000 places", { id: "toolu_many", name: "write", input: { path: "big.js", content: many } }],
    ["a new file", { id: "toolu_new", name: "write", input: { path: "new.js", content: many } }],
  ];
  const workspace = makeWorkspace({ "big.js": old.join("") });
  const rows = [];
  try {
    for (const [name, tool] of cases) {
      const all = await each(
        runs,
        (text) => say(`${name}: ${text}`),
        () => cardTimes(workspace, tool),
      );
      rows.push({ what: `${name}: event to card drawn`, unit: "ms", values: of(all, "drawn"), most: 150 });
      rows.push({ what: `${name}: call to event`, unit: "ms", values: of(all, "made") });
      rows.push({ what: `${name}: longest frame`, unit: "ms", values: of(all, "max") });
    }
    return rows;
  } finally {
    await workspace.remove();
  }
}

/** 100,000 files: 400 folders of 125, and one that holds 50,000. */
function fill(path) {
  for (let folder = 0; folder < 400; folder += 1) {
    const name = join(path, `folder${String(folder).padStart(3, "0")}`);
    mkdirSync(name);
    for (let file = 0; file < 125; file += 1) writeFileSync(join(name, `file${file}.txt`), "old\n");
  }
  mkdirSync(join(path, "a-large"));
  for (let file = 0; file < FILES / 2; file += 1) writeFileSync(join(path, "a-large", `file${file}.txt`), "");
}

/** `tree`: from the click that opens a folder with 100,000 files until its first rows are drawn. */
export async function tree(runs, say) {
  const workspace = makeWorkspace();
  try {
    say("making 100,000 files");
    fill(workspace.path);
    const all = await each(runs, say, async () => {
      const home = tempFolder("bench");
      // Once, so that the welcome screen offers it.
      await (await driven({ workspace: workspace.path, home })).kill();
      const app = await driven({ home });
      try {
        await app.byTestId("recent");
        await watchFor(app.page, "[data-testid=tree-item]", { from: "[data-testid=recent]" });
        await watchFrames(app.page);
        await app.clickOn("recent");
        const shown = await until(() => shownOf(app.page), { timeout: 60_000, what: "rows are drawn" });
        const opened = summary(await framesOf(app.page));
        const folder = '[data-testid=tree-item][data-path="a-large"]';
        await watchFor(app.page, '[data-testid=tree-item][data-path^="a-large/"]', { from: folder });
        await watchFrames(app.page);
        await app.page.click(folder);
        const large = await until(() => shownOf(app.page), { timeout: 60_000, what: "rows of the large folder" });
        const frames = summary(await framesOf(app.page));
        return { rows: shown.drawn - shown.from, frame: opened.max, large: large.drawn - large.from, max: frames.max };
      } finally {
        await app.end();
      }
    });
    return [
      { what: "click to first rows drawn", unit: "ms", values: of(all, "rows"), most: 200 },
      { what: "a folder of 50,000: click to its rows", unit: "ms", values: of(all, "large"), most: 200 },
      { what: "longest frame then", unit: "ms", values: of(all, "max") },
    ];
  } finally {
    await workspace.remove();
  }
}

/** `burst`: frames while 10,000 files of the open tree change as fast as they can. */
export async function burst(runs, say) {
  const workspace = makeWorkspace();
  try {
    fill(workspace.path);
    const all = await each(runs, say, () =>
      withWindow({ workspace: workspace.path, script: [{ text: "Nothing." }] }, async (app) => {
        for (const name of ["folder000", "a-large"]) {
          await app.page.click(`[data-testid=tree-item][data-path="${name}"]`);
          await app.page.shown(`[data-testid=tree-item][data-path^="${name}/"]`);
        }
        // A row takes more than 20 pixels.
        await until(
          () =>
            app.page.execute(`return document.querySelector("[data-testid=tree]").scrollHeight > ${FILES / 2} * 20;`),
          { timeout: 60_000, what: "all of the large folder is listed" },
        );
        await watchFrames(app.page);
        const change = `for (let at = 0; at < ${CHANGED}; at += 1) {
          const name = at % 2 ? "a-large/file" + at : "folder" + String(at % 80).padStart(3, "0") + "/new" + at;
          require("fs").writeFileSync(name + ".txt", String(at));
        }`;
        execFileSync(process.execPath, ["-e", change], { cwd: workspace.path });
        await pause(4_000);
        const { p95, max, stalls } = summary(await framesOf(app.page));
        execFileSync("sh", ["-c", "rm -f folder*/new*.txt"], { cwd: workspace.path });
        return { p95, max, stalls };
      }),
    );
    return [
      { what: "longest frame", unit: "ms", values: of(all, "max"), most: 100 },
      { what: "frames over 100 ms", unit: "", values: of(all, "stalls"), most: 0 },
      { what: "frame, p95", unit: "ms", values: of(all, "p95") },
    ];
  } finally {
    await workspace.remove();
  }
}

/** `output`: frames and memory while an approved command prints 200 MB. */
export async function output(runs, say) {
  const workspace = makeWorkspace({ "a.txt": "a\n" });
  const command = `yes "a line of output, with \\$(some) words in it, as a noisy build prints" | head -c ${OUTPUT}`;
  const script = [
    { text: "I print.", tools: [{ id: "toolu_out", name: "exec", input: { command } }] },
    { text: "Printed." },
  ];
  try {
    const all = await each(runs, say, () =>
      withWindow({ workspace: workspace.path, script }, async (app) => {
        await app.sendTask("Print much.");
        const card = await app.card("exec");
        await app.armed(card.approval);
        const processes = await processesOf(app);
        const before = memoryOf(processes).pss;
        await watchFrames(app.page);
        await app.press(card.approval, "approve");
        const began = Date.now();
        let most = before;
        await until(
          async () => {
            most = Math.max(most, memoryOf(processes).pss);
            return (await app.rows()).some((row) => row.tool === "exec" && row.state === "done");
          },
          { timeout: 120_000, every: 250, what: "the command is done" },
        );
        const seconds = (Date.now() - began) / 1000;
        await app.finished();
        const { p95, max, stalls } = summary(await framesOf(app.page));
        return { p95, max, stalls, seconds, grown: most - before };
      }),
    );
    return [
      { what: "longest frame", unit: "ms", values: of(all, "max"), most: 100 },
      { what: "frames over 100 ms", unit: "", values: of(all, "stalls"), most: 0 },
      { what: "frame, p95", unit: "ms", values: of(all, "p95") },
      { what: "memory gained at most, PSS", unit: "MB", values: of(all, "grown"), most: 150 },
      { what: "the command, approved to done", unit: "s", values: of(all, "seconds") },
    ];
  } finally {
    await workspace.remove();
  }
}
