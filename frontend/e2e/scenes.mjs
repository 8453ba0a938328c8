// All screens and states of the window, one after another. `visit(app, name)` is called at each: it takes a
// picture there, or looks for what keeps people out.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeWorkspace, startApp, startModel, testId } from "./app.mjs";
import { FILES, MIXED, RULES, WORK } from "./scenescripts.mjs";
import { Keys, until } from "./webdriver.mjs";

export const THEMES = ["light", "dark"];

/** Sets the size of the page; the window's frame counts in the size that is asked for. */
export async function resize(app, { width, height }) {
  const asked = { width, height };
  await until(
    async () => {
      const is = await app.page.execute("return { width: innerWidth, height: innerHeight }");
      if (is.width === width && is.height === height) return true;
      asked.width += width - is.width;
      asked.height += height - is.height;
      await app.page.setSize(asked.width, asked.height);
      return false;
    },
    { every: 250, what: `a page of ${width} by ${height}` },
  );
}

/** Opens a window in the theme and checks that it came about. */
async function open(theme, options) {
  const app = await startApp({ ...options, env: { GTK_THEME: theme === "dark" ? "Adwaita:dark" : "Adwaita" } });
  try {
    const dark = await app.page.execute("return matchMedia('(prefers-color-scheme: dark)').matches");
    if (dark !== (theme === "dark")) throw new Error(`the page is ${dark ? "dark" : "light"}, not ${theme}`);
    await resize(app, { width: 1280, height: 800 });
    return app;
  } catch (error) {
    await app.end();
    throw error;
  }
}

/** A window on a workspace with a scripted model, for as long as `body` takes. */
async function inWindow(theme, { script, model = true }, body) {
  const workspace = makeWorkspace(FILES);
  writeFileSync(join(workspace.outside, "style.md"), "# Style\n\nShort lines, no abbreviations.\n");
  const server = model ? await startModel(script(workspace)) : null;
  let app;
  try {
    app = await open(theme, { workspace: workspace.path, modelUrl: server?.url });
    await app.byTestId("tree-item", '[data-path="src"]');
    // What is a crash to the body is another window afterwards.
    app = (await body({ app, workspace, server })) ?? app;
    const problems = server?.problems() ?? [];
    if (problems.length > 0) throw new Error(problems.join("\n"));
  } finally {
    await app?.end();
    await server?.end();
    await workspace.remove();
  }
}

const takesClicks = (app) =>
  until(() => app.page.execute("return getComputedStyle(document.body).pointerEvents !== 'none'"), {
    what: "the page takes clicks",
  });

/** Closes the dialog that is open. */
async function closeDialog(app) {
  await app.page.press(Keys.escape);
  await app.page.gone('[role="dialog"][data-state="open"]');
  await takesClicks(app);
}

const says = (app, id, words) =>
  until(async () => (await (await app.byTestId(id)).content()).includes(words), { what: `${id} says ${words}` });

/** Waits for a card whose buttons work. */
async function armedCard(app, kind, options) {
  const card = await app.card(kind, options);
  await app.armed(card.approval);
  return card;
}

/** Opens what a button of the card opens, and waits until the card is armed again. */
async function openOn(app, card, button, id) {
  await app.press(card.approval, button);
  await app.byTestId(id);
  await until(() => app.page.has(testId("card", "[data-armed=true]")), { what: "the card is armed again" });
}

async function openFile(app, name, words) {
  await app.clickOn("tree-item", `[data-path="${name}"]`);
  await app.byTestId("file-view", `[data-path="${name}"]`);
  await says(app, "file-view", words);
}

async function welcome(theme, visit) {
  const app = await open(theme, { modelUrl: "http://127.0.0.1:9" });
  try {
    await app.byTestId("open-folder", ":not([disabled])");
    await visit(app, "welcome");
    await app.clickOn("connect-model");
    await app.clickOn("connect-openai");
    await visit(app, "connect");
  } finally {
    await app.end();
  }
}

