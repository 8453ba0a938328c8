import { recall, remember } from "./memory";

export type SideTab = "changes" | "file" | "trace";

const OPEN = "side";

/** The pane at the right: whether it is open, and which of its tabs shows. */
export class Side {
  open: boolean = $state(false);
  tab: SideTab = $state("changes");

  show(tab: SideTab): void {
    this.tab = tab;
    this.open = true;
    remember(OPEN, tab);
  }

  close(): void {
    this.open = false;
    remember(OPEN, "");
  }

  /** Shows a tab, or closes the pane where it shows already. */
  toggle(tab: SideTab): void {
    if (this.open && this.tab === tab) this.close();
    else this.show(tab);
  }

  /** As it was left. A file is not: it belongs to the workspace that it was opened in. */
  restore(): void {
    const tab = recall(OPEN);
    this.open = tab === "changes" || tab === "trace";
    if (tab === "changes" || tab === "trace") this.tab = tab;
  }
}
