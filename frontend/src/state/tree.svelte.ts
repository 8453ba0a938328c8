import { type Backend, isWireError } from "../backend/backend";
import type { ChangeKind } from "../protocol/ChangeKind";
import type { Envelope } from "../protocol/Envelope";
import type { FolderListing } from "../protocol/FolderListing";
import type { TreeEntry } from "../protocol/TreeEntry";

/** So many entries of a folder are asked for at first: they are drawn while the rest is read. */
const FIRST = 500;
/** So many folders are asked for at the same time. */
const AT_ONCE = 8;
/** While many folders are read, what came is drawn after so many milliseconds. */
const DRAW_MS = 50;

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
  readonly #listings = new Map<string, FolderListing>();
  readonly #open = new Set<string>();
  /** The rows of each folder's own entries: most stay as they are when one changes. */
  readonly #own = new Map<string, TreeRow[]>();
  readonly #asked = new Map<string, number>();
  /** Open folders that changed and are to be read. */
  readonly #due = new Set<string>();
  /** Open folders that changed while none of them was in sight: they are read once one is. */
  readonly #unseen = new Set<string>();
  /** The folders that are in sight; null where all are. */
  #inSight: ReadonlySet<string> | null = null;
  #reading: Promise<void> | null = null;
  #turn = 0;
  /** Rises when rows change: a hundred thousand of them are walked once for all that came together. */
  #version: number = $state(0);
  #drawn = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #rows: TreeRow[] = $derived.by(() => {
    void this.#version;
    const rows: TreeRow[] = [];
    this.#walk("", 0, rows);
    return rows;
  });
  #session = "";
  /** What the agent changed in this session, by path. */
  touched: ReadonlyMap<string, ChangeKind> = $state.raw(new Map());
  /** The folders that hold what it changed. */
  readonly touchedFolders: ReadonlySet<string> = $derived(new Set([...this.touched.keys()].flatMap(foldersOf)));
  selected: string | null = $state(null);
  /** Why the workspace's own folder cannot be listed; empty where it can. */
  trouble = $state("");

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Whether the workspace's own folder has been listed. */
  get loaded(): boolean {
    void this.#version;
    return this.#listings.has("");
  }

  get rows(): TreeRow[] {
    return this.#rows;
  }

  /** How many entries of a listed folder were left off. */
  omitted(folder: string): number {
    void this.#version;
    return this.#listings.get(folder)?.omitted ?? 0;
  }

  /** Starts over in another workspace. */
  async reset(): Promise<void> {
    this.#turn += 1;
    for (const store of [this.#listings, this.#open, this.#own, this.#asked, this.#due, this.#unseen]) store.clear();
    this.#inSight = null;
    this.selected = null;
    this.trouble = "";
    this.#version += 1;
    await this.#loadNew("");
    this.#version += 1;
  }

  isOpen(folder: string): boolean {
    void this.#version;
    return this.#open.has(folder);
  }

  async open(folder: string): Promise<void> {
    this.#open.add(folder);
    this.#own.delete(parentOf(folder));
    if (!this.#listings.has(folder)) await this.#loadNew(folder);
    this.#soon();
  }

  close(folder: string): void {
    this.#open.delete(folder);
    this.#own.delete(parentOf(folder));
    this.#version += 1;
  }

  /** An entry has another path now: what is open and selected of it stays so. */
  moved(from: string, to: string): void {
    const under = (path: string): boolean => path === from || path.startsWith(`${from}/`);
    const renamed = (path: string): string => to + path.slice(from.length);
    for (const folder of [...this.#open].filter(under)) {
      this.#open.delete(folder);
      this.#open.add(renamed(folder));
      const listing = this.#listings.get(folder);
      this.#listings.delete(folder);
      this.#own.delete(folder);
      // Its entries have other paths too.
      if (listing) this.#due.add(renamed(folder));
    }
    if (this.selected !== null && under(this.selected)) this.selected = renamed(this.selected);
  }

  /** The row that takes the place of an entry that goes: the next one, else the one before. */
  nextTo(path: string): string | null {
    const rows = this.#rows;
    const at = rows.findIndex((row) => row.entry.path === path);
    const after = rows.slice(at + 1).find((row) => !row.entry.path.startsWith(`${path}/`));
    return (at === -1 ? undefined : (after ?? rows[at - 1]))?.entry.path ?? null;
  }

  /** Reads the named folders again, as far as they are in sight; none named means all. */
  async refresh(folders: readonly string[]): Promise<void> {
    const stale = folders.length === 0 ? [...this.#listings.keys()] : folders;
    for (const folder of stale) {
      if (folder !== "" && !this.#open.has(folder)) this.#listings.delete(folder);
      else if (folder === "" || this.#inSight === null || this.#inSight.has(folder)) this.#due.add(folder);
      else this.#unseen.add(folder);
    }
    await this.#readDue();
  }

  /** Tells which rows are in sight; null where all may be. */
  look(rows: readonly TreeRow[] | null): void {
    this.#inSight = rows === null ? null : new Set(rows.flatMap(foldersIn));
    for (const folder of this.#unseen) {
      if (this.#inSight !== null && !this.#inSight.has(folder)) continue;
      this.#unseen.delete(folder);
      if (this.#open.has(folder)) this.#due.add(folder);
      else this.#listings.delete(folder);
    }
    if (this.#due.size > 0) void this.#readDue();
  }

  /** Follows what the agent changed in the session that is shown. */
  note(envelopes: readonly Envelope[], session: string): void {
    const touched = new Map(session === this.#session ? this.touched : []);
    const before = this.#session === session ? touched.size : -1;
    this.#session = session;
    let changed = before === -1;
    for (const event of envelopes) {
      if (event.session !== session) continue;
      if (event.type === "files_changed") for (const file of event.files) touched.set(file.path, file.change);
      else if (event.type === "changes_reverted") for (const path of event.restored) touched.delete(path);
      else continue;
      changed = true;
    }
    if (changed) this.touched = touched;
  }

  /** What is in a folder, whether it is open or not; nothing where it cannot be listed. */
  async entriesIn(folder: string): Promise<readonly TreeEntry[]> {
    const there = this.#listings.get(folder);
    if (there) return there.entries;
    try {
      const answer = await this.#backend.query({ type: "folder", path: folder });
      return answer.type === "folder" ? answer.entries : [];
    } catch {
      return [];
    }
  }

  /** All that is listed. */
  known(): TreeEntry[] {
    return [...this.#listings.values()].flatMap((listing) => listing.entries);
  }

  /** Has what changed drawn: at once, or with what else changes within a moment. */
  #soon(): void {
    if (this.#timer !== null) return;
    const wait = this.#drawn + DRAW_MS - performance.now();
    const draw = (): void => {
      this.#timer = null;
      this.#drawn = performance.now();
      this.#version += 1;
    };
    if (wait <= 0) draw();
    else this.#timer = setTimeout(draw, wait);
  }

  /** Reads what is due, a few at a time; what comes due meanwhile too. */
  async #readDue(): Promise<void> {
    if (this.#due.size === 0) return;
    do {
      this.#reading ??= this.#readAll().finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    } while (this.#due.size > 0);
  }

  async #readAll(): Promise<void> {
    let drawn = performance.now();
    while (this.#due.size > 0) {
      const some = [...this.#due].slice(0, AT_ONCE);
      for (const folder of some) this.#due.delete(folder);
      await Promise.all(some.map((folder) => this.#load(folder)));
      if (performance.now() - drawn < DRAW_MS) continue;
      this.#version += 1;
      // The page draws before it goes on.
      await new Promise((resolve) => setTimeout(resolve));
      drawn = performance.now();
    }
    this.#settleSelection();
    this.#version += 1;
  }

  /** Reads a folder that was not read yet: its first entries are drawn before the rest is asked for. */
  async #loadNew(folder: string): Promise<void> {
    await this.#load(folder, FIRST);
    if ((this.#listings.get(folder)?.more ?? 0) === 0) return;
    this.#version += 1;
    await new Promise((resolve) => setTimeout(resolve));
    if (this.#listings.has(folder)) await this.#load(folder);
  }

  async #load(folder: string, first?: number): Promise<void> {
    const turn = this.#turn;
    const ask = (this.#asked.get(folder) ?? 0) + 1;
    this.#asked.set(folder, ask);
    const current = (): boolean => turn === this.#turn && this.#asked.get(folder) === ask;
    try {
      const answer = await this.#backend.query({
        type: "folder",
        path: folder,
        ...(first === undefined ? {} : { first }),
      });
      if (!current() || answer.type !== "folder") return;
      this.#listings.set(folder, answer);
      this.#own.delete(folder);
      if (folder === "") this.trouble = "";
    } catch (error) {
      if (!current()) return;
      // A folder that is gone disappears with its parent's next listing.
      this.#listings.delete(folder);
      this.#own.delete(folder);
      if (folder === "") this.trouble = isWireError(error) ? error.message : "The files cannot be listed.";
    }
  }

  /** A selected entry that is gone hands the selection to its folder. */
  #settleSelection(): void {
    let path = this.selected;
    while (path !== null && !this.has(path)) {
      const cut = path.lastIndexOf("/");
      path = cut === -1 ? null : path.slice(0, cut);
    }
    this.selected = path;
  }

  /** Whether a listed folder holds an entry of this path. */
  has(path: string): boolean {
    const cut = path.lastIndexOf("/");
    const listing = this.#listings.get(cut === -1 ? "" : path.slice(0, cut));
    return listing?.entries.some((entry) => entry.path === path) ?? false;
  }

  #walk(folder: string, depth: number, rows: TreeRow[]): void {
    const listing = this.#listings.get(folder);
    if (!listing) return;
    let own = this.#own.get(folder);
    if (!own) {
      const of = listing.entries.length + listing.more;
      const isOpen = (entry: TreeEntry): boolean => entry.kind === "folder" && this.#open.has(entry.path);
      own = listing.entries.map((entry, at) => ({ entry, depth, open: isOpen(entry), at: at + 1, of }));
      this.#own.set(folder, own);
    }
    for (const row of own) {
      rows.push(row);
      if (row.open) this.#walk(row.entry.path, depth + 1, rows);
    }
  }
}

/** The folders that a path is in, the workspace's own left off. */
function foldersOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, at) => names.slice(0, at + 1).join("/"));
}

/** The folders whose listings make a row: the one that it is in, and itself where it is open. */
function foldersIn(row: TreeRow): string[] {
  const { path } = row.entry;
  return [parentOf(path), ...(row.open ? [path] : [])];
}

function parentOf(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut === -1 ? "" : path.slice(0, cut);
}
