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

const app = new App(await backend());
const shell = new Shell();
const started = app.start();
// What the window asked for before this script was read may be there: then all is drawn at once. Made before the
// document has ended, it would be drawn some 100 ms later, not sooner.
await new Promise((resolve) => setTimeout(resolve));
target.replaceChildren();
mount(Root, { target, props: { app, shell }, context: chatContext(app.chat) });
await started;
setTimeout(() => {
  // The first card would wait for the letters of its code, and the first menu for its script.
  void document.fonts.load('13px "JetBrains Mono Variable"');
  void import("./features/menu/MenuList.svelte");
  void import("./ui/PopMenu.svelte");
}, SOON_MS);
if (!("__TAURI_INTERNALS__" in window)) {
  const { arrange } = await import("./arrange");
  arrange(app, shell, new URLSearchParams(location.search).get("screen"));
}

/** In a plain browser there is no program behind the page: a recording stands in for it. */
async function backend(): Promise<Backend> {
  if ("__TAURI_INTERNALS__" in window) return new TauriBackend();
  const { demoBackend } = await import("./backend/demo");
  return demoBackend(new URLSearchParams(location.search));
}
