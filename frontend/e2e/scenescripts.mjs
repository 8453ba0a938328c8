// What the model says in the pictures.

import { join } from "node:path";

const call = (id, name, input) => ({ text: `Next, ${name}:`, tools: [{ id, name, input }] });
const edit = (id, old_text, new_text) => ({ id, name: "edit", input: { path: "src/books.js", old_text, new_text } });

/** The files of the project in the pictures. */
export const FILES = {
  "README.md": "# Shelf\n\nLists the books on a shelf, sorted by author.\n",
  "package.json":
    '{\n  "name": "shelf",\n  "version": "1.2.0",\n  "type": "module",\n  "scripts": { "test": "node --test" }\n}\n',
  "src/shelf.js":
    'const BY_AUTHOR = new Intl.Collator("en");\n\n/** The books, sorted by author. */\nexport function sorted(books) {\n  return [...books].sort((a, b) => BY_AUTHOR.compare(a.author, b.author));\n}\n\n/** One line of the list. */\nexport function line(book) {\n  return [book.author, book.title].join(", ");\n}\n',
  "src/books.js":
    'export const books = [\n  { author: "Woolf", title: "The Waves", year: 1931 },\n  { author: "Borges", title: "Ficciones", year: 1944 },\n  { author: "Calvino", title: "Invisible Cities", year: 1972 },\n];\n',
};

/** A task with a card of each kind. */
export const WORK = ({ outside }) => [
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


/** Three kinds of rules, two of them used. */
export const RULES = ({ outside }) => [
  call("toolu_test", "exec", { command: "node --test" }),
  call("toolu_guide", "read", { path: join(outside, "style.md") }),
  { text: "One year is wrong:", tools: [edit("toolu_first", "1931", "1932")] },
  { text: "No, it was right:", tools: [edit("toolu_second", "1932", "1931")] },
  call("toolu_again", "exec", { command: "node --test" }),
  { text: "The years are checked, and the tests still pass." },
];

/** Waits for a file, so that the picture of its output is taken while it runs. */
const CHECK = [
  "cd src",
  "printf '\\033[1mChecking\\033[0m 3 books\\n\\033[32m✓\\033[0m checked The Waves\\n\\033[31m✗\\033[0m no year: Ficciones\\n'",
  "node --check books.js > ../report.txt",
  "until [ -e ../go-on ]; do sleep 0.2; done",
].join(" && ");

/** Several proposals at once, a long command, a deceptive one, and a model that fails. */
export const MIXED = () => [
  {
    text: "The names, the list and a note can be changed side by side:",
    tools: [
      { id: "toolu_names", name: "write", input: { path: "NAMES.md", content: "# Names\n\nAuthors by their last name.\n" } },
      edit("toolu_year", "year: 1944", "year: 1944, pages: 203"),
      {
        id: "toolu_line",
        name: "edit",
        input: { path: "README.md", old_text: "sorted by author", new_text: "sorted by author, with the year" },
      },
    ],
  },
  { text: "I look whether each book has its year, and write a report.", tools: [{ id: "toolu_check", name: "exec", input: { command: CHECK } }] },
  {
    text: "Clean up what is left.",
    tools: [{ id: "toolu_odd", name: "exec", input: { command: "rm report.txt # \u202Egnihton\u202C is lost\u200B" } }],
  },
  { error: { status: 401, type: "authentication_error", message: "invalid x-api-key" } },
  { text: "It takes its time:", tools: [{ id: "toolu_long", name: "exec", input: { command: "sleep 60" } }] },
  { text: "Done." },
];
