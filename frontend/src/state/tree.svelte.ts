import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { type Backend, isWireError } from "../backend/backend";
import type { FolderListing } from "../protocol/FolderListing";
import type { TreeEntry } from "../protocol/TreeEntry";

/** One row of the tree, as drawn. */
export interface TreeRow {
  entry: TreeEntry;
  depth: number;
  open: boolean;
  /** Place among its folder's entries, from 1, and how many there are. */
  at: number;
  of: number;
}

/** The folders of the workspace, loaded when they are opened and kept up with the disk. */
export class Tree {
  #backend: Backend;
  #listings = new SvelteMap<string, FolderListing>();
  #open = new SvelteSet<string>();
  #asked = new Map<string, number>();
  #turn = 0;
  selected: string | null = $state(null);
  /** Why the workspace's own folder cannot be listed; empty where it can. */
  trouble = $state("");

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Whether the workspace's own folder has been listed. */
  get loaded(): boolean {
    return this.#listings.has("");
  }

  get rows(): TreeRow[] {
    const rows: TreeRow[] = [];
    this.#walk("", 0, rows);
    return rows;
  }

  /** How many entries of a listed folder were left off. */
  omitted(folder: string): number {
    return this.#listings.get(folder)?.omitted ?? 0;
  }

  /** Starts over in another workspace. */
  async reset(): Promise<void> {
    this.#turn += 1;
    this.#listings.clear();
    this.#open.clear();
    this.#asked.clear();
    this.selected = null;
    this.trouble = "";
    await this.#load("");
  }

  isOpen(folder: string): boolean {
    return this.#open.has(folder);
  }

  async open(folder: string): Promise<void> {
    this.#open.add(folder);
    if (!this.#listings.has(folder)) await this.#load(folder);
  }

  close(folder: string): void {
    this.#open.delete(folder);
  }

  /** Reads the named folders again, as far as they are listed; none named means all. */
  async refresh(folders: readonly string[]): Promise<void> {
    const stale = folders.length === 0 ? [...this.#listings.keys()] : folders;
    const loads: Promise<void>[] = [];
    for (const folder of stale) {
      if (folder === "" || this.#open.has(folder)) loads.push(this.#load(folder));
      else this.#listings.delete(folder);
    }
    await Promise.all(loads);
    this.#settleSelection();
  }

  async #load(folder: string): Promise<void> {
    const turn = this.#turn;
    const ask = (this.#asked.get(folder) ?? 0) + 1;
    this.#asked.set(folder, ask);
    const current = (): boolean => turn === this.#turn && this.#asked.get(folder) === ask;
    try {
      const answer = await this.#backend.query({ type: "folder", path: folder });
      if (!current() || answer.type !== "folder") return;
      this.#listings.set(folder, answer);
      if (folder === "") this.trouble = "";
    } catch (error) {
      if (!current()) return;
      // A folder that is gone disappears with its parent's next listing.
      this.#listings.delete(folder);
      if (folder === "") this.trouble = isWireError(error) ? error.message : "The files cannot be listed.";
    }
  }

  /** A selected entry that is gone hands the selection to its folder. */
  #settleSelection(): void {
    let path = this.selected;
    while (path !== null && !this.#has(path)) {
      const cut = path.lastIndexOf("/");
      path = cut === -1 ? null : path.slice(0, cut);
    }
    this.selected = path;
  }

  #has(path: string): boolean {
    const cut = path.lastIndexOf("/");
    const listing = this.#listings.get(cut === -1 ? "" : path.slice(0, cut));
    return listing?.entries.some((entry) => entry.path === path) ?? false;
  }

  #walk(folder: string, depth: number, rows: TreeRow[]): void {
    const listing = this.#listings.get(folder);
    if (!listing) return;
    let at = 0;
    for (const entry of listing.entries) {
      at += 1;
      const open = entry.kind === "folder" && this.#open.has(entry.path);
      rows.push({ entry, depth, open, at, of: listing.entries.length });
      if (open) this.#walk(entry.path, depth + 1, rows);
    }
  }
}
