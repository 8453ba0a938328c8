import { MediaQuery } from "svelte/reactivity";
import { recall, remember } from "./memory";

/** The dialogs of the window, but for the list of sessions, which has a state of its own. */
export type DialogName = "connect" | "rules" | "settings" | "palette" | "shortcuts";

/** The sizes of text, in per cent. */
const TEXT_SIZES: readonly number[] = [85, 92, 100, 110, 125, 140];
const NORMAL = 100;

/** How the window is arranged. */
export class Shell {
  /** The dialog that is open. */
  dialog: DialogName | null = $state(null);
  readonly #narrow = new MediaQuery("max-width: 1000px");
  /** Whether the window's menu is open. */
  menu: boolean = $state(false);
  /** Whether the file tree shows. */
  tree: boolean = $state(recall("tree") !== "no");
  /** The size of text, in per cent. */
  textSize: number = $state(sizeOf(recall("text")));

  /** A dialog was opened or closed; one that another has taken the place of says nothing more. */
  turn(dialog: DialogName, open: boolean): void {
    if (open) this.dialog = dialog;
    else if (this.dialog === dialog) this.dialog = null;
  }

  /** Whether the files, the chat and the side pane have no room side by side. */
  get narrow(): boolean {
    return this.#narrow.current;
  }

  /** Shows the files, or hides them. */
  showTree(show: boolean): void {
    this.tree = show;
    remember("tree", this.tree ? "" : "no");
  }

  /** Larger (1), smaller (-1), or as it was made (0). */
  resize(step: 1 | 0 | -1): void {
    const at = TEXT_SIZES.indexOf(this.textSize) + step;
    this.textSize = step === 0 ? NORMAL : (TEXT_SIZES[Math.max(0, Math.min(at, TEXT_SIZES.length - 1))] ?? NORMAL);
    remember("text", String(this.textSize));
  }
}

function sizeOf(text: string): number {
  return TEXT_SIZES.find((size) => String(size) === text) ?? NORMAL;
}
