// Tests in windows of their own, each with its workspace and its scripted model.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import nodeTest from "node:test";
import { makeWorkspace, startApp, startModel } from "./app.mjs";
import { endAll, OUT, shootDisplay } from "./display.mjs";

/**
 * A test in a window of its own. `setup` gives what it needs: `files` of the workspace, the model's `script`,
 * whether a folder is `open` at the start, whether there is a `model` at all, and more of the `env`, as a function
 * of the workspace. `script` may be one, too.
 */
export function windowTest(name, setup, body) {
  nodeTest(name, { timeout: 240_000 }, async () => {
    const workspace = makeWorkspace(setup.files);
    let model;
    let app;
    try {
      setup.prepare?.(workspace);
      if (setup.model !== false) {
        const script = typeof setup.script === "function" ? setup.script(workspace) : (setup.script ?? "seed");
        model = await startModel(script);
      }
      app = await startApp({
        workspace: setup.open === false ? undefined : workspace.path,
        modelUrl: model?.url,
        env: setup.env?.(workspace),
      });
      await body({ app, model, workspace });
    } catch (error) {
      await keepTraces(name, app, model);
      throw error;
    } finally {
      try {
        await app?.end();
      } finally {
        await model?.end();
        await workspace.remove();
      }
    }
  });
}

nodeTest.after(endAll);

/** What helps to understand a failure: the display, the page, and what the model was asked. */
async function keepTraces(name, app, model) {
  const base = join(
    OUT,
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-|-$/g, ""),
  );
  mkdirSync(OUT, { recursive: true });
  const kept = [];
  const keep = async (ending, make) => {
    try {
      await make(`${base}${ending}`);
      kept.push(`${base}${ending}`);
    } catch (error) {
      console.error(`not kept: ${ending}: ${error.message}`);
    }
  };
  await keep(".png", shootDisplay);
  if (app) await keep(".html", async (path) => writeFileSync(path, await app.page.html()));
  if (app) await keep(".log", async (path) => writeFileSync(path, app.log()));
  if (model) await keep(".jsonl", async (path) => writeFileSync(path, model.raw()));
  console.error(`kept: ${kept.join(" ")}`);
}
