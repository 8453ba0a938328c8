// The model's key goes to the model's server and nowhere else.

import assert from "node:assert/strict";
import { filesBelow, KEY } from "./app.mjs";
import { until } from "./webdriver.mjs";
import { windowTest } from "./windowtest.mjs";

windowTest(
  "the key appears nowhere: not to a command, the model, the page, the disk or the log",
  {
    script: [
      {
        text: "What is set here?",
        tools: [
          {
            id: "toolu_env",
            name: "exec",
            input: { command: 'env; cat /proc/$PPID/environ | tr "\\\\0" "\\\\n"; echo all-told' },
          },
        ],
      },
      { text: "It printed:\n\n```\n{{last_stdout}}\n```" },
    ],
  },
  async ({ app, model }) => {
    await app.sendTask("Show the environment.");
    await app.approve("exec");
    await app.finished();
    const told = model.results().get("toolu_env");
    assert.match(told, /PATH=/, "the command did print an environment");
    assert.match(told, /all-told/);
    // The server checks that a key came with each request.
    assert.deepEqual(model.problems(), []);

    await app.page.execute(
      `for (const row of document.querySelectorAll('[data-testid=tool-row] [aria-expanded=false]')) row.click();`,
    );
    await until(async () => (await app.rows()).some((row) => row.text.includes("all-told")), {
      what: "the unfolded row shows the output",
    });
    const html = await app.page.html();
    assert.match(html, /PATH=/);

    const places = [
      ["what the model was sent", model.raw()],
      ["the page", html],
      ["the log", app.log()],
    ];
    const files = [...(await filesBelow(app.dataDir)), ...(await filesBelow(app.home))];
    assert.ok(
      files.some((file) => file.path.startsWith(app.dataDir)),
      "the session is stored",
    );
    for (const { path, bytes } of files) places.push([path, bytes.toString("latin1")]);
    for (const [place, text] of places) {
      assert.ok(!text.includes(KEY), `the key is in ${place}`);
    }
  },
);
