import type { ChangeScope } from "../protocol/ChangeScope";
import type { Event } from "../protocol/Event";
import type { FileChanges } from "../protocol/FileChanges";
import type { SeenPath } from "../protocol/SeenPath";
import type { SessionChanges } from "../protocol/SessionChanges";
import { demoChanges, signsOf } from "./demochanges";

/** What the recorded session changed, and what was taken back of it. */
export class DemoChanges {
  now: SessionChanges = demoChanges();
  /** What stood there before each act of taking back. */
  readonly acts = new Map<string, readonly FileChanges[]>();
}

/** Takes changes back in the recording. */
export function revert(changes: DemoChanges, op: ChangeScope, overwrite: readonly SeenPath[]): Event {
  const act = `revert_${changes.acts.size + 1}`;
  const before = changes.now.files;
  changes.acts.set(act, before);
  if (op.scope === "call") {
    const files = changes.acts.get(op.call) ?? before;
    changes.now = { ...changes.now, files: [...files] };
    const brought = files.filter((file) => !before.includes(file)).map((file) => file.path);
    return { type: "changes_reverted", act, scope: op, restored: brought, left: [] };
  }
  const asked = before.filter((file) => {
    if (op.scope === "turn") return file.turns.includes(op.turn);
    return op.scope === "session" || file.path === op.path;
  });
  const kept = asked.filter(
    (file) => file.lost !== undefined || (file.changed_since && !overwrite.some((seen) => seen.path === file.path)),
  );
  const restored = asked.filter((file) => !kept.includes(file));
  changes.now = { ...changes.now, files: before.flatMap((file) => without(file, op, restored)) };
  return {
    type: "changes_reverted",
    act,
    scope: op,
    restored: restored.map((file) => file.path),
    left: kept.map((file) => ({ path: file.shown, why: file.lost ?? "you changed it since" })),
  };
}

function without(file: FileChanges, op: ChangeScope, restored: readonly FileChanges[]): FileChanges[] {
  if (!restored.includes(file)) return [file];
  if (op.scope !== "hunks" || !file.diff) return [];
  const hunks = file.diff.hunks.filter((hunk) => !op.hunks.includes(hunk.number));
  if (hunks.length === 0) return [];
  const diff = { hunks, added: signsOf(hunks, "+"), removed: signsOf(hunks, "-") };
  return [{ ...file, diff, added: diff.added, removed: diff.removed, now_sha256: "b".repeat(64) }];
}
