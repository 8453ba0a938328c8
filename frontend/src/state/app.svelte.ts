import { type Backend, isWireError } from "../backend/backend";
import type { AppState } from "../protocol/AppState";
import type { DecisionInput } from "../protocol/DecisionInput";
import type { Feed } from "../protocol/Feed";
import type { Op } from "../protocol/Op";
import type { RecentWorkspace } from "../protocol/RecentWorkspace";
import type { RuleId } from "../protocol/RuleId";
import type { WireError } from "../protocol/WireError";
import { Approvals } from "./approvals.svelte";
import { Changes } from "./changes.svelte";
import { Chat } from "./chat.svelte";
import { Desk } from "./desk";
import { Drafts } from "./drafts.svelte";
import { Entries } from "./entries";
import { FilePane } from "./file.svelte";
import { Notices } from "./notices.svelte";
import { editRules, Rules } from "./rules.svelte";
import { Session } from "./session.svelte";
import { SessionList } from "./sessions.svelte";
import { Settings } from "./settings.svelte";
import { Side } from "./side.svelte";
import { TraceView } from "./traceview.svelte";
import { Tree } from "./tree.svelte";

const NO_MODEL = "No model is connected.";

/** The whole window's state, fed by the backend. */
export class App {
  #backend: Backend;
  /** Rules that are ended, or about to be. */
  readonly #ended = new Set<RuleId>();
  readonly session = new Session();
  /** A run that stands still takes no decisions: its cards come once it goes on. */
  readonly approvals = new Approvals(() => (this.paused === "" ? this.session.cards : []));
  readonly notices = new Notices();
  readonly rules = new Rules();
  readonly tree: Tree;
  readonly file: FilePane;
  readonly entries: Entries;
  readonly side = new Side();
  readonly trace: TraceView;
  readonly sessions: SessionList;
  readonly changes: Changes;
  readonly drafts: Drafts;
  readonly chat: Chat;
  readonly settings: Settings;
  readonly desk: Desk;
  state: AppState | null = $state.raw(null);
  recent: RecentWorkspace[] = $state.raw([]);
  /** Set once the backend no longer answers: nothing more will come. */
  lost = $state(false);
  /** Set while a folder is chosen or opened. */
  opening = $state(false);
  /** Set while something is dragged over the window. */
  dragging = $state(false);
  /** Set while a run that stood still is told to go on. */
  goingOn = $state(false);

