import { type Backend, isWireError } from "../backend/backend";
import type { ChangeScope } from "../protocol/ChangeScope";
import type { Envelope } from "../protocol/Envelope";
import type { Event } from "../protocol/Event";
import type { FileChanges } from "../protocol/FileChanges";
import type { Op } from "../protocol/Op";
import type { SeenPath } from "../protocol/SeenPath";
import type { SessionChanges } from "../protocol/SessionChanges";
import type { SessionId } from "../protocol/SessionId";
import type { ThreeWay } from "../protocol/ThreeWay";
import type { Ask } from "./ask";

/** How long after the last change on the disk it is asked what the session changed. */
export const LOOK_MS = 200;
/** How long it is waited for the event of an act that was done. */
export const TELL_MS = 2_000;

type Reverted = Extract<Event, { type: "changes_reverted" }>;
/** What taking back came to; without an act nothing was done. */
export type Outcome = Pick<Reverted, "scope" | "restored" | "left"> & { act: string | null };

/** A file that the person changed since, and what to do about it. */
export interface Conflict {
  file: FileChanges;
  scope: ChangeScope;
  /** The three texts; null until they are known. */
  ways: ThreeWay | null;
  trouble: string;
}

/** An act that was done, or is on its way, and whose event is not here yet. */
interface Telling {
  timer: ReturnType<typeof setTimeout> | null;
}

/** Tools that change nothing. */
const LOOKS = new Set(["read", "glob", "grep"]);

/** What the session changed, kept up with the disk while it is looked at, and taking it back. */
export class Changes {
  #backend: Backend;
  #ask: Ask;
  #toolOf: (call: string) => string;
  #session: SessionId = "";
  /** How many places show what changed. */
  #lookers = 0;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #telling: Telling | null = null;
  data: SessionChanges | null = $state.raw(null);
  /** Whether the session changed something since, and nobody asked what. */
  #old: boolean = $state(false);
  /** Bytes on disk that undoing takes. */
  kept: number = $state(0);
  /** Why it is not known what changed; empty where it is. */
  trouble: string = $state("");
  /** Whether something is being taken back. */
  busy: boolean = $state(false);
  /** What the last taking back came to. */
  outcome: Outcome | null = $state.raw(null);
  /** Why the last taking back was not done; empty where it was. */
  refusal: string = $state("");
  conflict: Conflict | null = $state.raw(null);

  /** `toolOf` names the tool of a call. */
  constructor(backend: Backend, ask: Ask, toolOf: (call: string) => string) {
    this.#backend = backend;
    this.#ask = ask;
    this.#toolOf = toolOf;
  }

