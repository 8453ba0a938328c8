import { isFailure, isWait, type Span, type TraceFold } from "./spans";

/** Which spans are looked for. */
export type TraceShow = "all" | "model" | "call" | "wait" | "act";

export interface TraceFilter {
  show: TraceShow;
  failures: boolean;
  words: string;
}

export const NO_FILTER: TraceFilter = { show: "all", failures: false, words: "" };

/** One row of the tree. */
export interface TraceRow {
  span: Span;
  /** From 0. */
  depth: number;
  /** Its place among its siblings that are shown, from 1, and how many these are. */
  at: number;
  of: number;
  /** Whether anything that is shown stands under it, and whether that shows. */
  branch: boolean;
  open: boolean;
}

export function filters(filter: TraceFilter): boolean {
  return filter.show !== "all" || filter.failures || filter.words.trim() !== "";
}

/**
 * The rows of a trace, in order. A filter keeps what it finds and what that stands in; all of it shows then,
 * whatever is folded.
 */
export function traceRows(fold: TraceFold, folded: ReadonlySet<string>, filter: TraceFilter): TraceRow[] {
  const rows: TraceRow[] = [];
  const kept = filters(filter) ? keep(fold, filter) : null;
  list(fold.roots, 0, folded, kept, rows);
  return rows;
}

function list(
  spans: readonly Span[],
  depth: number,
  folded: ReadonlySet<string>,
  kept: ReadonlySet<Span> | null,
  rows: TraceRow[],
): void {
  const shown = kept === null ? spans : spans.filter((span) => kept.has(span));
  let at = 0;
  for (const span of shown) {
    at += 1;
    const below = childrenOf(span);
    const branch = kept === null ? below.length > 0 : below.some((child) => kept.has(child));
    const open = branch && (kept !== null || !folded.has(span.id));
    rows.push({ span, depth, at, of: shown.length, branch, open });
    if (open) list(below, depth + 1, folded, kept, rows);
  }
}

/** A call that only acts is its act: one row says it all. */
function childrenOf(span: Span): readonly Span[] {
  const [only] = span.children;
  return span.kind === "call" && span.children.length === 1 && only?.kind === "act" ? [] : span.children;
}

function keep(fold: TraceFold, filter: TraceFilter): Set<Span> {
  const kept = new Set<Span>();
  const words = filter.words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const look = (span: Span): boolean => {
    let found = matches(span, filter, words);
    for (const child of childrenOf(span)) if (look(child)) found = true;
    if (found) kept.add(span);
    return found;
  };
  for (const root of fold.roots) look(root);
  return kept;
}

function matches(span: Span, filter: TraceFilter, words: readonly string[]): boolean {
  if (!isShown(span, filter.show)) return false;
  if (filter.failures && !isFailure(span)) return false;
  if (words.length === 0) return true;
  const text = textOf(span);
  return words.every((word) => text.includes(word));
}

function isShown(span: Span, show: TraceShow): boolean {
  switch (show) {
    case "all":
      return true;
    case "model":
      return span.kind === "model" || span.kind === "retry";
    case "call":
      return span.kind === "call";
    case "wait":
      return isWait(span);
    case "act":
      return span.kind === "act" || (span.kind === "call" && span.children.some((child) => child.kind === "act"));
  }
}

/** What is searched in, for as long as the span holds what it held. */
const TEXTS = new WeakMap<Span, { args: unknown; result: unknown; text: string }>();

function textOf(span: Span): string {
  const known = TEXTS.get(span);
  if (known && known.args === span.args && known.result === span.result) return known.text;
  const parts = [span.name, span.about, span.verdict?.feedback ?? "", written(span.args), written(span.result)];
  const text = parts.join("\n").toLowerCase();
  TEXTS.set(span, { args: span.args, result: span.result, text });
  return text;
}

function written(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The stretch of time that a span's bar is drawn against: that of its turn. */
function frameOf(span: Span): Span {
  let top = span;
  while (top.parent !== null) top = top.parent;
  return top;
}

/** Where a bar stands in its frame, in per cent. */
export function barOf(span: Span, now: number): { left: number; width: number } {
  const frame = frameOf(span);
  const whole = Math.max(1, (frame.end ?? now) - frame.start);
  const left = clamp(((span.start - frame.start) / whole) * 100);
  const right = clamp((((span.end ?? now) - frame.start) / whole) * 100);
  return { left, width: Math.max(0, right - left) };
}

function clamp(per: number): number {
  return Math.max(0, Math.min(100, per));
}