  constructor(backend: Backend) {
    this.#backend = backend;
    this.tree = new Tree(backend);
    this.file = new FilePane(backend);
    this.trace = new TraceView(backend);
    const act = (op: Op): Promise<boolean> => this.#submit(op);
    this.entries = new Entries(act, this.tree, this.file);
    this.sessions = new SessionList(backend, act);
    this.drafts = new Drafts(backend, act);
    this.chat = new Chat({
      drafts: this.drafts,
      tree: this.tree,
      session: () => this.session.view.session,
      running: () => this.running,
      blocked: () => this.blocked,
      send: (text) => this.send(text),
    });
    this.settings = new Settings(backend, (op) => this.#ask(op));
    this.desk = new Desk(backend, (op) => this.#ask(op), this.drafts, this.session);
    this.changes = new Changes(
      backend,
      (op) => this.#ask(op),
      (call) => this.session.toolOf(call),
    );
  }

  get running(): boolean {
    return this.state?.session?.running ?? false;
  }

  /** Whether a run is under way that does not only wait for the person. */
  get busy(): boolean {
    return this.running && this.approvals.waiting === 0;
  }

  /** Why the run stands still; empty where it does not. */
  get paused(): string {
    return this.running ? "" : (this.state?.session?.paused ?? "");
  }

  /** Why the session can only be read; empty where it can be written. */
  get readOnly(): string {
    return this.state?.session?.read_only ?? "";
  }

  /** Why no message can be sent; empty where one can. */
  get blocked(): string {
    if (this.lost) return "Countersign's engine stopped answering.";
    if (this.readOnly !== "") return this.readOnly;
    if (this.state?.workspace?.trouble) return "The workspace cannot be used.";
    if (this.state?.model.key === "missing") return NO_MODEL;
    return "";
  }

  /** Whether connecting a model would help. */
  get canConnect(): boolean {
    return this.blocked === NO_MODEL;
  }

  /** Listens to the backend; the first batch tells what to show. */
  async start(): Promise<void> {
    try {
      const trouble = await this.#backend.subscribe(
        0,
        (batch) => this.take(batch),
        () => {
          this.lost = true;
        },
      );
      if (trouble) this.notices.addError(trouble);
      await this.loadRecent();
    } catch {
      this.lost = true;
    }
  }

  /** Takes one batch of the feed in. */
  take(batch: readonly Feed[]): void {
    for (const feed of batch) {
      switch (feed.type) {
        case "app":
          this.#takeState(feed.state);
          break;
        case "envelopes":
          this.session.take(feed.envelopes);
          this.trace.take(feed.envelopes);
          this.changes.note(feed.envelopes);
          this.drafts.note(feed.envelopes);
          this.chat.note(feed.envelopes);
          this.tree.note(feed.envelopes, this.session.view.session);
          break;
        case "dragging":
          this.dragging = feed.over;
          break;
        case "touched":
          void this.file.refresh([]);
          this.changes.touch();
          break;
        case "tree":
          if (this.state?.workspace) {
            void this.tree.refresh(feed.folders);
            void this.file.refresh(feed.folders);
            this.changes.touch();
          }
          break;
      }
    }
    this.approvals.settle();
    this.chat.settle();
  }

  async loadRecent(): Promise<void> {
    try {
      const answer = await this.#backend.query({ type: "welcome" });
      if (answer.type === "welcome") this.recent = answer.recent;
    } catch (error) {
      if (isWireError(error)) this.notices.addError(error);
      else this.lost = true;
    }
  }

  /** Opens a folder; without a path the system's own dialog asks for it. */
  async openWorkspace(path?: string): Promise<void> {
    if (this.opening) return;
    this.opening = true;
    await this.#submit(path === undefined ? { type: "open_workspace" } : { type: "open_workspace", path });
    this.opening = false;
  }

  async startTour(): Promise<void> {
    if (this.opening) return;
    this.opening = true;
    await this.#submit({ type: "start_tour" });
    this.opening = false;
  }

  async closeWorkspace(): Promise<void> {
    await this.#submit({ type: "close_workspace" });
  }

  async forgetRecent(path: string): Promise<void> {
    if (await this.#submit({ type: "forget_recent", path })) await this.loadRecent();
  }

  async newSession(): Promise<void> {
    await this.#submit({ type: "new_session" });
  }

  /** Gives whether it was connected; what went wrong stands among the notices. */
  connectModel(op: Extract<Op, { type: "connect_model" }>): Promise<boolean> {
    return this.#submit(op);
  }

  /** Sends words to the model, now or, while it works, at its next step. Gives whether they were taken. */
  async send(text: string): Promise<boolean> {
    const session = this.state?.session;
    if (!session) return false;
    const queued = session.running ? this.session.queue(text) : null;
    const sent = await this.#submit({ type: "send", session: session.id, text });
    if (!sent && queued !== null) this.session.unqueue(queued);
    // What was written while it was on its way is the next draft.
    const draft = { of: "message" } as const;
    if (sent && this.drafts.get(draft) === "") this.drafts.drop(draft);
    return sent;
  }

  /** Has a run go on that stands still. */
  async goOn(): Promise<void> {
    const session = this.state?.session;
    if (!session || this.goingOn) return;
    this.goingOn = true;
    await this.#submit({ type: "go_on", session: session.id });
    this.goingOn = false;
  }

  /** Makes a session of all that came before a message, and opens it with that message as its draft. */
  async fork(before: number): Promise<void> {
    const session = this.state?.session;
    if (session) await this.#submit({ type: "fork_session", session: session.id, before });
  }

  async dismissNotices(): Promise<void> {
    await this.#submit({ type: "dismiss_notices" });
  }

  /** Shows a file of the workspace in the side pane. */
  async openFile(path: string): Promise<void> {
    this.side.show("file");
    await this.file.open(path);
  }

  /** Something in the page threw where nothing was drawn: what shows may be old. */
  fault(error: unknown): void {
    // Without a program behind it the window says so already.
    if (this.lost) return;
    const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.notices.add("Something in this window went wrong.", `What it shows may be old. ${words}`, true);
  }

  /** Names a file in the message that is written. */
  mention(path: string): void {
    const draft = this.drafts.get({ of: "message" });
    const gap = draft === "" || /\s$/.test(draft) ? "" : " ";
    this.drafts.set({ of: "message" }, `${draft}${gap}@${path} `);
  }

  closeSide(): void {
    this.side.close();
    this.file.close();
  }

  async interrupt(): Promise<void> {
    const session = this.state?.session;
    if (session) await this.#submit({ type: "interrupt", session: session.id });
  }

  /** Sends a decision. Rejects with what went wrong, for the card to say; without a card a notice says it. */
  async decide(decision: DecisionInput): Promise<void> {
    const session = this.state?.session;
    if (!session) return;
    const error = await this.#ask({ type: "decide", session: session.id, decision });
    if (error === null) {
      // A decision that was not sent at all keeps its words.
      if (this.lost) return;
      this.drafts.drop({ of: "feedback", approval: decision.approval });
      this.drafts.drop({ of: "proposal", approval: decision.approval });
      return;
    }
    if (this.approvals.cards.some((card) => card.approval === decision.approval)) throw error;
    this.notices.addError(error);
  }

  /** Gives whether it was ended; what went wrong stands among the notices. */
  async endRule(rule: RuleId): Promise<boolean> {
    // It stands in the list until the backend tells of the change; a double click ends it once.
    if (this.#ended.has(rule)) return true;
    this.#ended.add(rule);
    const done = await this.#submit({ type: "revoke_rule", rule });
    if (!done) this.#ended.delete(rule);
    return done;
  }

  /** Ends all rules by which edits apply without asking. */
  async endEdits(): Promise<void> {
    await Promise.all(editRules(this.rules.list).map((rule) => this.endRule(rule.id)));
  }

  #takeState(state: AppState): void {
    const before = this.state;
    this.state = state;
    this.rules.take(state.rules);
    const session = state.session?.id ?? "";
    this.session.show(session);
    this.trace.show(session);
    this.changes.show(session);
    void this.drafts.show(session);
    if (before?.workspace?.path === state.workspace?.path) return;
    this.file.close();
    this.side.restore();
    if (state.workspace) void this.tree.reset();
    else if (before) void this.loadRecent();
  }

  async #submit(op: Op): Promise<boolean> {
    const error = await this.#ask(op);
    if (error) this.notices.addError(error);
    return error === null && !this.lost;
  }

  /** What the backend has against it; nothing where it was done, or where no backend answers any more. */
  async #ask(op: Op): Promise<WireError | null> {
    try {
      return await this.#backend.submit(op);
    } catch {
      this.lost = true;
      return null;
    }
  }
}
