import type { ContentBlock } from "../protocol/ContentBlock";
import type { Envelope } from "../protocol/Envelope";
import type { Event } from "../protocol/Event";
import type { StepUsage } from "../protocol/StepUsage";
import { decisionWords, limitWords, revisionWords } from "./decisionwords";
import {
  type AssistantItem,
  type NoticeItem,
  newTool,
  type OpenApproval,
  type SessionFold,
  type ToolItem,
} from "./items";
import { Output } from "./output";
import { revertedWords } from "./revertwords";
import { add } from "./trace";

type Decided = Extract<Event, { type: "approval_decided" }>;
type FilesChanged = Extract<Event, { type: "files_changed" }>;
type Called = Extract<Event, { type: "tool_call" }>;
type Finished = Extract<Event, { type: "tool_finished" }>;

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
      if (envelope.forked_from) calm(state, "Forked from another session. Files stayed as they were.", "fork");
      return;
    case "session_resumed":
      dropPartialMessage(state);
      interruptCalls(state);
      calm(state, state.running ? "Went on where it stopped." : "Opened again.", "resumed");
      return;
    case "session_renamed":
      state.title = envelope.title === "" ? state.firstLine : envelope.title;
      return;
    case "user_message":
      said(state, envelope.text, envelope.seq ?? 0);
      return;
    case "step_started":
      state.running = true;
      state.step = envelope.step;
      state.message = -1;
      state.counted = false;
      return;
    case "text_delta":
      messageOf(state).text += envelope.text;
      return;
    case "thinking_delta":
      messageOf(state).thinking += envelope.text;
      return;
    case "message":
      if (envelope.role !== "assistant") return;
      finishMessage(state, envelope.content);
      if (envelope.usage) {
        count(state, envelope.usage);
        state.counted = true;
      }
      return;
    case "tool_call":
      proposed(state, envelope);
      return;
    case "approval_requested":
      openApproval(state, envelope);
      return;
    case "approval_decided":
      closeApproval(state, envelope);
      return;
    case "rule_revoked":
      calm(state, `You ended the rule ${envelope.shown}. It asks again.`);
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
    case "files_changed":
      changedFiles(state, envelope);
      return;
    case "revert_started":
      // What came of it follows.
      return;
    case "changes_reverted":
      calm(state, revertedWords(envelope.scope, envelope.restored, envelope.left), "undo");
      return;
    case "tool_finished":
      finished(state, envelope);
      return;
    case "step_finished":
      // The message told it already, unless an older program wrote the session.
      if (!state.counted) count(state, envelope.usage);
      state.counted = false;
      return;
    case "retrying":
      // The model starts its message over; what came of the failed attempt would stand there twice.
      dropPartialMessage(state);
      notice(state, `${envelope.error} Trying again in ${seconds(envelope.wait_ms)} (attempt ${envelope.attempt}).`);
      return;
    case "run_finished":
      endStreaming(state);
      interruptCalls(state);
      // One that is not stored stands still, and can go on.
      if (envelope.seq === undefined) {
        notice(state, envelope.error ?? "The run stands still.");
        return;
      }
      state.running = false;
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

function said(state: SessionFold, text: string, seq: number): void {
  state.message = -1;
  if (state.firstLine === "") {
    state.firstLine = titleOf(text);
    if (state.title === "") state.title = state.firstLine;
  }
  // Said while a run is under way, it steers it; else it begins one.
  const begins = !state.running;
  if (begins) {
    state.turns += 1;
    state.running = true;
  }
  state.items.push({ kind: "user", id: state.items.length, text, seq, turn: begins ? state.turns : 0 });
}

/** The first line of the first message, short enough for the header. */
function titleOf(text: string): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}

function count(state: SessionFold, usage: StepUsage): void {
  state.tokens.input += usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
  state.tokens.output += usage.output_tokens;
  state.usage = add(state.usage, usage);
}

