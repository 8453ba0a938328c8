import type { ChangeScope } from "../protocol/ChangeScope";
import type { LeftPath } from "../protocol/LeftPath";

/** What taking back is told as: what was meant, and what came of it. */
export function revertedWords(scope: ChangeScope, restored: readonly string[], left: readonly LeftPath[]): string {
  const whole = restored.length === 1 && left.length === 0;
  // One file was meant, and it is done.
  if (whole && (scope.scope === "file" || scope.scope === "hunks")) return `${scopeWords(scope)}.`;
  const back = isRedo(scope) ? "brought again" : "put back";
  const done = restored.length === 0 ? `nothing was ${back}` : `${files(restored.length)} ${back}`;
  const rest = left.length === 0 ? "" : `, ${left.length} left as ${left.length === 1 ? "it is" : "they are"}`;
  return `${scopeWords(scope)}: ${done}${rest}.`;
}

/** Whether it takes an earlier taking back in turn back. */
export function isRedo(scope: ChangeScope): boolean {
  return scope.scope === "call" && scope.call.startsWith("revert_");
}

function scopeWords(scope: ChangeScope): string {
  switch (scope.scope) {
    case "session":
      return "You took back the whole session";
    case "turn":
      return `You took back turn ${scope.turn}`;
    case "call":
      return isRedo(scope) ? "You undid a taking back" : "You took back one call";
    case "file":
      return `You took back ${scope.path}${scope.turn === undefined ? "" : ` in turn ${scope.turn}`}`;
    case "hunks":
      return `You took back ${scope.hunks.length === 1 ? "a part" : `${scope.hunks.length} parts`} of ${scope.path}`;
  }
}

function files(count: number): string {
  return `${count.toLocaleString("en")} ${count === 1 ? "file" : "files"}`;
}
