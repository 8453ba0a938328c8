// A small WebDriver client (W3C) over fetch: what these tests need, and no more.

/** A function for scripts in the page: the text of an element and of the shadow roots in it. */
export const TEXT_OF = `
  const textOf = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    const nodes = [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes];
    return node.nodeName === 'STYLE' ? '' : nodes.map(textOf).join('');
  };`;

const ELEMENT_KEY = "element-6066-11e4-a52e-4f735466cecf";

/** Keys as WebDriver writes them. */
export const Keys = {
  enter: "\uE007",
  escape: "\uE00C",
  tab: "\uE004",
  backspace: "\uE003",
  end: "\uE010",
  control: "\uE009",
  null: "\uE000",
};

/** What a driver answered that is no success: `code` is WebDriver's, such as `no such element`. */
export class WebDriverError extends Error {
  constructor(code, message) {
    super(`${code}: ${message}`);
    this.name = "WebDriverError";
    this.code = code;
  }
}

/** Waits this many milliseconds. */
export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Calls `probe` until it gives something that is neither false, null, undefined nor an exception, and gives
 * that; fails at the deadline with `what` and the last exception.
 */
export async function until(probe, { timeout = 15_000, every = 100, what = "the condition" } = {}) {
  const deadline = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value !== false && value !== null && value !== undefined) return value;
      last = undefined;
    } catch (error) {
      if (error instanceof Fatal) throw error;
      last = error;
    }
    if (Date.now() >= deadline) {
      const because = last ? ` (last: ${last.message})` : "";
      throw new Error(`${what}: not within ${timeout} ms${because}`);
    }
    await pause(every);
  }
}

/** An error that ends `until` at once, since waiting cannot help. */
export class Fatal extends Error {}

async function request(method, url, body, timeout) {
  const response = await fetch(url, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(timeout),
  });
  const text = await response.text();
  let value;
  try {
    value = JSON.parse(text).value;
  } catch {
    throw new WebDriverError("unknown error", `HTTP ${response.status}: ${text.slice(0, 300)}`);
  }
  if (!response.ok) {
    throw new WebDriverError(value?.error ?? "unknown error", value?.message ?? text.slice(0, 300));
  }
  return value;
}

/**
 * Opens a session at a driver's address. The driver says it is ready before the native driver behind it is, so
 * the first call is tried again.
 */
export async function newSession(base, capabilities, { timeout = 60_000 } = {}) {
  await until(async () => (await request("GET", `${base}/status`, undefined, 5_000)) ?? true, {
    timeout: 20_000,
    what: `a driver answers at ${base}/status`,
  });
  const deadline = Date.now() + timeout;
  let tries = 0;
  for (;;) {
    tries += 1;
    try {
      const value = await request("POST", `${base}/session`, { capabilities }, 30_000);
      return new Session(base, value.sessionId);
    } catch (error) {
      if (tries >= 4 || Date.now() >= deadline) {
        throw new Error(`no WebDriver session after ${tries} tries: ${error.message}`);
      }
      await pause(500);
    }
  }
}

/** An open window of the program. */
export class Session {
  constructor(base, id) {
    this.id = id;
    this.base = `${base}/session/${id}`;
  }

  call(method, path, body, timeout = 30_000) {
    return request(method, `${this.base}${path}`, method === "POST" ? (body ?? {}) : undefined, timeout);
  }

  /** The first element that matches; fails with `no such element`. */
  async find(css) {
    const value = await this.call("POST", "/element", { using: "css selector", value: css });
    return new Element(this, value[ELEMENT_KEY], css);
  }

  async findAll(css) {
    const values = await this.call("POST", "/elements", { using: "css selector", value: css });
    return values.map((value) => new Element(this, value[ELEMENT_KEY], css));
  }

  async has(css) {
    return (await this.findAll(css)).length > 0;
  }

  /** Waits for an element that is shown, and gives it. */
  shown(css, options = {}) {
    return until(
      async () => {
        for (const element of await this.findAll(css)) {
          if (await element.displayed()) return element;
        }
        return null;
      },
      { what: `${css} is shown`, ...options },
    );
  }

  /** Waits until nothing matches. */
  gone(css, options = {}) {
    return until(async () => !(await this.has(css)), { what: `${css} is gone`, ...options });
  }

  /** Clicks what matches, finding it anew when the page replaced it meanwhile. */
  click(css, options = {}) {
    return until(
      async () => {
        const element = await this.shown(css, { timeout: options.timeout ?? 15_000 });
        await element.click();
        return true;
      },
      { what: `a click on ${css}`, ...options },
    );
  }

  /** Runs the body of a function in the page. */
  execute(script, args = []) {
    return this.call("POST", "/execute/sync", {
      script,
      args: args.map((arg) => (arg instanceof Element ? arg.reference() : arg)),
    });
  }

  /** The page as HTML, then what its shadow roots hold. */
  html() {
    return this.execute(`
      const parts = [document.documentElement.outerHTML];
      const walk = (root) => {
        for (const element of root.querySelectorAll('*')) {
          if (!element.shadowRoot) continue;
          parts.push(element.shadowRoot.innerHTML);
          walk(element.shadowRoot);
        }
      };
      walk(document);
      return parts.join('\\n');`);
  }

  /** The page as PNG, drawn after two frames since an earlier picture can be older than the DOM. */
  async screenshot() {
    await this.call("POST", "/execute/async", {
      script: "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));",
      args: [],
    });
    return Buffer.from(await this.call("GET", "/screenshot"), "base64");
  }

  /** Presses keys together, the last one last, where the focus is. */
  async press(...keys) {
    const down = keys.map((value) => ({ type: "keyDown", value }));
    const up = keys.map((value) => ({ type: "keyUp", value })).reverse();
    await this.call("POST", "/actions", { actions: [{ type: "key", id: "keys", actions: [...down, ...up] }] });
  }

  setSize(width, height) {
    return this.call("POST", "/window/rect", { width, height });
  }

  async deleteSession() {
    await this.call("DELETE", "", undefined, 15_000);
  }
}

/** One element of the page. */
export class Element {
  constructor(session, id, css) {
    this.session = session;
    this.id = id;
    this.css = css;
  }

  reference() {
    return { [ELEMENT_KEY]: this.id };
  }

  click() {
    return this.session.call("POST", `/element/${this.id}/click`);
  }

  /** Types into it, key by key. */
  type(text) {
    return this.session.call("POST", `/element/${this.id}/value`, { text });
  }

  clear() {
    return this.session.call("POST", `/element/${this.id}/clear`);
  }

  /** The text as it is shown. */
  text() {
    return this.session.call("GET", `/element/${this.id}/text`);
  }

  /** The text as it is in the DOM, also where it is scrolled away or in a shadow root. */
  content() {
    return this.session.execute(`${TEXT_OF} return textOf(arguments[0]);`, [this]);
  }

  attr(name) {
    return this.session.call("GET", `/element/${this.id}/attribute/${encodeURIComponent(name)}`);
  }

  displayed() {
    return this.session.call("GET", `/element/${this.id}/displayed`);
  }

  enabled() {
    return this.session.call("GET", `/element/${this.id}/enabled`);
  }
}
