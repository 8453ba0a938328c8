import type { App } from "./state/app.svelte";
import type { Shell } from "./state/shell.svelte";

/** Opens what a screen of the recording is about, as a person would. */
export function arrange(app: App, shell: Shell, screen: string | null): void {
  if (screen === "sessions") void app.sessions.show();
  if (screen === "changes" || screen === "threeway") app.side.show("changes");
  if (screen === "settings" || screen === "palette" || screen === "shortcuts") shell.turn(screen, true);
  if (screen === "file") void app.openFile("src/cart.ts");
  if (screen === "trace") app.side.show("trace");
  if (screen === "find") void find("rounding");
  if (screen === "threeway") void lookAtConflict(app);
}

async function lookAtConflict(app: App): Promise<void> {
  // The pane asks what changed once it shows.
  while (app.changes.data === null) await new Promise((resolve) => setTimeout(resolve, 20));
  const file = app.changes.data.files.find((one) => one.changed_since);
  if (file) await app.changes.openConflict(file, { scope: "file", path: file.path });
}

async function find(words: string): Promise<void> {
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "f", ctrlKey: true }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const input = document.querySelector<HTMLInputElement>("[data-testid=find-words]");
  if (!input) return;
  input.value = words;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
