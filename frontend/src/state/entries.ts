import type { Act } from "./ask";
import type { FilePane } from "./file.svelte";
import type { Tree } from "./tree.svelte";

/** What a person does with a file or a folder of the workspace. What goes wrong stands among the notices. */
export class Entries {
  readonly #act: Act;
  readonly #tree: Tree;
  readonly #file: FilePane;

  constructor(act: Act, tree: Tree, file: FilePane) {
    this.#act = act;
    this.#tree = tree;
    this.#file = file;
  }

  /** Gives an entry another name in its folder. Gives whether it was done. */
  async rename(path: string, name: string): Promise<boolean> {
    const folder = folderOf(path);
    const to = folder === "" ? name : `${folder}/${name}`;
    if (!(await this.#act({ type: "rename_entry", path, to }))) return false;
    this.#tree.moved(path, to);
    const shown = this.#file.current?.path ?? "";
    await this.#tree.refresh([folder]);
    if (shown === path || shown.startsWith(`${path}/`)) await this.#file.open(to + shown.slice(path.length));
    return true;
  }

  /** Moves an entry to the trash. Gives whether it was done. */
  async remove(path: string): Promise<boolean> {
    const next = this.#tree.nextTo(path);
    if (!(await this.#act({ type: "delete_entry", path }))) return false;
    if (this.#tree.selected === path) this.#tree.selected = next;
    await this.#tree.refresh([folderOf(path)]);
    return true;
  }

  /** Shows it in the system's file manager. */
  reveal(path: string): Promise<boolean> {
    return this.#act({ type: "reveal", path });
  }

  /** Opens it in the person's editor, at a line where one is named. */
  edit(path: string, line?: number): Promise<boolean> {
    return this.#act(line === undefined ? { type: "open_in_editor", path } : { type: "open_in_editor", path, line });
  }
}

function folderOf(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut === -1 ? "" : path.slice(0, cut);
}
