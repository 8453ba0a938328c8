import type { ContentBlock } from "../protocol/ContentBlock";
import type { Envelope } from "../protocol/Envelope";
import type { Event } from "../protocol/Event";
import type { RunEnd } from "../protocol/RunEnd";

/** A proposal that waits for a decision. */
type OpenApproval = Extract<Event, { type: "approval_requested" }>;
type Decided = Extract<Event, { type: "approval_decided" }>;

/** How many characters of a call's live output are kept: its end. */
export const OUTPUT_LIMIT = 200_000;

interface UserItem {
  kind: "user";
  id: number;
  text: string;
}

interface AssistantItem {
  kind: "assistant";
  id: number;
  thinking: string;
  text: string;
  streaming: boolean;
}

type ToolState = "proposed" | "waiting" | "running" | "done" | "failed" | "refused";

export interface ToolItem {
  kind: "tool";
  id: number;
  call: string;
  tool: string;
  args: unknown;
  state: ToolState;
  /** Whether it acts, or did without an end yet: a command may be put to the person again before its end. */
  began: boolean;
  /** The end of what the call printed so far. */
  output: string;
  /** How many characters of the output's beginning are gone. */
  dropped: number;
  result: unknown;
  duration: number | null;
  exitCode: number | null;
  /** Who decided what, in words; empty where no one was asked. */
  decision: string;
}

interface NoticeItem {
  kind: "notice";
  id: number;
  text: string;
  /** Set where it tells what the person did, not what went wrong. */
  calm?: true;
}

interface EndItem {
  kind: "end";
  id: number;
  reason: RunEnd;
  error: string;
}

export type Item = UserItem | AssistantItem | ToolItem | NoticeItem | EndItem;

/** What one session looks like after the envelopes so far. */
export interface SessionFold {
  session: string;
  /** The place of the last stored envelope; 0 before the first. */
  seq: number;
  model: string;
  title: string;
  items: Item[];
  running: boolean;
  step: number;
  tokens: { input: number; output: number };
  /** Open proposals by id, oldest first. A map, so that cards stay the plain values that arrived. */
  approvals: Map<string, OpenApproval>;
  /** Rises whenever `approvals` changes. */
  approvalsVersion: number;
  /** Where the call's row stands in `items`. */
  calls: Map<string, number>;
  /** Where the step's message stands in `items`; -1 before its first piece. */
  message: number;
}

/** A session of which nothing is known yet. */
export function emptySession(session: string): SessionFold {
  return {
    session,
    seq: 0,
    model: "",
    title: "",
    items: [],
    running: false,
    step: 0,
    tokens: { input: 0, output: 0 },
    approvals: new Map(),
    approvalsVersion: 0,
    calls: new Map(),
    message: -1,
  };
}

/**
 * Takes one envelope into `state`, in place: a batch may hold thousands, so nothing is copied.
 * Stored envelopes that were taken in before are passed over.
 */
export function fold(state: SessionFold, envelope: Envelope): void {
  if (envelope.seq !== undefined) {
    if (envelope.seq <= state.seq) return;
    state.seq = envelope.seq;
  }
  switch (envelope.type) {
    case "session_started":
      state.model = envelope.model;
      return;
    case "user_message":
      state.message = -1;
      if (state.title === "") state.title = titleOf(envelope.text);
      state.items.push({ kind: "user", id: state.items.length, text: envelope.text });
      return;
    case "step_started":
      state.running = true;
      state.step = envelope.step;
      state.message = -1;
      return;
    case "text_delta":
      messageOf(state).text += envelope.text;
      return;
    case "thinking_delta":
      messageOf(state).thinking += envelope.text;
      return;
    case "message":
      if (envelope.role === "assistant") finishMessage(state, envelope.content);
      return;
    case "tool_call":
      state.calls.set(envelope.call, state.items.length);
      state.items.push(newTool(state.items.length, envelope.call, envelope.tool, envelope.args));
      return;
    case "approval_requested":
      openApproval(state, envelope);
      return;
    case "approval_decided":
      closeApproval(state, envelope);
      return;
    case "rule_revoked":
      state.items.push({
        kind: "notice",
        id: state.items.length,
        text: `You ended the rule ${envelope.shown}. It asks again.`,
        calm: true,
      });
      return;
    case "tool_started": {
      const row = toolOf(state, envelope.call);
      if (!row) return;
      row.state = "running";
      row.began = true;
      return;
    }
    case "tool_output": {
      const row = toolOf(state, envelope.call);
      if (row) addOutput(row, envelope.text);
      return;
    }
    case "tool_finished": {
      const row = toolOf(state, envelope.call);
      if (!row) return;
      if (row.state !== "refused") row.state = envelope.ok ? "done" : "failed";
      row.began = false;
      row.result = envelope.result;
      row.duration = envelope.duration_ms;
      row.exitCode = envelope.exit_code ?? null;
      return;
    }
    case "step_finished": {
      const { usage } = envelope;
      state.tokens.input += usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
      state.tokens.output += usage.output_tokens;
      return;
    }
    case "retrying":
      // The model starts its message over; what came of the failed attempt would stand there twice.
      dropPartialMessage(state);
      notice(state, `${envelope.error} Trying again in ${seconds(envelope.wait_ms)} (attempt ${envelope.attempt}).`);
      return;
    case "run_finished":
      state.running = false;
      endStreaming(state);
      state.items.push({
        kind: "end",
        id: state.items.length,
        reason: envelope.reason,
        error: envelope.error ?? "",
      });
      return;
    case "input_error":
      notice(state, envelope.error);
      return;
    default:
      unknownEvent(envelope);
  }
}

