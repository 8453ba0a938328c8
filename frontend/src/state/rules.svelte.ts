import type { RuleRecord } from "../protocol/RuleRecord";

/** How long at most until it is looked anew whether a rule ended: a computer that sleeps stops the clock. */
const LOOK_MS = 60_000;

/** The person's rules that hold, newest first. The backend tells of changes, but not when a rule's time is over. */
export class Rules {
  list: readonly RuleRecord[] = $state.raw([]);
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Takes in what holds now. */
  take(rules: readonly RuleRecord[]): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const now = Date.now();
    this.list = rules.filter((rule) => rule.in_force && endOf(rule) > now);
    const next = Math.min(...this.list.map(endOf)) - now;
    if (Number.isFinite(next)) this.#timer = setTimeout(() => this.take(this.list), Math.min(next, LOOK_MS));
  }
}

/** When it ends; infinity for never. */
function endOf(rule: RuleRecord): number {
  const end = rule.expires === null ? Number.NaN : Date.parse(rule.expires);
  return Number.isNaN(end) ? Number.POSITIVE_INFINITY : end;
}

/** Those by which edits apply without asking. */
export function editRules(rules: readonly RuleRecord[]): RuleRecord[] {
  return rules.filter((rule) => rule.grant === "edit_file" || rule.grant === "edit_workspace");
}

/** What a rule is about as a person reads it: a path inside the workspace from there on. */
export function shownIn(rule: RuleRecord): string {
  const folder = `${rule.workspace}/`;
  const inside = rule.grant === "edit_file" && rule.path.startsWith(folder) && rule.shown.startsWith(folder);
  return inside ? rule.shown.slice(folder.length) : rule.shown;
}
