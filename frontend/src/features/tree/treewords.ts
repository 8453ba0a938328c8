import type { ChangeKind } from "../../protocol/ChangeKind";
import type { EntryKind } from "../../protocol/EntryKind";
import type { IconName } from "../../ui/Icon.svelte";

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
