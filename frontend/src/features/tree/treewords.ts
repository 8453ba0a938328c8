import type { ChangeKind } from "../../protocol/ChangeKind";
import type { EntryKind } from "../../protocol/EntryKind";
import type { GitState } from "../../protocol/GitState";
import type { IconName } from "../../ui/Icon.svelte";
import type { MenuLine } from "../../ui/PopMenu.svelte";

/** What the agent did with a file. */
export const TOUCHED: Record<ChangeKind, string> = {
  created: "created",
  modified: "changed",
  deleted: "deleted",
  mode: "given other permissions",
  kind: "made another kind",
};

export function iconOf(kind: EntryKind): IconName {
  switch (kind) {
    case "folder":
      return "folder";
    case "link":
    case "link_out":
      return "link";
    case "file":
    case "special":
      return "file";
  }
}

export function noteOf(kind: EntryKind): string {
  switch (kind) {
    case "link":
      return "link";
    case "link_out":
      return "leads outside";
    case "special":
      return "no regular file";
    case "folder":
    case "file":
      return "";
  }
}

/** What git says of an entry: its letter, and what it means. */
export const GIT: Record<GitState, { letter: string; words: string }> = {
  untracked: { letter: "U", words: "not known to git" },
  added: { letter: "A", words: "added, not committed" },
  modified: { letter: "M", words: "changed since the last commit" },
  conflicted: { letter: "C", words: "in conflict" },
};

/** What can be done with an entry, as its menu lists it. */
export function entryMenu(kind: EntryKind, open: boolean): MenuLine[] {
  const file = kind === "file" || kind === "link";
  return [
    { id: "open", name: kind === "folder" && open ? "Close" : "Open", keys: "Enter" },
    ...(file ? [{ id: "edit", name: "Open in editor", keys: "" }] : []),
    { id: "reveal", name: "Show in file manager", keys: "" },
    { id: "copy", name: "Copy path", keys: "", apart: true },
    { id: "mention", name: "Mention in message", keys: "" },
    { id: "rename", name: "Rename", keys: "F2", apart: true },
    { id: "remove", name: "Delete…", keys: "Del", danger: true },
  ];
}
