import { tick } from "svelte";
import type { EntryActs } from "./features/tree/acting.svelte";
import type { ActionId } from "./state/actions";
import type { App } from "./state/app.svelte";
import type { Shell } from "./state/shell.svelte";
import type { SideTab } from "./state/side.svelte";
import { copyText } from "./ui/copy";

interface Doing {
  /** Whether it can be done now. */
  possible: () => boolean;
  run: () => void;
}

/** What each action does. None of them decides a proposal. */
export function doings(app: App, shell: Shell): Record<ActionId, Doing> {
  const always = (): boolean => app.state !== null;
  const inside = (): boolean => app.state?.workspace != null;
  const dialog = (name: "connect" | "rules" | "settings" | "palette" | "shortcuts"): (() => void) => {
    return () => shell.turn(name, true);
  };
  return {
    palette: { possible: always, run: dialog("palette") },
    message: { possible: () => inside() && app.blocked === "", run: () => focus('[data-testid="composer"]') },
    card: { possible: () => inside() && app.approvals.waiting > 0, run: () => void showCard(app) },
    "new-session": { possible: inside, run: () => void app.newSession() },
    sessions: { possible: always, run: () => void app.sessions.show() },
    stop: { possible: () => app.running, run: () => void app.interrupt() },
    "go-on": { possible: () => inside() && app.paused !== "" && !app.goingOn, run: () => void app.goOn() },
    "session-id": { possible: () => app.state?.session != null, run: () => void copyId(app) },
    changes: { possible: inside, run: () => void toggleTab(app, "changes") },
    trace: { possible: inside, run: () => void toggleTab(app, "trace") },
    tree: { possible: inside, run: () => void toggleTree(shell) },
    side: { possible: inside, run: () => void toggleTab(app, app.side.tab) },
    larger: { possible: always, run: () => shell.resize(1) },
    smaller: { possible: always, run: () => shell.resize(-1) },
    normal: { possible: always, run: () => shell.resize(0) },
    rules: { possible: inside, run: dialog("rules") },
    settings: { possible: always, run: dialog("settings") },
    connect: { possible: always, run: dialog("connect") },
    "open-folder": { possible: () => always() && !app.opening, run: () => void app.openWorkspace() },
    close: { possible: inside, run: () => void app.closeWorkspace() },
    tour: { possible: () => always() && !app.opening, run: () => void app.startTour() },
    shortcuts: { possible: always, run: dialog("shortcuts") },
  };
}

/** What is done with an entry of the file tree. */
export function entryActs(app: App): EntryActs {
  return {
    open: (path) => void app.openFile(path),
    edit: (path) => void app.entries.edit(path),
    reveal: (path) => void app.entries.reveal(path),
    copyPath: (path) => void copyPath(app, path),
    mention: (path) => void mention(app, path),
    rename: (path, name) => app.entries.rename(path, name),
    remove: (path) => app.entries.remove(path),
  };
}

async function copyPath(app: App, path: string): Promise<void> {
  const whole = `${app.state?.workspace?.path ?? ""}/${path}`;
  if (!(await copyText(whole))) app.notices.add("The path could not be copied.", whole);
}

/** Names a file in the message, and goes on there behind it. */
async function mention(app: App, path: string): Promise<void> {
  app.mention(path);
  await tick();
  const box = document.querySelector<HTMLTextAreaElement>('[data-testid="composer"]');
  box?.focus({ preventScroll: true });
  box?.setSelectionRange(box.value.length, box.value.length);
}

/** Brings what waits into sight: out of the tray if it is there. It decides nothing. */
export async function showCard(app: App): Promise<void> {
  const { cards, setAside } = app.approvals;
  const [first] = cards;
  if (first && cards.every((card) => setAside.has(card.approval))) app.approvals.show(first.approval);
  await tick();
  focus('[data-testid="card"]');
}

/** Who opens a tab by a key goes on by keys: the focus goes there, and back to the message box. */
async function toggleTab(app: App, tab: SideTab): Promise<void> {
  app.side.toggle(tab);
  await tick();
  focus(app.side.open ? '[role="tab"][aria-selected="true"]' : '[data-testid="composer"]');
}

async function toggleTree(shell: Shell): Promise<void> {
  const had = document.activeElement?.closest('[role="tree"]') != null;
  shell.toggleTree();
  await tick();
  if (shell.tree) focus('[data-testid="tree"]');
  else if (had) focus('[data-testid="composer"]');
}

async function copyId(app: App): Promise<void> {
  const id = app.state?.session?.id ?? "";
  const copied = await copyText(id);
  app.notices.add(copied ? "The session's id was copied." : "The session's id could not be copied.", id);
}

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
}