/** The first line of the first message, short enough for the header. */
function titleOf(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

function newTool(id: number, call: string, tool: string, args: unknown): ToolItem {
  return {
    kind: "tool",
    id,
    call,
    tool,
    args,
    state: "proposed",
    began: false,
    output: "",
    dropped: 0,
    result: null,
    duration: null,
    exitCode: null,
    decision: "",
  };
}

function messageOf(state: SessionFold): AssistantItem {
  const there = state.items[state.message];
  if (there?.kind === "assistant") return there;
  state.message = state.items.length;
  state.items.push({ kind: "assistant", id: state.items.length, thinking: "", text: "", streaming: true });
  // Read back through the array: where it is reactive, only that reference is.
  return state.items[state.message] as AssistantItem;
}

function finishMessage(state: SessionFold, content: readonly ContentBlock[]): void {
  let text = "";
  let thinking = "";
  for (const block of content) {
    switch (block.type) {
      case "text":
        text += text === "" ? block.text : `\n\n${block.text}`;
        break;
      case "thinking":
        thinking += thinking === "" ? block.thinking : `\n\n${block.thinking}`;
        break;
      case "redacted_thinking":
      case "tool_use":
      case "tool_result":
        break;
    }
  }
  if (state.message !== -1 || text !== "" || thinking !== "") {
    const item = messageOf(state);
    item.text = text;
    item.thinking = thinking;
    item.streaming = false;
  }
  state.message = -1;
}

function dropPartialMessage(state: SessionFold): void {
  const item = state.items[state.message];
  if (item?.kind === "assistant" && item.streaming) {
    // It stays as an empty item, which draws nothing: rows are found by their place.
    item.text = "";
    item.thinking = "";
    item.streaming = false;
  }
  state.message = -1;
}

function endStreaming(state: SessionFold): void {
  const item = state.items[state.message];
  if (item?.kind === "assistant") item.streaming = false;
  state.message = -1;
}

function toolOf(state: SessionFold, call: string): ToolItem | undefined {
  const at = state.calls.get(call);
  const item = at === undefined ? undefined : state.items[at];
  return item?.kind === "tool" ? item : undefined;
}

function addOutput(row: ToolItem, text: string): void {
  row.output += text;
  // Cut only when it is well over, so that a long output is not copied for every piece.
  if (row.output.length > OUTPUT_LIMIT * 1.25) {
    const over = row.output.length - OUTPUT_LIMIT;
    row.output = row.output.slice(over);
    row.dropped += over;
  }
}

function openApproval(state: SessionFold, card: OpenApproval): void {
  if (card.replaces !== undefined && state.approvals.has(card.replaces)) {
    // The new proposal takes the stale one's place in the queue.
    const entries = [...state.approvals.values()];
    state.approvals.clear();
    for (const other of entries) {
      const next = other.approval === card.replaces ? card : other;
      state.approvals.set(next.approval, next);
    }
  } else {
    state.approvals.set(card.approval, card);
  }
  state.approvalsVersion += 1;
  const row = toolOf(state, card.call);
  if (row) row.state = "waiting";
}

function closeApproval(state: SessionFold, decided: Decided): void {
  const asked = state.approvals.get(decided.approval);
  if (state.approvals.delete(decided.approval)) state.approvalsVersion += 1;
  const row = toolOf(state, decided.call);
  if (!row) return;
  const words = decisionWords(decided) + limitWords(asked, decided);
  if (!row.began) row.decision = words;
  else if (decided.decision !== "void") row.decision += `; to run it again: ${words}`;
  // A void proposal is followed by a new card or by the call's end: until then nothing runs. What began
  // already was not refused, though it is not begun again.
  row.state = decided.decision === "deny" && !row.began ? "refused" : "proposed";
}

/** A decision in words, as a row shows it. */
function decisionWords(decided: Decided): string {
  const rule = decided.rule ? ` (${decided.rule})` : "";
  switch (decided.decision) {
    case "approve":
      return decided.by === "user" ? "approved by you" : `allowed by a rule${rule}`;
    case "approve_session":
      return `approved for this session${covered(decided)}`;
    case "approve_always":
      return `always approved${covered(decided)}`;
    case "deny": {
      const words = decided.feedback ? `: ${decided.feedback}` : "";
      return decided.by === "user" ? `denied by you${words}` : `refused by the guard${rule}${words}`;
    }
    case "void":
      return "went stale";
  }
}

/** What the person turned on the card of a command, in words. */
function limitWords(asked: OpenApproval | undefined, decided: Decided): string {
  if (asked?.kind !== "exec" || decided.decision === "deny" || decided.decision === "void") return "";
  const words: string[] = [];
  if (decided.confine !== undefined && decided.confine !== asked.confine)
    words.push(decided.confine ? "confined" : "UNCONFINED");
  if (decided.network !== undefined && decided.network !== asked.network) {
    words.push(decided.network ? "with the network" : "without the network");
  }
  return words.length > 0 ? `, ${words.join(", ")}` : "";
}

function covered(decided: Decided): string {
  if (decided.pattern) return `: ${decided.pattern}`;
  if (decided.scope === "file") return ": edits to this file";
  if (decided.scope === "workspace") return ": edits in this workspace";
  return "";
}

function notice(state: SessionFold, text: string): void {
  state.items.push({ kind: "notice", id: state.items.length, text });
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}

/** A newer backend may send what this page does not know; it is passed over. */
function unknownEvent(_event: never): void {}
