import type { TreeEntry } from "../../protocol/TreeEntry";
import type { Chat } from "../../state/chat.svelte";

/** A file that is being named: `@`, and what was written of its path. */
const NAMED = /(?:^|\s)@([^\s@]*)$/;

/** Proposes files while a person writes `@` and the beginning of a path. */
export class Naming {
  entries: readonly TreeEntry[] = $state.raw([]);
  /** The one that Enter takes. */
  at: number = $state(0);
  #chat: Chat | null;
  #asked = 0;
  /** What was written after the `@`. */
  #begun = "";

  constructor(chat: Chat | null) {
    this.#chat = chat;
  }

  get open(): boolean {
    return this.entries.length > 0;
  }

  /** Looks at the text before the caret. */
  async look(before: string): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const begun = NAMED.exec(before)?.[1];
    if (begun === undefined || !this.#chat) {
      this.close();
      return;
    }
    this.#begun = begun;
    const entries = await this.#chat.filesFor(begun);
    if (asked !== this.#asked) return;
    this.entries = entries;
    this.at = 0;
  }

  close(): void {
    this.#asked += 1;
    this.entries = [];
  }

  move(by: 1 | -1): void {
    this.at = (this.at + by + this.entries.length) % this.entries.length;
  }

  /** The text before the caret with the file named in full. */
  take(before: string, entry: TreeEntry): string {
    const kept = before.slice(0, before.length - this.#begun.length);
    this.close();
    return `${kept}${entry.path}${entry.kind === "folder" ? "/" : " "}`;
  }
}
