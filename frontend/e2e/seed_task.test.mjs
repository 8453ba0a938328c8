// The small task that the product is first tried with, by real clicks.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { windowTest } from "./windowtest.mjs";

windowTest("the seed task: two scripts written and run, each on approval", {}, async ({ app, model, workspace }) => {
  const hello = join(workspace.path, "hello.js");
  const fibonacci = join(workspace.path, "fibonacci.js");
  await app.sendTask("Write hello.js and fibonacci.js and run both.");

  let card = await app.card("write");
  assert.match(card.text, /hello\.js/);
  assert.ok(!existsSync(hello), "nothing is written before the approval");
  await app.approve("write");

  card = await app.card("exec");
  assert.match(card.text, /node hello\.js/);
  assert.equal(readFileSync(hello, "utf8"), 'console.log("Hello from the local sandbox!");\n');
  await app.approve("exec");

  card = await app.card("write");
  assert.match(card.text, /fibonacci\.js/);
  await app.approve("write");

  card = await app.card("exec");
  assert.match(card.text, /node fibonacci\.js/);
  assert.match(readFileSync(fibonacci, "utf8"), /numbers\.join\(", "\)/);
  await app.approve("exec");

  await app.finished();
  const last = (await app.messages("assistant")).at(-1);
  assert.match(last, /Hello from the local sandbox!/);
  assert.match(last, /0, 1, 1, 2, 3, 5, 8, 13, 21, 34/);
  assert.deepEqual(
    (await app.rows()).map((row) => `${row.tool} ${row.state}`),
    ["write done", "exec done", "write done", "exec done"],
  );
  assert.equal(model.requests().length, 5);
  assert.deepEqual(model.problems(), []);
});