  /** Shows those of another session, or of none (the empty id). */
  show(session: SessionId): void {
    if (session === this.#session) return;
    this.#session = session;
    this.#asked += 1;
    this.#stopTelling();
    this.data = null;
    this.#old = false;
    this.trouble = "";
    this.busy = false;
    this.conflict = null;
    this.dismiss();
    if (this.#lookers > 0) void this.#look();
  }

  /**
   * Nobody asks what changed while nobody looks: somebody does, until the function that it gives is called. Who
   * begins to look sees what stands there now, the person's own edits included.
   */
  watch(): () => void {
    this.#lookers += 1;
    void this.#look();
    return () => {
      this.#lookers -= 1;
    };
  }

  /** How many files changed; 0 for none or unknown. */
  get count(): number {
    return this.#old ? 0 : (this.data?.files.length ?? 0);
  }

  /** Follows the session: acts change files, and so does taking back. */
  note(envelopes: readonly Envelope[]): void {
    let changed = false;
    for (const event of envelopes) {
      if (event.session !== this.#session) continue;
      if (event.type === "changes_reverted") this.#told(event);
      if (event.type === "files_changed" || event.type === "changes_reverted" || event.type === "run_finished") {
        changed = true;
      } else if (event.type === "tool_finished" && !LOOKS.has(this.#toolOf(event.call))) changed = true;
    }
    if (!changed) return;
    if (this.#lookers === 0) this.#old = true;
    this.touch();
  }

  /** Something may have changed. */
  touch(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = this.#lookers > 0 ? setTimeout(() => void this.#look(), LOOK_MS) : null;
  }

  /** Puts the last outcome away. */
  dismiss(): void {
    this.outcome = null;
    this.refusal = "";
  }

  revert(scope: ChangeScope, overwrite: SeenPath[] = []): Promise<boolean> {
    return this.#act(scope, { type: "revert", session: this.#session, ...scope, overwrite });
  }

  /** Takes the session's changes of the file back and keeps the person's. */
  revertMerged(file: FileChanges, sha256: string | null): Promise<boolean> {
    const { path } = file;
    return this.#act(
      { scope: "file", path },
      { type: "revert_merged", session: this.#session, seen: { path, sha256 } },
    );
  }

  /** Asks about a file that the person changed since. */
  async openConflict(file: FileChanges, scope: ChangeScope): Promise<void> {
    const conflict: Conflict = { file, scope, ways: null, trouble: "" };
    this.conflict = conflict;
    try {
      const answer = await this.#backend.query({ type: "three_way", session: this.#session, path: file.path });
      if (this.conflict === conflict && answer.type === "three_way") this.conflict = { ...conflict, ways: answer };
    } catch (error) {
      const trouble = isWireError(error) ? error.message : "The file cannot be read.";
      if (this.conflict === conflict) this.conflict = { ...conflict, trouble };
    }
  }

  closeConflict(): void {
    this.conflict = null;
  }

  async #act(scope: ChangeScope, op: Op): Promise<boolean> {
    if (this.busy) return false;
    const session = this.#session;
    this.busy = true;
    this.dismiss();
    const telling: Telling = { timer: null };
    this.#telling = telling;
    const error = await this.#ask(op);
    if (session !== this.#session) return false;
    if (error) {
      this.#stopTelling();
      this.busy = false;
      this.refusal = error.code === "cancelled" ? "" : `${error.message} ${error.hint}`.trim();
      this.touch();
      return false;
    }
    // The event may be on its way still; without one nothing was put back.
    if (this.#telling === telling) {
      telling.timer = setTimeout(() => {
        this.#stopTelling();
        this.busy = false;
        this.outcome = { scope, restored: [], left: [], act: null };
        this.touch();
      }, TELL_MS);
    }
    return true;
  }

  #told(event: Reverted): void {
    // What a stored session tells of its past is no news.
    if (this.#telling === null) return;
    this.#stopTelling();
    this.busy = false;
    const { scope, restored, left } = event;
    this.outcome = { scope, restored, left, act: restored.length > 0 ? event.act : null };
  }

  #stopTelling(): void {
    if (this.#telling !== null && this.#telling.timer !== null) clearTimeout(this.#telling.timer);
    this.#telling = null;
  }

  async #look(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#asked += 1;
    const asked = this.#asked;
    const session = this.#session;
    if (session === "") return;
    try {
      const answer = await this.#backend.query({ type: "changes", session });
      if (asked !== this.#asked || answer.type !== "changes") return;
      this.trouble = "";
      this.#old = false;
      this.kept = answer.kept_bytes;
      // What is the same stays as it is drawn: nothing moves under a person's pointer.
      if (this.data === null || signOf(this.data) !== signOf(answer)) this.data = answer;
    } catch (error) {
      if (asked !== this.#asked) return;
      this.trouble = isWireError(error) ? `${error.message} ${error.hint}`.trim() : "The changes cannot be read.";
    }
  }
}

/** Differs once anything that is drawn does. */
function signOf(data: SessionChanges): string {
  const files = data.files.map((file) => [
    file.path,
    file.change,
    file.now_sha256,
    file.changed_since,
    file.lost,
    file.calls,
    file.added,
    file.removed,
  ]);
  return JSON.stringify([data.session, data.left_out, files]);
}
