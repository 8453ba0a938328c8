import type { Card } from "../protocol/Card";
import type { DecisionInput } from "../protocol/DecisionInput";
import type { RuleGrant } from "../protocol/RuleGrant";
import type { RuleRecord } from "../protocol/RuleRecord";

const WORKSPACE = "/home/me/dev/shop-api";
const HOUR = 3_600_000;

/** Two rules, as after an hour of work. */
export function fewRules(): RuleRecord[] {
  return [
    rule(
      "r2",
      { grant: "edit_file", path: `${WORKSPACE}/src/cart.ts` },
      { uses: 1, last_used: ago(0.2), made: ago(0.4) },
    ),
    rule(
      "r1",
      { grant: "command", pattern: "npm test" },
      { lasting: true, uses: 5, last_used: ago(0.1), made: ago(1) },
    ),
  ];
}

/** One rule of each kind, with long texts among them. */
export function manyRules(): RuleRecord[] {
  const command = `node scripts/report.js ${Array.from({ length: 40 }, (_, at) => `--input data/part-${at}.json`).join(" ")}`;
  return [
    rule("r6", { grant: "edit_workspace" }, { source: "src/money.ts", made: ago(0.1) }),
    rule("r5", { grant: "look", path: "/etc/hosts" }, { uses: 2, last_used: ago(0.3), made: ago(0.5) }),
    rule(
      "r4",
      { grant: "command", pattern: "node scripts/report.js *" },
      { source: command, lasting: true, expires: ago(-7 * 24), made: ago(0.8) },
    ),
    rule(
      "r3",
      { grant: "command", pattern: "npm run *" },
      { source: "npm run build", expires: ago(-20), made: ago(4) },
    ),
    ...fewRules().slice(1),
    rule(
      "r0",
      { grant: "edit_file", path: `${WORKSPACE}/src/${"deep/".repeat(30)}file.ts` },
      { lasting: true, uses: 1204, last_used: ago(30), made: ago(24 * 90) },
    ),
  ];
}

/** The rule that a decision on a card makes; none where it is for that card alone. */
export function ruleOf(card: Card, decision: DecisionInput, id: string): RuleRecord | null {
  const lasting = decision.decision === "approve_always";
  if (!lasting && decision.decision !== "approve_session") return null;
  const more = { lasting, source: card.display.shown };
  switch (card.kind) {
    case "exec":
      return rule(id, { grant: "command", pattern: decision.pattern ?? card.command }, more);
    case "write":
    case "edit":
      if (decision.scope === "workspace") return rule(id, { grant: "edit_workspace" }, more);
      return rule(id, { grant: "edit_file", path: card.resolved }, more);
    case "path":
      return rule(id, { grant: "look", path: card.resolved }, more);
  }
}

function ago(hours: number): string {
  return new Date(Date.now() - hours * HOUR).toISOString();
}

function rule(id: string, grant: RuleGrant, more: Partial<Omit<RuleRecord, keyof RuleGrant>>): RuleRecord {
  const shown = grant.grant === "command" ? grant.pattern : grant.grant === "edit_workspace" ? WORKSPACE : grant.path;
  return {
    id,
    ...grant,
    shown,
    workspace: WORKSPACE,
    lasting: false,
    session: "demo",
    source: shown.replace(`${WORKSPACE}/`, ""),
    made: ago(0),
    uses: 0,
    last_used: null,
    expires: null,
    revoked: null,
    in_force: true,
    ...more,
  };
}