function proposed(state: SessionFold, { call, tool, args, cut = 0 }: Called): void {
  // A run that goes on may name a call again that has its row already.
  const there = toolOf(state, call);
  if (there) {
    there.args = args;
    there.cut = cut;
    return;
  }
  state.calls.set(call, state.items.length);
  state.items.push(newTool(state.items.length, call, tool, args, cut, state.turns));
}

function finished(state: SessionFold, event: Finished): void {
  const row = toolOf(state, event.call);
  if (!row) return;
  if (row.state !== "refused" && row.state !== "interrupted") row.state = event.ok ? "done" : "failed";
  row.began = false;
  row.result = event.result;
  // What was cut off took no time that anyone knows.
  row.duration = row.state === "interrupted" ? null : event.duration_ms;
  row.exitCode = event.exit_code ?? null;
}

/** Calls that began and have no end yet were cut off. They belong to the last run. */
function interruptCalls(state: SessionFold): void {
  for (let at = state.items.length - 1; at >= 0; at -= 1) {
    const item = state.items[at];
    if (item?.kind === "user" && item.turn > 0) return;
    if (item?.kind === "tool" && item.began) {
      item.state = "interrupted";
      item.began = false;
    }
  }
}

function changedFiles(state: SessionFold, event: FilesChanged): void {
  const row = toolOf(state, event.call);
  if (!row) return;
  const before = row.changed;
  row.changed = {
    files: [...(before?.files ?? []), ...event.files],
    count: (before?.count ?? 0) + event.files.length + (event.more ?? 0),
    leftOut: [...(before?.leftOut ?? []), ...(event.left_out ?? [])],
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
  let said = "";
  for (const block of content) {
    switch (block.type) {
      case "text":
        text += text === "" ? block.text : `\n\n${block.text}`;
        said = block.text;
        break;
      case "thinking":
        thinking += thinking === "" ? block.thinking : `\n\n${block.thinking}`;
        break;
      case "tool_use":
        if (said !== "") state.reasons.set(block.id, lastParagraph(said));
        break;
      case "redacted_thinking":
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

/** The end of what was written, in one line. */
function lastParagraph(text: string): string {
  const paragraphs = text.trim().split(/\n\s*\n/);
  return (paragraphs.at(-1) ?? "").replace(/\s+/g, " ").trim();
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
  row.output ??= new Output();
  row.output.push(text);
  row.printed += text.length;
}

function openApproval(state: SessionFold, card: OpenApproval): void {
  const there = state.approvals.has(card.approval);
  if (!there && card.replaces !== undefined && state.approvals.has(card.replaces)) {
    // The new proposal takes the stale one's place in the queue.
    const entries = [...state.approvals.values()];
    state.approvals.clear();
    for (const other of entries) {
      const next = other.approval === card.replaces ? card : other;
      state.approvals.set(next.approval, next);
    }
  } else {
    // One that is shown again keeps its place, and what it replaced long ago is not looked for.
    state.approvals.set(card.approval, card);
    if (card.replaces !== undefined) state.approvals.delete(card.replaces);
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
  const words = decisionWords(decided) + revisionWords(asked, decided) + limitWords(asked, decided);
  if (!row.began) row.decision = words;
  else if (decided.decision !== "void") row.decision += `; to run it again: ${words}`;
  // A void proposal is followed by a new card or by the call's end: until then nothing runs. What began
  // already was not refused, though it is not begun again.
  row.state = decided.decision === "deny" && !row.began ? "refused" : "proposed";
}

function notice(state: SessionFold, text: string): void {
  state.items.push({ kind: "notice", id: state.items.length, text });
}

function calm(state: SessionFold, text: string, about?: NonNullable<NoticeItem["about"]>): void {
  const item: NoticeItem = { kind: "notice", id: state.items.length, text, calm: true };
  if (about !== undefined) item.about = about;
  state.items.push(item);
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}

/** A newer backend may send what this page does not know; it is passed over. */
function unknownEvent(_event: never): void {}
