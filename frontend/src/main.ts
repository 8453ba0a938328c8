import "@fontsource-variable/inter/wght.css";
import "@fontsource-variable/jetbrains-mono/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/menu.css";
import { mount } from "svelte";
import type { Backend } from "./backend/backend";
import { TauriBackend } from "./backend/tauri";
import Root from "./Root.svelte";
import { App } from "./state/app.svelte";
import { chatContext } from "./state/chat.svelte";
import { Shell } from "./state/shell.svelte";

/** After so many milliseconds, when what the window begins with is drawn, what it needs soon is loaded. */
const SOON_MS = 500;

const target = document.getElementById("app");
if (!target) throw new Error("the page has no #app");

const inWindow = "__TAURI_INTERNALS__" in window;
// Let the document end: what is made before that is drawn some 100 ms later, not sooner.
await new Promise((resolve) => setTimeout(resolve));
const app = new App(inWindow ? new TauriBackend() : await recording());
const shell = new Shell();
const started = app.start();
target.replaceChildren();
mount(Root, { target, props: { app, shell }, context: chatContext(app.chat) });
await started;
setTimeout(() => {
  // The first card would wait for the letters of its code, and the first menu for its script.
  void document.fonts.load('13px "JetBrains Mono Variable"');
  void import("./features/menu/MenuList.svelte");
  void import("./ui/PopMenu.svelte");
}, SOON_MS);
if (!inWindow) {
  const { arrange } = await import("./arrange");
  arrange(app, shell, new URLSearchParams(location.search).get("screen"));
}

/** In a plain browser there is no program behind the page: a recording stands in for it. */
async function recording(): Promise<Backend> {
  const { demoBackend } = await import("./backend/demo");
  return demoBackend(new URLSearchParams(location.search));
}
