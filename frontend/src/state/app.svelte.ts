import { type Backend, isWireError } from "../backend/backend";
import type { AppState } from "../protocol/AppState";
import type { DecisionInput } from "../protocol/DecisionInput";
import type { Feed } from "../protocol/Feed";
import type { Op } from "../protocol/Op";
import type { RecentWorkspace } from "../protocol/RecentWorkspace";
import type { RuleId } from "../protocol/RuleId";
import type { WireError } from "../protocol/WireError";
import { Approvals } from "./approvals.svelte";
import { FilePane } from "./file.svelte";
import { Notices } from "./notices.svelte";
import { editRules, Rules } from "./rules.svelte";
import { Session } from "./session.svelte";
import { Tree } from "./tree.svelte";

/** The whole window's state, fed by the backend. */
export class App {
  #backend: Backend;
  /** Rules that are ended, or about to be. */
  readonly #ended = new Set<RuleId>();
  readonly session = new Session();
  readonly approvals = new Approvals(() => this.session.cards);
  readonly notices = new Notices();
  readonly rules = new Rules();
  readonly tree: Tree;
  readonly file: FilePane;
  state: AppState | null = $state.raw(null);
  recent: RecentWorkspace[] = $state.raw([]);
  /** Set once the backend no longer answers: nothing more will come. */
  lost = $state(false);
  /** Set while a folder is chosen or opened. */
  opening = $state(false);

  constructor(backend: Backend) {
    this.#backend = backend;
    this.tree = new Tree(backend);
    this.file = new FilePane(backend);
  }

  get running(): boolean {
    return this.state?.session?.running ?? false;
  }

  /** Why no message can be sent; empty where one can. */
  get blocked(): string {
    if (this.lost) return "Countersign's engine stopped answering.";
    if (this.state?.workspace?.trouble) return "The workspace cannot be used.";
    if (this.state?.model.key === "missing") return "No model is connected.";
    return "";
  }

  /** Listens to the backend; the first batch tells what to show. */
  async start(): Promise<void> {
    try {
      await this.#backend.subscribe(0, (batch) => this.take(batch));
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
          break;
        case "tree":
          if (this.state?.workspace) {
            void this.tree.refresh(feed.folders);
            void this.file.refresh(feed.folders);
          }
          break;
      }
    }
    this.approvals.settle();
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
    return sent;
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
    if (error === null) return;
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
    this.session.show(state.session?.id ?? "");
    if (before?.workspace?.path === state.workspace?.path) return;
    this.file.close();
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
