// Stop ends what runs, with everything it started, and the session goes on.

import assert from "node:assert/strict";
import { processesWith } from "./app.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

const MARKER = `e2e-marker-${process.pid}`;

windowTest(
  "stop ends a command that would never end, and another message can be sent",
  {
    script: [
      { text: "This takes long.", tools: [{ id: "toolu_yes", name: "exec", input: { command: `yes ${MARKER}` } }] },
      { when: "still there", text: "Still here." },
    ],
  },
  async ({ app, model }) => {
    await app.sendTask("Run it.");
    await app.approve("exec");
    await until(
      async () => {
        const row = (await app.rows()).find((one) => one.tool === "exec" && one.state === "running");
        // The command is in the row as well, once; what it printed is there many times.
        return row && row.text.split(MARKER).length > 3;
      },
      { timeout: 30_000, what: "the row shows the output" },
    );
    assert.ok((await processesWith(`yes ${MARKER}`)).length > 0, "the command runs");

    await app.clickOn("stop");
    await app.finished({ timeout: 20_000 });
    assert.deepEqual(await processesWith(`yes ${MARKER}`), [], "nothing of the command is left");
    const row = (await app.rows()).find((one) => one.tool === "exec");
    assert.notEqual(row.state, "running");

    await app.sendTask("Are you still there?");
    await app.finished();
    assert.match((await app.messages("assistant")).at(-1), /Still here\./);
    assert.deepEqual(model.problems(), []);
  },
);

windowTest(
  "stop ends an answer that never comes to its end",
  {
    script: [
      { text: "Let me think", hang: true },
      { when: "again", text: "Here I am." },
    ],
  },
  async ({ app, model }) => {
    await app.sendTask("Think.");
    await until(async () => (await app.messages("assistant")).some((text) => text.includes("Let me think")), {
      what: "the beginning of the answer",
    });
    await app.clickOn("stop");
    await app.finished({ timeout: 20_000 });
    await app.sendTask("Try again.");
    await app.finished();
    assert.match((await app.messages("assistant")).at(-1), /Here I am\./);
    assert.deepEqual(model.problems(), []);
  },
);
