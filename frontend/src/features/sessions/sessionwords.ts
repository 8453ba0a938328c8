import type { SessionHit } from "../../protocol/SessionHit";
import type { SessionSummary } from "../../protocol/SessionSummary";
import { visible } from "../../ui/text";

/** A row of the list: the head of a workspace, or a session. */
export type ListRow =
  | { type: "workspace"; key: string; name: string; path: string; here: boolean }
  | { type: "session"; key: string; session: SessionSummary; excerpts: string[]; more: number };

interface Asked {
  sessions: readonly SessionSummary[];
  /** The open workspace; empty where none is. */
  workspace: string;
  words: string;
  hits: readonly SessionHit[] | null;
  archived: boolean;
}

/** How many places of a session are shown where words were found. */
const EXCERPTS = 2;

/** The rows: by workspace, the open one first, then the one used last; sessions newest first. */
export function listRows({ sessions, workspace, words, hits, archived }: Asked): ListRow[] {
  const found = words.trim() === "" ? null : excerptsOf(hits ?? []);
  const groups = new Map<string, ListRow[]>();
  if (sessions.some((one) => one.workspace === workspace)) groups.set(workspace, []);
  for (const session of sessions) {
    if (session.archived && !archived) continue;
    const excerpts = found?.get(session.id) ?? [];
    if (found !== null && excerpts.length === 0 && !titleHas(session, words)) continue;
    let rows = groups.get(session.workspace);
    if (!rows) {
      rows = [];
      groups.set(session.workspace, rows);
    }
    rows.push({
      type: "session",
      key: session.id,
      session,
      excerpts: excerpts.slice(0, EXCERPTS),
      more: Math.max(0, excerpts.length - EXCERPTS),
    });
  }
  return [...groups].flatMap(([path, rows]): ListRow[] =>
    rows.length === 0
      ? []
      : [{ type: "workspace", key: `workspace ${path}`, name: nameOf(path), path, here: path === workspace }, ...rows],
  );
}

/** How many archived sessions the list would hold besides. */
export function hiddenCount(asked: Asked): number {
  const count = (archived: boolean): number =>
    listRows({ ...asked, archived }).filter((row) => row.type === "session").length;
  return asked.archived ? 0 : count(true) - count(false);
}

export function titleWords(session: SessionSummary): string {
  return session.title === "" ? "New session" : visible(session.title);
}

function excerptsOf(hits: readonly SessionHit[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const hit of hits) {
    const there = found.get(hit.session);
    if (there) there.push(hit.excerpt);
    else found.set(hit.session, [hit.excerpt]);
  }
  return found;
}

function titleHas(session: SessionSummary, words: string): boolean {
  const title = session.title.toLowerCase();
  return wordsOf(words).every((word) => title.includes(word));
}

function wordsOf(words: string): string[] {
  return words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
}

function nameOf(path: string): string {
  return visible(
    path
      .split("/")
      .filter((part) => part !== "")
      .at(-1) ?? path,
  );
}

/** The text in pieces, with those marked that are among the words. */
export function marked(text: string, words: string): { text: string; hit: boolean }[] {
  const sought = wordsOf(words).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (sought.length === 0) return [{ text, hit: false }];
  const pieces = text.split(new RegExp(`(${sought.join("|")})`, "giu"));
  return pieces.map((piece, at) => ({ text: piece, hit: at % 2 === 1 })).filter((piece) => piece.text !== "");
}
