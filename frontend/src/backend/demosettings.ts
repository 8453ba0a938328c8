import type { Setting } from "../protocol/Setting";
import type { WireError } from "../protocol/WireError";

/** The recording's settings file. */
export const DEMO_FILE = "/home/me/.config/countersign/config.toml";

const KEYS: readonly [key: string, about: string, value: string, choices?: string[]][] = [
  [
    "exec_security",
    "What decides over commands: always ask, ask unless a pattern allows it, or never ask.",
    '"approval-always"',
    ['"approval-always"', '"allowlist"', '"allow-always"'],
  ],
  ["allow", "Patterns of commands that run without asking under allowlist.", "[]"],
  ["file_approval", "Whether writes and edits inside the workspace ask.", '"always"', ['"always"', '"none"']],
  ["confine", "Whether the operating system confines commands, where it can.", '"on"', ['"on"', '"off"']],
  ["network", "Whether commands reach the network unless a card says otherwise.", "true", ["true", "false"]],
  ["pass_through", "Names of variables that commands keep although they look like secrets.", "[]"],
  ["provider", "Which kind of model client is used.", "", ['"anthropic"', '"openai"']],
  ["model", "The model's name; the provider's own where there is none.", ""],
  ["base_url", "The address of the model's server.", ""],
  ["max_steps", "Model calls before a run stops.", "30"],
  ["undo_file_mb", "The largest file, in MB, that is kept for undoing.", "50"],
  ["undo_budget_mb", "MB on disk that undoing may take for one workspace.", "2048"],
];

/** The settings of the recording, and what its file has of them. */
export class DemoSettings {
  readonly #file = new Map<string, string>([
    ["max_steps", "30"],
    ["pass_through", '["NPM_TOKEN"]'],
  ]);

  get list(): Setting[] {
    return KEYS.map(([key, about, value, choices = []]) => {
      const set = this.#file.get(key);
      return { key, about, value: set ?? value, source: set === undefined ? "default" : "file", choices };
    });
  }

  /** Sets one, or takes it out; gives what speaks against it. */
  set(key: string, value: string | undefined): WireError | null {
    const number = KEYS.find(([one]) => one === key)?.[2].match(/^\d+$/);
    if (value !== undefined && number && !/^\d+$/.test(value)) {
      const message = `the settings in ${DEMO_FILE} cannot be read: invalid type: string "${value}", expected usize`;
      return { code: "input", message, hint: "" };
    }
    if (value === undefined) this.#file.delete(key);
    else this.#file.set(key, value);
    return null;
  }
}
