// axe-core on every screen and state of the real window, light and dark: nothing that keeps people out.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import nodeTest from "node:test";
import { endAll, ROOT } from "./display.mjs";
import { SCENES, THEMES } from "./scenes.mjs";
import { until } from "./webdriver.mjs";

const SOURCE = readFileSync(join(ROOT, "frontend", "node_modules", "axe-core", "axe.min.js"), "utf8");
/** Screens that have to be among those that are looked at, so that none is lost unnoticed. */
const AT_LEAST = 40;

/** What axe finds in the page as it is, of what is serious or critical: one line each. */
async function faults(app) {
  // A driver's script needs no leave of the page's policy, which lets no other script in.
  if (!(await app.page.execute("return typeof window.axe === 'object'"))) await app.page.execute(SOURCE);
  // Half-faded text has half its contrast.
  await until(
    () => app.page.execute("return document.getAnimations().every((one) => one.playState !== 'running')"),
    { what: "nothing moves any more", timeout: 5_000 },
  ).catch(() => {}); // what moves for as long as something runs is looked at as it is
  const found = await app.page.call("POST", "/execute/async", {
    script: `const done = arguments[0];
      window.axe
        .run(document, { resultTypes: ["violations"] })
        .then((result) => done(result.violations.map((one) => ({
          id: one.id, impact: one.impact,
          nodes: one.nodes.map((node) => node.target.flat().join(" ") + ": " + (node.any[0] ?? node.all[0] ?? node.none[0])?.message),
        }))), (error) => done([{ id: String(error), impact: "critical", nodes: [] }]));`,
    args: [],
  });
  return found
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 6).join("; ")}${one.nodes.length > 6 ? ` and ${one.nodes.length - 6} more` : ""}`);
}

const seen = new Set();
for (const theme of THEMES) {
  for (const [name, scene] of Object.entries(SCENES)) {
    nodeTest(`axe finds nothing serious: ${name}, ${theme}`, { timeout: 600_000 }, async () => {
      const all = [];
      await scene(theme, async (app, screen) => {
        seen.add(screen);
        for (const fault of await faults(app)) all.push(`${screen}: ${fault}`);
      });
      assert.deepEqual(all, [], all.join("\n"));
    });
  }
}
nodeTest("all screens were looked at", () => assert.ok(seen.size >= AT_LEAST, [...seen].join(", ")));
nodeTest.after(endAll);
