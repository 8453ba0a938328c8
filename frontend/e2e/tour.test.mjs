// The tour, taken by someone who has no key.

import assert from "node:assert/strict";
import { windowTest } from "./windowtest.mjs";

windowTest(
  "the tour goes from the welcome screen to its end without any key",
  { open: false, model: false },
  async ({ app }) => {
    await app.byTestId("welcome");
    await app.clickOn("start-tour");
    await app.byTestId("transcript");
    assert.match(await (await app.byTestId("model")).content(), /script, not a model/);

    const kinds = [];
    for (;;) {
      const next = await app.cardOrEnd();
      if (next === null) break;
      assert.ok(kinds.length < 20, `the tour has an end (${kinds.join(", ")})`);
      kinds.push((await app.approve(next.kind)).kind);
    }
    assert.ok(kinds.includes("exec"), `a command is shown (${kinds.join(", ")})`);
    assert.ok(kinds.includes("edit") || kinds.includes("write"), `a change is shown (${kinds.join(", ")})`);

    const transcript = await (await app.byTestId("transcript")).content();
    const last = (await app.messages("assistant")).at(-1);
    assert.match(last, /pass/i, "the summary tells that the test passes");
    assert.doesNotMatch(last, /\{\{|\(none\)/, "nothing is left unfilled");
    assert.ok(transcript.length > last.length);
    const runs = (await app.rows()).filter((row) => row.tool === "exec");
    assert.equal(runs.at(-1).state, "done", "the last command, the test, succeeded");
  },
);
