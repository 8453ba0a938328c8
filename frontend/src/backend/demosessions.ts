import type { SessionHit } from "../protocol/SessionHit";
import type { SessionSummary } from "../protocol/SessionSummary";
import { SESSION, WORKSPACE } from "./demoevents";

const HOUR = 3_600_000;

/** The sessions of a few weeks, in three folders. */
export function demoSessions(): SessionSummary[] {
  return [
    session(SESSION, WORKSPACE, "Totals in the cart are sometimes off by a cent", 0.1, { events: 46 }),
    session("s2", WORKSPACE, "Add a discount code to the checkout", 20, { unfinished: true }),
    session("s3", WORKSPACE, "", 27, { events: 1 }),
    session(
      "s4",
      "/home/me/dev/blog",
      "Move the drafts out of the feed, and keep the links that others have set to them alive for good",
      50,
    ),
    session("s5", WORKSPACE, "Why does npm test hang on the first run?", 76),
    session("s6", "/home/me/dev/blog", "Dark mode for code blocks", 24 * 9, { archived: true }),
    session("s7", "/home/me/dev/old-shop", "Read the old price tables", 24 * 40),
  ];
}

/** Places where words were said. */
export function demoHits(words: string): SessionHit[] {
  const said: [string, string][] = [
    [SESSION, "Totals in the cart are sometimes off by a cent. Find out why, fix it, and show me the test passing."],
    [SESSION, "The total adds floats. I'll add in cents and convert at the end"],
    [SESSION, "expected 0.30, received 0.30000000000000004 at test/cart.test.ts:14:23"],
    ["s2", "the discount is taken off the total in cents before tax, as the test in cart.test.ts says"],
    ["s5", "npm test waits for the price server; the test sets no timeout"],
    ["s6", "a test for the contrast of the dark theme"],
  ];
  const sought = words.toLowerCase().split(/\s+/);
  return said
    .filter(([, text]) => sought.every((word) => text.toLowerCase().includes(word)))
    .map(([of, excerpt], at) => ({ session: of, seq: at + 2, time: ago(at), excerpt }));
}

function ago(hours: number): string {
  return new Date(Date.now() - hours * HOUR).toISOString();
}

function session(
  id: string,
  workspace: string,
  title: string,
  hours: number,
  more: Partial<SessionSummary> = {},
): SessionSummary {
  return {
    id,
    workspace,
    title,
    created: ago(hours + 1),
    updated: ago(hours),
    events: 120,
    archived: false,
    unfinished: false,
    ...more,
  };
}
