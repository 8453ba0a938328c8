// Makes the pictures of the documentation: `node screenshots.mjs [light|dark]`, into docs/screens.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeWorkspace, startApp, startModel } from "./app.mjs";
import { endAll, ROOT } from "./display.mjs";
import { until } from "./webdriver.mjs";

const SCREENS = process.env.E2E_SCREENS ?? join(ROOT, "docs", "screens");
const SIZE = { width: 1280, height: 800 };

const FILES = {
  "README.md": "# Shelf\n\nLists the books on a shelf, sorted by author.\n",
  "package.json":
    '{\n  "name": "shelf",\n  "version": "1.2.0",\n  "type": "module",\n  "scripts": { "test": "node --test" }\n}\n',
  "src/shelf.js":
    'const BY_AUTHOR = new Intl.Collator("en");\n\n/** The books, sorted by author. */\nexport function sorted(books) {\n  return [...books].sort((a, b) => BY_AUTHOR.compare(a.author, b.author));\n}\n\n/** One line of the list. */\nexport function line(book) {\n  return [book.author, book.title].join(", ");\n}\n',
  "src/books.js":
    'export const books = [\n  { author: "Woolf", title: "The Waves", year: 1931 },\n  { author: "Borges", title: "Ficciones", year: 1944 },\n  { author: "Calvino", title: "Invisible Cities", year: 1972 },\n];\n',
};

const script = (outside) => [
  {
    text: "I have read the project. The list has no test yet, so I will **write one first**.",
    tools: [{ id: "toolu_read", name: "read", input: { path: "src/shelf.js" } }],
  },
  {
    text: "A test for the order and for the line:",
    tools: [
      {
        id: "toolu_write",
        name: "write",
        input: {
          path: "test/shelf.test.js",
          content:
            'import assert from "node:assert/strict";\nimport test from "node:test";\nimport { books } from "../src/books.js";\nimport { line, sorted } from "../src/shelf.js";\n\ntest("sorted by author", () => {\n  assert.deepEqual(sorted(books).map((book) => book.author), ["Borges", "Calvino", "Woolf"]);\n});\n\ntest("a line has the year", () => {\n  assert.equal(line(books[1]), "Borges, Ficciones, 1944");\n});\n',
        },
      },
    ],
  },
  {
    text: "The line lacks the year. I add it:",
    tools: [
      {
        id: "toolu_edit",
        name: "edit",
        input: {
          path: "src/shelf.js",
          old_text: '  return [book.author, book.title].join(", ");',
          new_text: '  return [book.author, book.title, book.year].join(", ");',
        },
      },
    ],
  },
  {
    text: "Now the tests:",
    tools: [
      {
        id: "toolu_exec",
        name: "exec",
        input: { command: "node --test 2>&1 | tail -n 9 && git -c color.ui=never status --short || true" },
      },
    ],
  },
  {
    text: "The style guide lies beside the project:",
    tools: [{ id: "toolu_path", name: "read", input: { path: join(outside, "style.md") } }],
  },
  {
    text: 'Both tests pass.\n\n- `test/shelf.test.js` checks the **order** and the **line**.\n- `src/shelf.js` now prints the year:\n\n```js\nreturn [book.author, book.title, book.year].join(", ");\n```\n\nThe style guide asks for nothing more.',
  },
];

async function closeDialog(app, name) {
  await app.page.click(`[data-testid=${name}] [aria-label=Close]`);
  await app.page.gone(`[data-testid=${name}]`);
  await until(() => app.page.execute("return getComputedStyle(document.body).pointerEvents !== 'none'"), {
    what: "the page takes clicks",
  });
}

async function shoot(app, name, theme) {
  const path = join(SCREENS, `${name}-${theme}.png`);
  writeFileSync(path, await app.page.screenshot());
  console.log(path);
}

/** Opens a window of the pictures' size in the theme, and checks that both came about. */
async function open(theme, options) {
  const env = { GTK_THEME: theme === "dark" ? "Adwaita:dark" : "Adwaita" };
  const app = await startApp({ ...options, env });
  const asked = { ...SIZE };
  await until(
    async () => {
      const is = await app.page.execute("return { width: innerWidth, height: innerHeight }");
      if (is.width === SIZE.width && is.height === SIZE.height) return true;
      // The window's frame counts in the size that is asked for.
      asked.width += SIZE.width - is.width;
      asked.height += SIZE.height - is.height;
      await app.page.setSize(asked.width, asked.height);
      return false;
    },
    { every: 400, what: `a page of ${SIZE.width} by ${SIZE.height}` },
  );
  const dark = await app.page.execute("return matchMedia('(prefers-color-scheme: dark)').matches");
  if (dark !== (theme === "dark")) throw new Error(`the page is ${dark ? "dark" : "light"}, not ${theme}`);
  return app;
}

