// A person's own keys and clicks: events of the display, which the page cannot tell from a real person's.

import { xdotool } from "./app.mjs";
import { until } from "./webdriver.mjs";

/** Keyboard and mouse over the window of `app`, which has to be the only one of its kind on the display. */
export class Hands {
  constructor(app, id) {
    this.app = app;
    this.id = id;
  }

  /** Waits until the window is there and in front. */
  static async on(app) {
    const id = await until(
      async () => (await xdotool("search", "--onlyvisible", "--name", "Countersign$")).split("\n").find((one) => one !== ""),
      { what: "the window on the display" },
    );
    const hands = new Hands(app, id);
    await hands.toFront();
    return hands;
  }

  /** Brings the window to the front without a click in it. */
  async toFront() {
    await xdotool("windowactivate", this.id);
    await until(() => this.app.page.execute("return document.hasFocus()"), { what: "the window is in front" });
  }

  /** What xdotool is told to go to the middle of an element. */
  async wayTo(css) {
    const at = await this.app.page.execute(
      `const box = document.querySelector(arguments[0])?.getBoundingClientRect();
       return box ? [box.x + box.width / 2, box.y + box.height / 2] : null;`,
      [css],
    );
    if (at === null) throw new Error(`nothing matches ${css}`);
    return ["mousemove", "--window", this.id, ...at.map((one) => `${Math.round(one)}`)];
  }

  /** Clicks the middle of what matches. */
  async click(css) {
    await xdotool(...(await this.wayTo(css)), "click", "1");
  }

  /** Presses keys one after another, each as xdotool names it: `Return`, `ctrl+shift+a`. */
  key(...keys) {
    return xdotool("key", "--delay", "30", ...keys);
  }

  /** Types a text where the focus is, this many milliseconds between two keys. */
  type(text, delay = 30) {
    return xdotool("type", "--delay", `${delay}`, "--", text);
  }
}

/** Notes in the page what keys and clicks came, and whether the card was armed then. */
export async function noteEvents(app) {
  await app.page.execute(`
    window.e2eEvents = [];
    const note = (event) => {
      const card = document.querySelector("[data-testid=card]");
      window.e2eEvents.push({
        type: event.type,
        key: event.key ?? "",
        repeat: event.repeat === true,
        trusted: event.isTrusted,
        on: event.target?.closest?.("[data-testid]")?.dataset.testid ?? "",
        approval: card?.dataset.approval ?? "",
        armed: card?.dataset.armed === "true",
      });
    };
    for (const type of ["keydown", "keyup", "pointerdown", "click", "focus", "blur"]) {
      window.addEventListener(type, note, true);
    }`);
  return () => app.page.execute("return window.e2eEvents");
}
