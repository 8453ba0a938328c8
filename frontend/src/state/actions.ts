/** A key with Ctrl, or Cmd on a Mac, and for letters with Shift or without. */
export interface Keys {
  /** As `KeyboardEvent.key` names it, letters small. */
  key: string;
  /** Whether Ctrl or Cmd is held. */
  mod: boolean;
  /** Whether Shift is held. It is not looked at for signs: which of them need it depends on the keyboard. */
  shift: boolean;
}

type ActionGroup = "Session" | "Look" | "Guard" | "Window";

/** Something that the person can do from anywhere in the window. */
export interface Action {
  id: string;
  name: string;
  group: ActionGroup;
  /** Its shortcuts, the one that is shown first. */
  keys: readonly Keys[];
  /** Further words that it is found by. */
  words: string;
  /** Whether holding the key down does it again and again. */
  repeats?: true;
}

const mod = (key: string): Keys => ({ key, mod: true, shift: false });
const shifted = (key: string): Keys => ({ key, mod: true, shift: true });

/** All of them, in the order in which they are listed. None decides a proposal: that is done on its card. */
export const ACTIONS = [
  { id: "palette", name: "All actions", group: "Window", keys: [mod("k")], words: "command palette find" },
  { id: "message", name: "Go to the message box", group: "Session", keys: [mod("l")], words: "write chat composer" },
  {
    id: "card",
    name: "Go to what waits for you",
    group: "Guard",
    keys: [shifted("a")],
    words: "card proposal waiting",
  },
  { id: "new-session", name: "New session", group: "Session", keys: [shifted("n")], words: "start chat" },
  { id: "sessions", name: "All sessions", group: "Session", keys: [shifted("o")], words: "history search resume" },
  { id: "stop", name: "Stop the run", group: "Session", keys: [mod(".")], words: "interrupt cancel end" },
  { id: "go-on", name: "Go on with the run", group: "Session", keys: [], words: "resume continue" },
  { id: "session-id", name: "Copy the session's id", group: "Session", keys: [], words: "clipboard" },
  { id: "changes", name: "Changes", group: "Look", keys: [shifted("g")], words: "diff undo revert files" },
  { id: "trace", name: "Trace", group: "Look", keys: [shifted("t")], words: "timeline spans tokens steps" },
  { id: "tree", name: "Show or hide the files", group: "Look", keys: [mod("b")], words: "tree pane toggle sidebar" },
  { id: "side", name: "Show or hide the side pane", group: "Look", keys: [mod("j")], words: "pane toggle right" },
  {
    id: "larger",
    name: "Larger text",
    group: "Look",
    keys: [mod("+"), mod("=")],
    words: "zoom in font size",
    repeats: true,
  },
  { id: "smaller", name: "Smaller text", group: "Look", keys: [mod("-")], words: "zoom out font size", repeats: true },
  { id: "normal", name: "Text as it was made", group: "Look", keys: [mod("0")], words: "zoom reset font size" },
  { id: "rules", name: "Rules", group: "Guard", keys: [shifted("l")], words: "allowed always revoke approvals" },
  { id: "settings", name: "Settings", group: "Window", keys: [mod(",")], words: "preferences config options" },
  { id: "connect", name: "Connect a model", group: "Window", keys: [], words: "provider key api anthropic openai" },
  { id: "open-folder", name: "Open a folder", group: "Window", keys: [mod("o")], words: "workspace project" },
  { id: "close", name: "Back to the welcome screen", group: "Window", keys: [], words: "close workspace recent" },
  { id: "tour", name: "Take the tour", group: "Window", keys: [], words: "help demo learn" },
  {
    id: "shortcuts",
    name: "Shortcuts",
    group: "Window",
    keys: [mod("/"), { key: "?", mod: false, shift: false }],
    words: "keys keyboard help sheet",
  },
] as const satisfies readonly Action[];

export type ActionId = (typeof ACTIONS)[number]["id"];

/** Keys that have their meaning where the focus is; no action may have one of them. */
export const FIXED: readonly { name: string; group: string; keys: readonly Keys[] }[] = [
  { name: "Approve what the card shows, once it is armed", group: "Card", keys: [mod("Enter")] },
  { name: "Deny it, with words if you like", group: "Card", keys: [mod("Backspace")] },
  { name: "Set the card aside, undecided", group: "Card", keys: [{ key: "Escape", mod: false, shift: false }] },
  { name: "Send the message", group: "Message box", keys: [{ key: "Enter", mod: false, shift: false }] },
  { name: "Break the line", group: "Message box", keys: [{ key: "Enter", mod: false, shift: true }] },
];

/** What of a key press counts. */
export type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/** The action that a key press means; none for most. */
export function actionOf(press: Press): Action | null {
  return ACTIONS.find((action: Action) => action.keys.some((keys) => isPressed(keys, press))) ?? null;
}

function isPressed(keys: Keys, press: Press): boolean {
  if (press.altKey || keys.mod !== (press.ctrlKey || press.metaKey)) return false;
  if (keys.key !== press.key.toLowerCase()) return false;
  return isSign(keys.key) || keys.shift === press.shiftKey;
}

function isSign(key: string): boolean {
  return key.length === 1 && !/[a-z]/.test(key);
}

/** The same text for keys that cannot be told apart. */
export function signOf(keys: Keys): string {
  return `${keys.mod ? "mod+" : ""}${keys.shift && !isSign(keys.key) ? "shift+" : ""}${keys.key.toLowerCase()}`;
}

const NAMES: Record<string, string> = { Enter: "⏎", Backspace: "⌫", Escape: "Esc" };

/** `Ctrl+Shift+O`, or `⇧⌘O` on a Mac. */
export function keyWords(keys: Keys, mac: boolean): string {
  const name = NAMES[keys.key] ?? keys.key.toUpperCase();
  const shift = keys.shift && !isSign(keys.key);
  if (mac) return `${shift ? "⇧" : ""}${keys.mod ? "⌘" : ""}${name}`;
  return `${keys.mod ? "Ctrl+" : ""}${shift ? "Shift+" : ""}${name}`;
}

/** The shortcut of an action as it is shown; empty where it has none. */
export function shortcut(id: ActionId, mac: boolean): string {
  const action: Action | undefined = ACTIONS.find((one) => one.id === id);
  const [first] = action?.keys ?? [];
  return first ? keyWords(first, mac) : "";
}