/** A task from its first message to its end, and all that looks at it afterwards. */
function work(theme, visit) {
  return inWindow(theme, { script: WORK }, async ({ app, workspace }) => {
    await visit(app, "empty");
    await app.clickOn("tree-item", '[data-path="src"]');
    const box = await app.byTestId("composer");
    await box.click();
    await box.type("Look at @sh");
    await app.byTestId("file-menu");
    await visit(app, "naming");
    await app.page.press(Keys.escape);
    await box.clear();
    await app.sendTask("Add a test for the list, and print the year of each book.");

    const write = await armedCard(app, "write");
    await visit(app, "write");
    await app.clickOn("edit-text");
    await until(() => app.page.execute("return document.activeElement?.shadowRoot?.activeElement != null"), {
      what: "the editor has the focus",
    });
    for (const key of "// By author.") await app.page.press(key);
    await app.byTestId("editor-use", ":not([disabled])");
    await visit(app, "editor");
    await app.clickOn("editor-back");
    await app.clickOn("editor-leave");
    await app.press(write.approval, "approve");

    const edit = await armedCard(app, "edit");
    await visit(app, "edit");
    await openOn(app, edit, "approve-menu", "approve-options");
    await visit(app, "menu");
    await app.page.press(Keys.escape);
    await openOn(app, edit, "deny", "deny-feedback");
    await (await app.byTestId("deny-feedback")).type("Put the year in brackets, please.");
    await visit(app, "deny");
    await app.clickOn("deny-cancel");
    await app.press(edit.approval, "approve");

    const exec = await armedCard(app, "exec");
    await visit(app, "exec");
    await openOn(app, exec, "approve-menu", "approve-options");
    await until(() => app.page.has(testId("pattern-covered")), { what: "what the pattern covers is found" });
    await visit(app, "rule");
    await app.page.press(Keys.escape);
    await app.press(exec.approval, "approve");

    const path = await armedCard(app, "path");
    await visit(app, "path");
    await app.press(path.approval, "approve");
    await app.finished();
    await visit(app, "chat");
    await looks(app, visit);
    await changes(app, workspace, visit);
    await dialogs(app, visit);
    await app.clickOn("close-workspace");
    await app.byTestId("recent");
    await visit(app, "recent");
  });
}

/** What looks at a session that ended. */
async function looks(app, visit) {
  await app.page.press(Keys.control, "f");
  await (await app.byTestId("find-words")).type("the");
  await until(async () => / of /.test(await (await app.byTestId("find-count")).content()), { what: "it is found" });
  await visit(app, "find");
  await app.clickOn("find-close");
  await openFile(app, "src/shelf.js", "book.year");
  await visit(app, "tree");
  await app.clickOn("tab-trace");
  await app.byTestId("trace-row");
  await visit(app, "trace");
  const [row] = (await app.page.findAll(testId("trace-row"))).slice(2);
  await row.click();
  await app.byTestId("trace-detail");
  await app.clickOn("trace-timeline"); // it is on at first
  await visit(app, "spans");
}

/** The changes of a session, and what is asked before they are taken back. */
async function changes(app, workspace, visit) {
  const row = testId("change", '[data-path="src/shelf.js"]');
  await app.clickOn("tab-changes");
  await app.page.click(`${row} [data-row]`);
  await app.byTestId("change-diff");
  await visit(app, "changes");
  await app.clickOn("revert-all", "[data-armed=true]");
  await app.page.shown(`${testId("revert-question")} [data-armed=true]`);
  await visit(app, "takeback");
  await app.clickOn("question-no");
  // The person edits what the agent did.
  const file = join(workspace.path, "src", "shelf.js");
  writeFileSync(file, readFileSync(file, "utf8").replace("One line of the list.", "One line of the list, for people."));
  await app.clickOn("tab-trace");
  await app.clickOn("tab-changes");
  await app.page.shown(`${row} ${testId("changed-since")}`);
  await app.page.click(`${row} ${testId("revert-file", "[data-armed=true]")}`);
  await app.clickOn("choose-merge", ":not([disabled])");
  await app.page.shown(testId("three-way-do", "[data-armed=true]"));
  await visit(app, "threeway");
  await closeDialog(app);
  await app.clickOn("close-side");
}

async function dialogs(app, visit) {
  await app.clickOn("sessions");
  await app.byTestId("session-row");
  await visit(app, "sessions");
  await closeDialog(app);
  await app.clickOn("settings");
  await app.byTestId("setting");
  await visit(app, "settings");
  await closeDialog(app);
  await app.clickOn("status-palette");
  await (await app.byTestId("palette-field")).type("se");
  await visit(app, "palette");
  await closeDialog(app);
  await app.page.press(Keys.control, "/");
  await app.byTestId("shortcuts-dialog");
  await visit(app, "shortcuts");
  await closeDialog(app);
}

