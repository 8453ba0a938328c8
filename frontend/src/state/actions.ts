/** A key with Ctrl, or Cmd on a Mac, and for letters with Shift or without. */
export interface Keys {
  /** As `KeyboardEvent.key` names it, letters small. */
  key: string;
  /** Whether Ctrl or Cmd is held. */
  mod: boolean;
  /** Whether Shift is held. It is not looked at for signs: which of them need it depends on the keyboard. */
  shift: boolean;
  /** Whether Alt is held. No action has it: only keys that have their meaning where the focus is. */
  alt?: true;
}

type ActionGroup = "Session" | "Look" | "Guard" | "Window";

/** The menus of the window, in their order. */
export const MENUS = ["File", "Edit", "View", "Help"] as const;

/** Something that the person can do from anywhere in the window. */
export interface Action {
  id: string;
  name: string;
  group: ActionGroup;
  /** The menu that it stands in; null for what opens the menu. */
  menu: (typeof MENUS)[number] | null;
  /** Its shortcuts, the one that is shown first. */
  keys: readonly Keys[];
  /** Further words that it is found by. */
  words: string;
  /** Whether holding the key down does it again and again. */
  repeats?: true;
}

const mod = (key: string): Keys => ({ key, mod: true, shift: false });
const plain = (key: string): Keys => ({ key, mod: false, shift: false });
const shifted = (key: string): Keys => ({ key, mod: true, shift: true });

/** All of them, in the order in which they are listed. None decides a proposal: that is done on its card. */
export const ACTIONS = [
  {
    id: "palette",
    name: "All actions",
    group: "Window",
    menu: "View",
    keys: [mod("k")],
    words: "command palette find",
  },
  {
    id: "menu",
    name: "Menu",
    group: "Window",
    menu: null,
    keys: [plain("f10")],
    words: "file edit view help",
  },
  {
    id: "find",
    name: "Find in the conversation",
    group: "Session",
    menu: "Edit",
    keys: [mod("f")],
    words: "search text",
  },
  {
    id: "message",
    name: "Go to the message box",
    group: "Session",
    menu: "Edit",
    keys: [mod("l")],
    words: "write chat composer",
  },
  {
    id: "card",
    name: "Go to what waits for you",
    group: "Guard",
    menu: "Edit",
    keys: [shifted("a")],
    words: "card proposal waiting",
  },
  { id: "new-session", name: "New session", group: "Session", menu: "File", keys: [shifted("n")], words: "start chat" },
  {
    id: "sessions",
    name: "All sessions",
    group: "Session",
    menu: "File",
    keys: [shifted("o")],
    words: "history search resume",
  },
  { id: "stop", name: "Stop the run", group: "Session", menu: "Edit", keys: [mod(".")], words: "interrupt cancel end" },
  { id: "go-on", name: "Go on with the run", group: "Session", menu: "Edit", keys: [], words: "resume continue" },
  { id: "session-id", name: "Copy the session's id", group: "Session", menu: "Edit", keys: [], words: "clipboard" },
  {
    id: "changes",
    name: "Changes",
    group: "Look",
    menu: "View",
    keys: [shifted("g")],
    words: "diff undo revert files",
  },
  {
    id: "trace",
    name: "Trace",
    group: "Look",
    menu: "View",
    keys: [shifted("t")],
    words: "timeline spans tokens steps",
  },
  {
    id: "tree",
    name: "Show or hide the files",
    group: "Look",
    menu: "View",
    keys: [mod("b")],
    words: "tree pane toggle sidebar",
  },
  {
    id: "side",
    name: "Show or hide the side pane",
    group: "Look",
    menu: "View",
    keys: [mod("j")],
    words: "pane toggle right",
  },
  {
    id: "larger",
    name: "Larger text",
    group: "Look",
    menu: "View",
    keys: [mod("+"), mod("=")],
    words: "zoom in font size",
    repeats: true,
  },
  {
    id: "smaller",
    name: "Smaller text",
    group: "Look",
    menu: "View",
    keys: [mod("-")],
    words: "zoom out font size",
    repeats: true,
  },
  {
    id: "normal",
    name: "Usual text size",
    group: "Look",
    menu: "View",
    keys: [mod("0")],
    words: "zoom reset font size",
  },
  {
    id: "rules",
    name: "Rules",
    group: "Guard",
    menu: "View",
    keys: [shifted("l")],
    words: "allowed always revoke approvals",
  },
  {
    id: "settings",
    name: "Settings",
    group: "Window",
    menu: "File",
    keys: [mod(",")],
    words: "preferences config options",
  },
  {
    id: "connect",
    name: "Connect a model",
    group: "Window",
    menu: "File",
    keys: [],
    words: "provider key api anthropic openai",
  },
  {
    id: "open-folder",
    name: "Open a folder",
    group: "Window",
    menu: "File",
    keys: [mod("o")],
    words: "workspace project",
  },
  {
    id: "close",
    name: "Back to the welcome screen",
    group: "Window",
    menu: "File",
    keys: [],
    words: "close workspace recent",
  },
  { id: "tour", name: "Take the tour", group: "Window", menu: "Help", keys: [], words: "help demo learn" },
  {
    id: "shortcuts",
    name: "Shortcuts",
    group: "Window",
    menu: "Help",
    keys: [mod("/"), plain("?")],
    words: "keys keyboard help sheet",
  },
] as const satisfies readonly Action[];

