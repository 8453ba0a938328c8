import type { ModelInfo } from "../../protocol/ModelInfo";

/** Where the key came from; empty where none is needed. */
export function keyWords(model: ModelInfo): string {
  switch (model.key) {
    case "environment":
      return "key from the environment";
    case "env_file":
      return "key from the settings folder";
    case "window":
      return "key typed here";
    case "keychain":
      return "key from the keychain";
    case "not_needed":
      return "no key needed";
    case "missing":
      return "no key";
  }
}

const DAY = 86_400_000;

/** `today`, `yesterday`, `5 days ago`, or the date. */
export function when(time: string, now: Date): string {
  const then = new Date(time);
  if (Number.isNaN(then.getTime())) return "";
  const days = Math.round((midnight(now) - midnight(then)) / DAY);
  if (days <= 0) return "today";
  if (days === 1) return "yesterday";
  if (days < 14) return `${days} days ago`;
  return then.toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

function midnight(time: Date): number {
  return new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
}
