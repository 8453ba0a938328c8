import type { Setting } from "../../protocol/Setting";

/** How a setting is edited; `raw` as TOML, where it is written in a way that a field could not keep. */
export type Field = "choice" | "number" | "list" | "text" | "raw";

const NUMBERS = new Set(["max_steps", "undo_file_mb", "undo_budget_mb"]);
const LISTS = new Set(["allow", "pass_through"]);

export function fieldOf(setting: Setting): Field {
  if (setting.choices.length > 0) return "choice";
  if (NUMBERS.has(setting.key)) return "number";
  if (LISTS.has(setting.key)) return listOf(setting.value) === null ? "raw" : "list";
  return setting.value === "" || textOf(setting.value) !== null ? "text" : "raw";
}

/** A value as it stands in its field. */
export function shownValue(field: Field, value: string): string {
  switch (field) {
    case "list":
      return (listOf(value) ?? []).join("\n");
    case "text":
      return textOf(value) ?? "";
    case "choice":
    case "number":
    case "raw":
      return value;
  }
}

/** A field as TOML writes it; none where it is emptied, which goes back to the default. */
export function writtenValue(field: Field, shown: string): string | undefined {
  switch (field) {
    case "list":
      return `[${lines(shown)
        .map((line) => JSON.stringify(line))
        .join(", ")}]`;
    case "text":
      return shown.trim() === "" ? undefined : JSON.stringify(shown.trim());
    case "number":
    case "raw":
      return shown.trim() === "" ? undefined : shown.trim();
    case "choice":
      return shown;
  }
}

function lines(shown: string): string[] {
  return shown
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The text of a TOML string; null where it is none that JSON reads alike. */
function textOf(value: string): string | null {
  if (/^'[^'\n]*'$/.test(value)) return value.slice(1, -1);
  const read = json(value);
  return typeof read === "string" ? read : null;
}

function listOf(value: string): string[] | null {
  const read = json(value.replace(/,\s*\]$/, "]"));
  return Array.isArray(read) && read.every((one) => typeof one === "string" && !one.includes("\n")) ? read : null;
}

function json(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

const TITLES: Record<string, string> = {
  exec_security: "Commands",
  allow: "Allowed commands",
  file_approval: "Writes and edits",
  confine: "Confinement",
  network: "Network for commands",
  pass_through: "Secrets that commands keep",
  provider: "Provider",
  model: "Model",
  base_url: "Server",
  max_steps: "Steps of a run",
  undo_file_mb: "Largest file for undo",
  undo_budget_mb: "Space for undo",
  editor: "Editor",
  notifications: "Notifications",
  sounds: "Sounds",
};

/** What a setting is called. */
export function titleOf(key: string): string {
  return TITLES[key] ?? key;
}

const CHOICES: Record<string, string> = {
  "exec_security=approval-always": "always ask",
  "exec_security=allowlist": "ask unless a pattern allows it",
  "exec_security=allow-always": "never ask",
  "file_approval=always": "always ask",
  "file_approval=none": "never ask",
  "network=true": "on",
  "network=false": "off",
  "notifications=true": "on",
  "notifications=false": "off",
  "sounds=true": "on",
  "sounds=false": "off",
  "provider=anthropic": "Anthropic",
  "provider=openai": "OpenAI-compatible, also a local server",
};

/** A choice in words; as the file has it where there are none. */
export function choiceWords(key: string, choice: string): string {
  const value = textOf(choice) ?? choice;
  return CHOICES[`${key}=${value}`] ?? value;
}

/** What a value takes off the person's protection, in plain words; empty where it takes nothing. */
export function riskOf(key: string, value: string): string {
  const text = textOf(value) ?? value;
  if (key === "exec_security" && text === "allow-always")
    return "Every command runs at once and without a card, whatever the agent wrote. You see it when it is done.";
  if (key === "file_approval" && text === "none")
    return "Writes and edits inside the workspace happen at once and without a card. Sensitive, linked and outside files still ask.";
  if (key === "confine" && text === "off")
    return "The system holds commands back from nothing: each can read and change whatever you can, outside the workspace too.";
  if (key === "pass_through" && (listOf(value)?.length ?? 0) > 0)
    return "Every command, and whatever it starts, can read these secrets.";
  return "";
}

/** What an empty field means; empty where it says nothing. */
export function emptyWords(key: string): string {
  if (key === "model") return "The provider's own";
  return key === "base_url" ? "The provider's own" : "";
}