export type ActionId = (typeof ACTIONS)[number]["id"];

/** Keys that have their meaning where the focus is; no action may have one of them. */
export const FIXED: readonly { name: string; group: string; keys: readonly Keys[] }[] = [
  { name: "Approve what the card shows", group: "Card", keys: [mod("Enter")] },
  { name: "Deny it, with words if you like", group: "Card", keys: [mod("Backspace")] },
  { name: "Set the card aside, undecided", group: "Card", keys: [plain("Escape")] },
  { name: "To the next part of a change, or the next card", group: "Card", keys: [plain("ArrowDown")] },
  { name: "To the one before", group: "Card", keys: [plain("ArrowUp")] },
  { name: "Send the message", group: "Message box", keys: [plain("Enter")] },
  { name: "Send it after the run", group: "Message box", keys: [{ ...plain("Enter"), alt: true }] },
  { name: "Break the line", group: "Message box", keys: [{ ...plain("Enter"), shift: true }] },
  { name: "Name a file", group: "Message box", keys: [plain("@")] },
  { name: "Next match", group: "Find", keys: [plain("Enter"), plain("F3")] },
  { name: "Previous match", group: "Find", keys: [{ ...plain("Enter"), shift: true }] },
  { name: "Open a file, or a folder", group: "Files", keys: [plain("Enter")] },
  { name: "Unfold a folder, or go into it", group: "Files", keys: [plain("ArrowRight")] },
  { name: "Fold it, or go out of it", group: "Files", keys: [plain("ArrowLeft")] },
  { name: "What can be done with it", group: "Files", keys: [{ ...plain("F10"), shift: true }] },
  { name: "Rename it", group: "Files", keys: [plain("F2")] },
  { name: "Delete it, after a question", group: "Files", keys: [plain("Delete")] },
  { name: "Next change by the agent", group: "File", keys: [plain("F7")] },
  { name: "Previous change by the agent", group: "File", keys: [{ ...plain("F7"), shift: true }] },
  { name: "Rename a session", group: "Sessions", keys: [plain("F2")] },
  { name: "Delete a session, after a question", group: "Sessions", keys: [plain("Delete")] },
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
  return `${keys.mod ? "mod+" : ""}${keys.alt ? "alt+" : ""}${keys.shift && !isSign(keys.key) ? "shift+" : ""}${keys.key.toLowerCase()}`;
}

const NAMES: Record<string, string> = {
  Enter: "⏎",
  Backspace: "⌫",
  Escape: "Esc",
  Delete: "Del",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
};

/** `Ctrl+Shift+O`, or `⇧⌘O` on a Mac. */
export function keyWords(keys: Keys, mac: boolean): string {
  const name = NAMES[keys.key] ?? keys.key.toUpperCase();
  const shift = keys.shift && !isSign(keys.key);
  if (mac) return `${keys.alt ? "⌥" : ""}${shift ? "⇧" : ""}${keys.mod ? "⌘" : ""}${name}`;
  return `${keys.mod ? "Ctrl+" : ""}${keys.alt ? "Alt+" : ""}${shift ? "Shift+" : ""}${name}`;
}

/** The shortcut of an action as it is shown; empty where it has none. */
export function shortcut(id: ActionId, mac: boolean): string {
  const action: Action | undefined = ACTIONS.find((one) => one.id === id);
  const [first] = action?.keys ?? [];
  return first ? keyWords(first, mac) : "";
}
