import type { RuleRecord } from "../../protocol/RuleRecord";
import { shownIn } from "../../state/rules.svelte";
import { plural } from "../../ui/text";
import { timeWords } from "../../ui/time";

/** What a rule lets through: plain words, and the pattern or the path behind them; empty where there is none. */
export function grantWords(rule: RuleRecord): { words: string; thing: string } {
  switch (rule.grant) {
    case "command":
      return { words: "Commands", thing: rule.shown };
    case "edit_file":
      return { words: "Edits of", thing: shownIn(rule) };
    case "edit_workspace":
      return { words: "Edits in this workspace", thing: "" };
    case "look":
      return { words: "Looks at", thing: rule.shown };
  }
}

/** The same in one text, to call the rule by. */
export function ruleName(rule: RuleRecord): string {
  const { words, thing } = grantWords(rule);
  return thing === "" ? words : `${words} ${thing}`;
}

/** For how long it holds. */
export function termWords(rule: RuleRecord, now: Date): string {
  const session = rule.lasting ? "" : "for this session";
  if (rule.expires === null) return session === "" ? "always" : session;
  const end = `until ${timeWords(rule.expires, now)}`;
  return session === "" ? end : `${session}, ${end} at the latest`;
}

/** How often it decided, and when last. */
export function useWords(rule: RuleRecord, now: Date): string {
  if (rule.uses === 0) return "Not used yet";
  const last = rule.last_used === null ? "" : timeWords(rule.last_used, now);
  if (rule.uses === 1) return last === "" ? "Used once" : `Used once, ${last}`;
  return last === "" ? `Used ${plural(rule.uses, "time")}` : `Used ${plural(rule.uses, "time")}, last ${last}`;
}
