import { getContext } from "svelte";
import type { Envelope } from "../protocol/Envelope";
import type { TreeEntry } from "../protocol/TreeEntry";
import type { Drafts } from "./drafts.svelte";
import type { Tree } from "./tree.svelte";

const KEY = Symbol("chat");
/** How many files are proposed at most. */
const PROPOSED = 12;

/** What of the window the chat needs. */
interface Window {
  drafts: Drafts;
  tree: Tree;
  session: () => string;
  running: () => boolean;
  blocked: () => string;
  send: (text: string) => Promise<boolean>;
}

/** What a person can do in the chat besides sending words: send them later, or again, and name files. */
export class Chat {
  #window: Window;
  /** Whether the run that was under way came to its end by itself. */
  #ended = false;

  constructor(window: Window) {
    this.#window = window;
  }

  /** Words that are sent when the run has ended, the first first. They are kept with the draft. */
  get later(): readonly string[] {
    return this.#window.drafts.later;
  }

  /** Why nothing can be sent; empty where it can. */
  get blocked(): string {
    return this.#window.blocked();
  }

  send(text: string): Promise<boolean> {
    return this.#window.send(text);
  }

  /** Puts words aside until the run has ended. */
  sendLater(text: string): void {
    this.#window.drafts.putAside([...this.later, text]);
  }

  /** Takes words out of those that wait; gives them. */
  takeBack(at: number): string {
    const text = this.later[at] ?? "";
    this.#window.drafts.putAside(this.later.filter((_, place) => place !== at));
    return text;
  }

  /** Sends words that wait at once. */
  async sendWaiting(at: number): Promise<void> {
    const text = this.takeBack(at);
    if (text !== "" && !(await this.send(text))) this.#window.drafts.putAside([text, ...this.later]);
  }

  /** Follows the session. A run that was stopped or failed sends nothing more by itself. */
  note(envelopes: readonly Envelope[]): void {
    for (const event of envelopes) {
      if (event.session !== this.#window.session()) continue;
      if (event.type === "run_finished") this.#ended = event.seq !== undefined && event.reason === "end_turn";
      else if (event.type === "user_message" || event.type === "step_started") this.#ended = false;
    }
  }

  /** Sends what waited, once a run has ended; one message a run. */
  settle(): void {
    if (!this.#ended || this.#window.running() || this.blocked !== "") return;
    this.#ended = false;
    if (this.later.length > 0) void this.sendWaiting(0);
  }

  /** The files and folders that a path begun may mean, the nearest first. */
  async filesFor(begun: string): Promise<TreeEntry[]> {
    const cut = begun.lastIndexOf("/");
    const name = begun.slice(cut + 1).toLowerCase();
    const inside = await this.#window.tree.entriesIn(cut === -1 ? "" : begun.slice(0, cut));
    const known = cut === -1 && name !== "" ? this.#window.tree.known() : [];
    const all = [...new Map([...inside, ...known].map((entry) => [entry.path, entry])).values()];
    const nameOf = (entry: TreeEntry): string => entry.path.slice(entry.path.lastIndexOf("/") + 1).toLowerCase();
    const first = all.filter((entry) => nameOf(entry).startsWith(name));
    const rest = all.filter((entry) => !nameOf(entry).startsWith(name) && entry.path.toLowerCase().includes(name));
    return [...first, ...rest].slice(0, PROPOSED);
  }
}

/** Hands the chat to the components below, with `mount`. */
export function chatContext(chat: Chat): Map<symbol, Chat> {
  return new Map([[KEY, chat]]);
}

/** The chat of the window; null where a component is drawn by itself. */
export function useChat(): Chat | null {
  return getContext<Chat | undefined>(KEY) ?? null;
}
