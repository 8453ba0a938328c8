// Makes the pictures of the documentation: `node screenshots.mjs [light|dark] [SCENE ...]`, into docs/screens.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endAll, output, ROOT } from "./display.mjs";
import { resize, SCENES, THEMES } from "./scenes.mjs";
import { until } from "./webdriver.mjs";

const SCREENS = process.env.E2E_SCREENS ?? join(ROOT, "docs", "screens");
/** The sizes of the page, and what the pictures' names end in. */
const SIZES = [
  { width: 900, height: 600, ending: "-900" },
  { width: 1280, height: 800, ending: "" },
];

/** Waits until buttons that arm are armed, all letters have their form, and two frames were drawn since. */
async function painted(app) {
  await until(async () => !(await app.page.has("[data-armed=false]")), { what: "the buttons are armed" });
  await app.page.call("POST", "/execute/async", {
    script: `const done = arguments[0];
      document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));`,
    args: [],
  });
}

/** A picture in each size; the window has the larger one again at the end. */
async function shoot(app, name, theme) {
  for (const { width, height, ending } of SIZES) {
    await resize(app, { width, height });
    await painted(app);
    const path = join(SCREENS, `${name}-${theme}${ending}.png`);
    writeFileSync(path, await app.page.screenshot());
    // As many colours as the eye needs: a quarter of the size.
    await output("mogrify", ["-dither", "None", "-colors", "256", "-strip", path]);
    console.log(path);
  }
}

const named = process.argv.slice(2);
const chosen = (all) => (all.some((one) => named.includes(one)) ? all.filter((one) => named.includes(one)) : all);
mkdirSync(SCREENS, { recursive: true });
try {
  for (const theme of chosen(THEMES)) {
    for (const scene of chosen(Object.keys(SCENES))) {
      await SCENES[scene](theme, (app, name) => shoot(app, name, theme));
    }
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await endAll();
}
