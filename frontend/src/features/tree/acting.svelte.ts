import type { Tree, TreeRow } from "../../state/tree.svelte";
import type { MenuPlace } from "../../ui/PopMenu.svelte";

/** What the tree's rows can be asked for. */
export interface EntryActs {
  /** Opens a file beside the chat. */
  open: (path: string) => void;
  /** Opens it in the person's editor. */
  edit: (path: string) => void;
  /** Shows it in the file manager. */
  reveal: (path: string) => void;
  copyPath: (path: string) => void;
  mention: (path: string) => void;
  rename: (path: string, name: string) => Promise<unknown>;
  remove: (path: string) => Promise<unknown>;
}

/** What is being done with an entry of the tree: its menu, its new name, the question before it goes. */
export class Acting {
  readonly #tree: Tree;
  readonly #acts: () => EntryActs;
  /** Gives the focus back to the tree. */
  readonly #back: () => void;
  /** The entry whose menu is, or was last, open. */
  #row: TreeRow | null = $state.raw(null);
  /** Where its menu stands; null while it is closed. */
  place: MenuPlace | null = $state.raw(null);
  /** The entry that gets another name. */
  renaming: string | null = $state(null);
  /** What goes to the trash, once the person said so. */
  removing: TreeRow | null = $state.raw(null);

  constructor(tree: Tree, acts: () => EntryActs, back: () => void) {
    this.#tree = tree;
    this.#acts = acts;
    this.#back = back;
  }

  /** What the menu is about. */
  get row(): TreeRow | null {
    return this.#row;
  }

  openMenu(row: TreeRow, place: MenuPlace): void {
    this.#tree.selected = row.entry.path;
    this.#row = row;
    this.place = place;
  }

  closeMenu(): void {
    this.place = null;
    this.#back();
  }

  /** Folders open and close in the tree, all else opens beside the chat. */
  activate(row: TreeRow): void {
    if (row.entry.kind !== "folder") {
      // Links, also those that lead outside, and special files: the program says whether it may be shown.
      this.#acts().open(row.entry.path);
    } else if (this.#tree.isOpen(row.entry.path)) this.#tree.close(row.entry.path);
    else void this.#tree.open(row.entry.path);
  }

  /** Does what was chosen in the menu. */
  choose(id: string): void {
    const row = this.#row;
    if (row === null) return;
    const { path } = row.entry;
    const acts = this.#acts();
    if (id === "open") this.activate(row);
    else if (id === "edit") acts.edit(path);
    else if (id === "reveal") acts.reveal(path);
    else if (id === "copy") acts.copyPath(path);
    else if (id === "mention") acts.mention(path);
    else if (id === "rename") this.renaming = path;
    else if (id === "remove") this.removing = row;
  }

  /** Takes the new name of an entry; null leaves it as it is. `keyed` where a key ended it. */
  async rename(path: string, name: string | null, keyed: boolean): Promise<void> {
    if (this.renaming !== path) return;
    this.renaming = null;
    if (keyed) this.#back();
    if (name !== null) await this.#acts().rename(path, name);
  }

  /** Whether another entry beside one has a name. */
  taken(path: string, name: string): boolean {
    return this.#tree.has(path.slice(0, path.lastIndexOf("/") + 1) + name);
  }

  async answer(yes: boolean): Promise<void> {
    const path = this.removing?.entry.path;
    this.removing = null;
    this.#back();
    if (yes && path !== undefined) await this.#acts().remove(path);
  }
}
