import { type Backend, isWireError } from "../backend/backend";
import type { FileView } from "../protocol/FileView";

export type OpenFile =
  | { state: "loading"; path: string }
  | { state: "shown"; path: string; view: FileView }
  | { state: "gone"; path: string; message: string; hint: string };

/** The file in the side pane. */
export class FilePane {
  #backend: Backend;
  #ask = 0;
  current: OpenFile | null = $state.raw(null);

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  async open(path: string): Promise<void> {
    this.#ask += 1;
    const ask = this.#ask;
    if (this.current?.path !== path) this.current = { state: "loading", path };
    const next = await this.#read(path);
    // What stands there already is not drawn anew: the place in it and what is marked stay.
    if (ask === this.#ask && !same(this.current, next)) this.current = next;
  }

  close(): void {
    this.#ask += 1;
    this.current = null;
  }

  /** Reads the file again where its folder changed; none named means every folder. */
  async refresh(folders: readonly string[]): Promise<void> {
    const path = this.current?.path;
    if (path === undefined) return;
    const cut = path.lastIndexOf("/");
    const folder = cut === -1 ? "" : path.slice(0, cut);
    if (folders.length === 0 || folders.includes(folder)) await this.open(path);
  }

  async #read(path: string): Promise<OpenFile> {
    try {
      const answer = await this.#backend.query({ type: "file", path });
      if (answer.type === "file") return { state: "shown", path, view: answer };
      return { state: "gone", path, message: "The file cannot be shown.", hint: "" };
    } catch (error) {
      if (isWireError(error)) return { state: "gone", path, message: error.message, hint: error.hint };
      return { state: "gone", path, message: "The file cannot be read.", hint: "Restart Countersign." };
    }
  }
}

function same(one: OpenFile | null, other: OpenFile): boolean {
  if (one?.state !== other.state || one.path !== other.path) return false;
  if (one.state !== "shown" || other.state !== "shown") return false;
  const { content, size, truncated, binary, warnings } = one.view;
  const then = other.view;
  return (
    content === then.content &&
    size === then.size &&
    truncated === then.truncated &&
    binary === then.binary &&
    JSON.stringify(warnings) === JSON.stringify(then.warnings)
  );
}
