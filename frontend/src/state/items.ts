import type { ChangedPath } from "../protocol/ChangedPath";
import type { Event } from "../protocol/Event";
import type { LeftPath } from "../protocol/LeftPath";
import type { RunEnd } from "../protocol/RunEnd";
import type { StepUsage } from "../protocol/StepUsage";
import type { Output } from "./output";

/** A proposal that waits for a decision. */
export type OpenApproval = Extract<Event, { type: "approval_requested" }>;

interface UserItem {
  kind: "user";
  id: number;
  text: string;
  /** Its place in the session. */
  seq: number;
  /** The turn that it began, from 1; 0 where it was said while a run was under way. */
  turn: number;
}

export interface AssistantItem {
  kind: "assistant";
  id: number;
  thinking: string;
  text: string;
  streaming: boolean;
}

/** `interrupted` is what a call came to that began and was cut off: nothing says that it failed by itself. */
type ToolState = "proposed" | "waiting" | "running" | "done" | "failed" | "refused" | "interrupted";

/** What a call changed in the workspace. */
export interface CallChanges {
  /** The first of them, by path. */
  files: readonly ChangedPath[];
  /** How many there are in all. */
  count: number;
  /** What was changed and cannot be undone. */
  leftOut: readonly LeftPath[];
}

export interface ToolItem {
  kind: "tool";
  id: number;
  call: string;
  tool: string;
  args: unknown;
  /** Characters of long arguments that are not among them. */
  cut: number;
  state: ToolState;
  /** Whether it acts, or did without an end yet: a command may be put to the person again before its end. */
  began: boolean;
  /** What the call printed so far; null before its first piece. No plain value, so that it is never made reactive. */
  output: Output | null;
  /** How many characters that were. Rises with each piece. */
  printed: number;
  result: unknown;
  duration: number | null;
  exitCode: number | null;
  /** Who decided what, in words; empty where no one was asked. */
  decision: string;
  /** The turn that it belongs to, from 1. */
  turn: number;
  changed: CallChanges | null;
}

export interface NoticeItem {
  kind: "notice";
  id: number;
  text: string;
  /** Set where it tells what the person did, not what went wrong. */
  calm?: true;
  /** What a calm one is about, where it is not a rule. */
  about?: "undo" | "resumed" | "fork";
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
  /** The person's name for it, else the first line of the first message. */
  title: string;
  /** The first line of the first message. */
  firstLine: string;
  items: Item[];
  /** Whether a run began that has not ended; after a crash it may stand still. */
  running: boolean;
  step: number;
  /** How many messages of the person's began a run. */
  turns: number;
  tokens: { input: number; output: number };
  /** The same by kind; null before the first. */
  usage: StepUsage | null;
  /** Whether the step's message told already what the step took. */
  counted: boolean;
  /** Open proposals by id, oldest first. A map, so that cards stay the plain values that arrived. */
  approvals: Map<string, OpenApproval>;
  /** Rises whenever `approvals` changes. */
  approvalsVersion: number;
  /** Where the call's row stands in `items`. */
  calls: Map<string, number>;
  /** What the model wrote right before a call, in one line, as its reason. */
  reasons: Map<string, string>;
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
    firstLine: "",
    items: [],
    running: false,
    step: 0,
    turns: 0,
    tokens: { input: 0, output: 0 },
    usage: null,
    counted: false,
    approvals: new Map(),
    approvalsVersion: 0,
    calls: new Map(),
    reasons: new Map(),
    message: -1,
  };
}

/** A call's row, before anything came of it. */
export function newTool(id: number, call: string, tool: string, args: unknown, cut: number, turn: number): ToolItem {
  return {
    kind: "tool",
    id,
    call,
    tool,
    args,
    cut,
    state: "proposed",
    began: false,
    output: null,
    printed: 0,
    result: null,
    duration: null,
    exitCode: null,
    decision: "",
    turn,
    changed: null,
  };
}