async function welcome(theme) {
  const app = await open(theme, { modelUrl: "http://127.0.0.1:9" });
  try {
    await app.byTestId("open-folder", ":not([disabled])");
    await shoot(app, "welcome", theme);
  } finally {
    await app.end();
  }
}

async function work(theme) {
  const workspace = makeWorkspace(FILES);
  writeFileSync(join(workspace.outside, "style.md"), "# Style\n\nShort lines, no abbreviations.\n");
  const model = await startModel(script(workspace.outside));
  let app;
  try {
    app = await open(theme, { workspace: workspace.path, modelUrl: model.url });
    await app.byTestId("tree-item", '[data-path="src"]');
    await app.clickOn("tree-item", '[data-path="src"]');
    await app.sendTask("Add a test for the list, and print the year of each book.");
    for (const kind of ["write", "edit", "exec", "path"]) {
      const card = await app.card(kind);
      await app.armed(card.approval);
      await shoot(app, kind, theme);
      await app.approve(kind);
    }
    await app.finished();
    await shoot(app, "chat", theme);
    await app.clickOn("tree-item", '[data-path="src/shelf.js"]');
    await until(async () => (await (await app.byTestId("file-view")).content()).includes("book.year"), {
      what: "the file is shown",
    });
    await shoot(app, "tree", theme);
    await app.clickOn("tab-changes");
    await app.byTestId("change");
    await shoot(app, "changes", theme);
    await app.clickOn("tab-trace");
    await app.byTestId("trace-row");
    await shoot(app, "trace", theme);
    await app.clickOn("sessions");
    await app.byTestId("session-row");
    await shoot(app, "sessions", theme);
    await closeDialog(app, "sessions-dialog");
    await app.clickOn("settings");
    await app.byTestId("setting");
    await shoot(app, "settings", theme);
    const problems = model.problems();
    if (problems.length > 0) throw new Error(problems.join("\n"));
  } finally {
    await app?.end();
    await model.end();
    await workspace.remove();
  }
}

/** Rules of three kinds, made on cards, and the dialog that lists them. */
async function rules(theme) {
  const workspace = makeWorkspace(FILES);
  const guide = join(workspace.outside, "style.md");
  writeFileSync(guide, "# Style\n\nShort lines, no abbreviations.\n");
  const call = (id, name, input) => ({ text: `Next, ${name}:`, tools: [{ id, name, input }] });
  const edit = (id, old_text, new_text) => call(id, "edit", { path: "src/books.js", old_text, new_text });
  const model = await startModel([
    call("toolu_test", "exec", { command: "node --test" }),
    call("toolu_guide", "read", { path: guide }),
    edit("toolu_first", "1931", "1932"),
    edit("toolu_second", "1932", "1931"),
    call("toolu_again", "exec", { command: "node --test" }),
    { text: "The years are checked, and the tests still pass." },
  ]);
  let app;
  try {
    app = await open(theme, { workspace: workspace.path, modelUrl: model.url });
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
        await until(async () => (await (await app.byTestId("approve-always")).content()).includes("for 7 days"), {
          what: "the approval says that it ends",
        });
      }
      await app.press(card.approval, button);
      await app.page.gone(`[data-testid=card][data-approval="${card.approval}"]`);
    }
    await app.finished();
    await app.clickOn("status-rules");
    await until(async () => (await (await app.byTestId("rules-dialog")).content()).split("Used once").length > 2, {
      what: "the rules tell how often they were used",
    });
    await shoot(app, "rules", theme);
    const problems = model.problems();
    if (problems.length > 0) throw new Error(problems.join("\n"));
  } finally {
    await app?.end();
    await model.end();
    await workspace.remove();
  }
}

const themes = process.argv.length > 2 ? process.argv.slice(2) : ["light", "dark"];
mkdirSync(SCREENS, { recursive: true });
try {
  for (const theme of themes) {
    await welcome(theme);
    await work(theme);
    await rules(theme);
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await endAll();
}