/** Rules of three kinds, made on cards, and the dialog that lists them. */
function rules(theme, visit) {
  return inWindow(theme, { script: RULES }, async ({ app }) => {
    await app.sendTask("Check the years.");
    for (const [kind, button] of [
      ["exec", "approve-always"],
      ["path", "approve-session"],
      ["edit", "approve-session"],
    ]) {
      const card = await app.card(kind);
      await app.press(card.approval, "approve-menu");
      await app.byTestId("approve-options");
      if (kind === "exec") {
        await app.page.execute(
          `const end = document.querySelector("[data-testid=approve-end]");
           end.value = "7 days";
           end.dispatchEvent(new Event("change", { bubbles: true }));`,
        );
        await says(app, "approve-always", "for 7 days");
      }
      await app.press(card.approval, button);
      await app.page.gone(testId("card", `[data-approval="${card.approval}"]`));
    }
    await app.finished();
    await app.clickOn("status-rules");
    await until(async () => (await (await app.byTestId("rules-dialog")).content()).split("Used once").length > 2, {
      what: "the rules tell how often they were used",
    });
    await visit(app, "rules");
    await app.clickOn("end-rule");
    await app.clickOn("end-rule");
    await app.clickOn("end-rule");
    await app.byTestId("rules-none");
    await visit(app, "norules");
  });
}

/** Several proposals at once, output as it comes, and what goes wrong. */
function mixed(theme, visit) {
  return inWindow(theme, { script: MIXED }, async ({ app, workspace, server }) => {
    await app.sendTask("Give each book its year, and check them.");
    await until(() => app.page.has(testId("queue")), { what: "several proposals wait" });
    await armedCard(app);
    await visit(app, "list");
    const [first] = await app.cards();
    await app.setAside(first.approval);
    await armedCard(app);
    await visit(app, "tray");
    await app.takeUp(first.approval);
    for (let left = 3; left > 0; left -= 1) await app.approve();

    await armedCard(app, "exec");
    await visit(app, "parts");
    await app.approve("exec");
    await app.page.shown(testId("tool-row", "[data-state=running]"));
    await until(
      async () => (await app.rows()).some((row) => row.state === "running" && row.text.includes("checked The Waves")),
      { what: "the output shows as it comes" },
    );
    await visit(app, "output");
    writeFileSync(join(workspace.path, "go-on"), "");
    await armedCard(app, "exec");
    await visit(app, "deceptive");
    await app.deny("exec", "Say what this is for.");
    await app.finished();
    await visit(app, "failed");

    writeFileSync(join(workspace.path, "cover.bin"), Buffer.from([0, 1, 2, 3, 0, 255, 0]));
    await openFile(app, "cover.bin", "No text");
    await visit(app, "binary");
    writeFileSync(join(workspace.path, "large.txt"), "A line of a very large file.\n".repeat(200_000));
    await openFile(app, "large.txt", "Only the beginning is shown").catch(() => says(app, "file-view", "Too large"));
    await visit(app, "large");
    rmSync(join(workspace.path, "large.txt"));
    await until(async () => !(await (await app.byTestId("file-view")).content()).includes("A line of"), {
      what: "the file is gone",
    });
    await visit(app, "gone");
    await app.clickOn("tab-changes");
    await app.clickOn("close-side");

    // A crash in the middle of a run: it stands still until the person lets it go on.
    await app.sendTask("Once more.");
    const waits = await app.card("exec");
    await app.press(waits.approval, "approve");
    await app.page.shown(testId("tool-row", "[data-state=running]"));
    await app.kill();
    const again = await startApp({
      workspace: workspace.path,
      modelUrl: server.url,
      home: app.home,
      env: { GTK_THEME: theme === "dark" ? "Adwaita:dark" : "Adwaita" },
    });
    try {
      await resize(again, { width: 1280, height: 800 });
      await again.byTestId("paused");
      await visit(again, "paused");
      rmSync(workspace.path, { recursive: true });
      await again.byTestId("banner");
      await visit(again, "vanished");
    } catch (error) {
      await again.end();
      throw error;
    }
    return again;
  });
}

/** No model, no session, no changes. */
function bare(theme, visit) {
  return inWindow(theme, { model: false }, async ({ app }) => {
    await app.byTestId("show-changes");
    await app.clickOn("show-changes");
    await app.byTestId("changes-none");
    await visit(app, "nomodel");
    await app.clickOn("tab-trace");
    await visit(app, "notrace");
    await app.clickOn("tab-file");
    await visit(app, "nofile");
  });
}

export const SCENES = { welcome, work, rules, mixed, bare };
