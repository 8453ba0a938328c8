import { SvelteMap } from "svelte/reactivity";
import { type Backend, isWireError } from "../backend/backend";
import type { Setting } from "../protocol/Setting";
import type { Ask } from "./ask";

/** The settings of the file, while they are looked at. */
export class Settings {
  #backend: Backend;
  #ask: Ask;
  #loads = 0;
  list: readonly Setting[] = $state.raw([]);
  /** The settings file. */
  file: string = $state("");
  /** Why they cannot be read; empty where they can. */
  trouble: string = $state("");
  /** What speaks against the value that was tried last, by key. */
  readonly errors: SvelteMap<string, string> = new SvelteMap();
  /** The key that is being set; empty for none. */
  busy: string = $state("");

  constructor(backend: Backend, ask: Ask) {
    this.#backend = backend;
    this.#ask = ask;
  }

  async load(): Promise<void> {
    this.#loads += 1;
    const load = this.#loads;
    try {
      const answer = await this.#backend.query({ type: "settings" });
      if (load !== this.#loads || answer.type !== "settings") return;
      this.list = answer.settings;
      this.file = answer.file;
      this.trouble = "";
    } catch (error) {
      if (load !== this.#loads) return;
      this.trouble = isWireError(error) ? `${error.message} ${error.hint}`.trim() : "The settings cannot be read.";
    }
  }

  /** Begins anew: what was wrong last time is no news. */
  async show(): Promise<void> {
    this.errors.clear();
    await this.load();
  }

  /** Sets a value as TOML writes it, or, without one, goes back to the default. Gives whether it was done. */
  async set(key: string, value?: string): Promise<boolean> {
    if (this.busy !== "") return false;
    this.busy = key;
    const error = await this.#ask(
      value === undefined ? { type: "set_setting", key } : { type: "set_setting", key, value },
    );
    this.busy = "";
    if (error) {
      this.errors.set(key, `${error.message} ${error.hint}`.trim());
      return false;
    }
    this.errors.delete(key);
    await this.load();
    return true;
  }

  forgive(key: string): void {
    this.errors.delete(key);
  }
}
