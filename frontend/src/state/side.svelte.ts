export type SideTab = "changes" | "file";

/** The pane at the right: whether it is open, and which of its tabs shows. */
export class Side {
  open: boolean = $state(false);
  tab: SideTab = $state("changes");

  show(tab: SideTab): void {
    this.tab = tab;
    this.open = true;
  }

  close(): void {
    this.open = false;
  }

  /** Shows a tab, or closes the pane where it shows already. */
  toggle(tab: SideTab): void {
    if (this.open && this.tab === tab) this.close();
    else this.show(tab);
  }
}
