import { type Backend, isWireError } from "../backend/backend";
import type { ExportFormat } from "../protocol/ExportFormat";
import type { SessionHit } from "../protocol/SessionHit";
import type { SessionId } from "../protocol/SessionId";
import type { SessionSummary } from "../protocol/SessionSummary";
import type { Act } from "./ask";

/** How long after the last key a search begins. */
export const SEARCH_MS = 180;

/** The stored sessions of all workspaces, while their list is open. */
export class SessionList {
  #backend: Backend;
  #act: Act;
  #loads = 0;
  #searches = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Whether the list is shown. */
  open: boolean = $state(false);
  /** Newest first. */
  list: readonly SessionSummary[] = $state.raw([]);
  loaded: boolean = $state(false);
  /** Why there is no list, or no search; empty where there is. */
  trouble: string = $state("");
  /** What is searched for. */
  words: string = $state("");
  /** Where it was found; null while nothing is searched for, or not yet. */
  hits: readonly SessionHit[] | null = $state.raw(null);

  constructor(backend: Backend, act: Act) {
    this.#backend = backend;
    this.#act = act;
  }

  async show(): Promise<void> {
    this.open = true;
    this.search("");
    await this.load();
  }

  hide(): void {
    this.open = false;
    this.search("");
  }

  async load(): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    try {
      const answer = await this.#backend.query({ type: "sessions" });
      if (load !== this.#loads || answer.type !== "sessions") return;
      this.list = answer.sessions;
      this.loaded = true;
      this.trouble = "";
    } catch (error) {
      if (load === this.#loads) this.trouble = isWireError(error) ? error.message : "The sessions cannot be read.";
    }
  }

  /** Searches for words a moment after they were typed; none of them show the whole list. */
  search(words: string): void {
    this.words = words;
    this.#searches += 1;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (words.trim() === "") {
      this.hits = null;
      return;
    }
    const search = this.#searches;
    this.#timer = setTimeout(() => void this.#find(words.trim(), search), SEARCH_MS);
  }

  openSession(session: SessionId): Promise<boolean> {
    return this.#act({ type: "open_session", session });
  }

  /** Gives it a name; an empty one lets it go by its first message again. */
  async rename(session: SessionId, title: string): Promise<boolean> {
    const done = await this.#act({ type: "rename_session", session, title });
    if (done) {
      // At once where it has a name; without one the program knows the first message.
      if (title !== "") this.#change(session, { title });
      await this.load();
    }
    return done;
  }

  async archive(session: SessionId, archived: boolean): Promise<boolean> {
    const done = await this.#act({ type: "archive_session", session, archived });
    if (done) {
      this.#change(session, { archived });
      await this.load();
    }
    return done;
  }

  async remove(session: SessionId): Promise<boolean> {
    const done = await this.#act({ type: "delete_session", session });
    if (done) {
      this.list = this.list.filter((one) => one.id !== session);
      this.hits = this.hits?.filter((hit) => hit.session !== session) ?? null;
      await this.load();
    }
    return done;
  }

  /** Writes it to a file that the system's dialog asks for. */
  exportTo(session: SessionId, format: ExportFormat): Promise<boolean> {
    return this.#act({ type: "export_session", session, format });
  }

  /** Brings in a session of a file that the system's dialog asks for. */
  async bringIn(): Promise<boolean> {
    const done = await this.#act({ type: "import_session" });
    if (done) await this.load();
    return done;
  }

  #change(session: SessionId, more: Partial<SessionSummary>): void {
    this.list = this.list.map((one) => (one.id === session ? { ...one, ...more } : one));
  }

  async #find(words: string, search: number): Promise<void> {
    try {
      const answer = await this.#backend.query({ type: "search_sessions", text: words });
      if (search !== this.#searches || answer.type !== "search_sessions") return;
      this.hits = answer.hits;
      this.trouble = "";
    } catch (error) {
      if (search === this.#searches) this.trouble = isWireError(error) ? error.message : "The search failed.";
    }
  }
}
