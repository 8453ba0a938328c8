import type { AppState } from "../protocol/AppState";
import type { UndoState } from "../protocol/UndoState";
import { SESSION, WORKSPACE } from "./demoevents";
import { fewRules, manyRules } from "./demorules";

const SCREENS = [
  "exec",
  "again",
  "edit",
  "edits",
  "large",
  "script",
  "path",
  "chat",
  "rules",
  "welcome",
  "long",
  "find",
  "output",
  "trouble",
  "empty",
  "sessions",
  "changes",
  "threeway",
  "paused",
  "readonly",
  "trace",
  "settings",
  "palette",
  "shortcuts",
  "file",
] as const;

/** The states of the window that a plain browser can look at, by `?screen=`. */
export type Screen = (typeof SCREENS)[number];

export function screenOf(name: string | null): Screen {
  return SCREENS.find((screen) => screen === name) ?? "exec";
}

/** Those on which no run is under way. */
const RESTING: ReadonlySet<Screen> = new Set<Screen>([
  "trouble",
  "empty",
  "sessions",
  "changes",
  "threeway",
  "paused",
  "readonly",
  "file",
]);
const UNDO: UndoState = { ready: true, done: 8412, total: 8412, bytes: 12_300_000, budget: 2_000_000_000 };

/** The window's state on the screen. */
export function stateOf(screen: Screen): AppState {
  const welcome = screen === "welcome";
  return {
    version: "0.1.0",
    workspace: welcome
      ? null
      : {
          path: WORKSPACE,
          name: "shop-api",
          tour: false,
          files: 8412,
          branch: "main",
          trouble:
            screen === "trouble"
              ? "The folder /home/me/dev/shop-api is no longer there. Put it back or choose another."
              : null,
        },
    session: welcome
      ? null
      : {
          id: SESSION,
          running: !RESTING.has(screen),
          max_steps: 30,
          title: "",
          paused:
            screen === "paused"
              ? "Countersign ended while this ran. What it had done is kept; nothing is done twice."
              : null,
          read_only:
            screen === "readonly"
              ? "This session is open in another window of Countersign. Here it can only be read."
              : null,
          undo: UNDO,
        },
    model: {
      provider: "anthropic",
      model: welcome ? "" : "claude-sonnet-4-5",
      base_url: null,
      prices:
        screen === "trace" || screen === "changes"
          ? { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 }
          : null,
      key: welcome ? "missing" : "environment",
    },
    exec_security: "approval-always",
    file_approval: "always",
    confinement: { active: true, text: "commands are confined (Landlock)" },
    rules: screen === "chat" ? fewRules() : screen === "rules" ? manyRules() : [],
    notices:
      screen === "paused"
        ? ["The database of sessions was damaged. It was set aside as sessions.db.broken-1, and a new one was made."]
        : [],
  };
}
