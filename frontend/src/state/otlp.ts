import { isWait, type Span, type TraceFold } from "./spans";

/** A value as OTLP writes it in JSON: whole numbers as text. */
type OtlpValue = { stringValue: string } | { intValue: string } | { boolValue: boolean };

interface OtlpAttribute {
  key: string;
  value: OtlpValue;
}

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  /** 1 internal, 3 client. */
  kind: 1 | 3;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: OtlpAttribute[];
  /** 0 unset, 1 ok, 2 error. */
  status: { code: 0 | 1 | 2; message?: string };
}

/** What a collector takes at `/v1/traces`. */
export interface OtlpTraces {
  resourceSpans: {
    resource: { attributes: OtlpAttribute[] };
    scopeSpans: { scope: { name: string; version: string }; spans: OtlpSpan[] }[];
  }[];
}

/**
 * A trace in OTLP's JSON, by the conventions for generative AI: each turn is a trace of its own, and the session is
 * their conversation. It holds names, times, tokens and decisions, but nothing of what was said, read or written.
 */
export function otlp(fold: TraceFold, version: string): OtlpTraces {
  const spans: OtlpSpan[] = [];
  for (const root of fold.roots) {
    const trace = hashed(128, `${fold.session}/${root.seq}`);
    const write = (span: Span, parent: string): void => {
      const id = idOf(fold, span);
      spans.push(spanOf(fold, span, trace, id, parent));
      for (const child of span.children) write(child, id);
    };
    write(root, "");
  }
  return {
    resourceSpans: [
      {
        resource: { attributes: attributes({ "service.name": "countersign", "service.version": version }) },
        scopeSpans: [{ scope: { name: "countersign", version }, spans }],
      },
    ],
  };
}

function idOf(fold: TraceFold, span: Span): string {
  return hashed(64, `${fold.session}/${span.seq}/${span.kind}`);
}

function spanOf(fold: TraceFold, span: Span, traceId: string, spanId: string, parent: string): OtlpSpan {
  const end = span.end ?? Math.max(span.start, fold.last);
  return {
    traceId,
    spanId,
    ...(parent === "" ? {} : { parentSpanId: parent }),
    name: nameOf(fold, span),
    kind: span.kind === "model" ? 3 : 1,
    startTimeUnixNano: nanos(span.start),
    endTimeUnixNano: nanos(end),
    attributes: attributes({ ...told(fold, span), ...ownWords(span) }),
    status: statusOf(span),
  };
}

function nameOf(fold: TraceFold, span: Span): string {
  switch (span.kind) {
    case "turn":
      return "invoke_agent countersign";
    case "model":
      return fold.model === "" ? "chat" : `chat ${fold.model}`;
    case "call":
      return `execute_tool ${span.name}`;
    case "approval":
      return isWait(span) ? "wait for the person" : "policy";
    case "said":
      return "message";
    case "step":
    case "act":
    case "retry":
    case "revert":
      return span.kind;
  }
}

type Told = Record<string, string | number | boolean | undefined>;

/** What the conventions have a name for. */
function told(fold: TraceFold, span: Span): Told {
  const conversation = { "gen_ai.conversation.id": fold.session };
  switch (span.kind) {
    case "turn":
      return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "countersign",
        ...client(fold),
        ...tokens(span),
        ...conversation,
      };
    case "model":
      return { "gen_ai.operation.name": "chat", ...client(fold), ...tokens(span), ...conversation };
    case "call":
      return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": span.name,
        "gen_ai.tool.call.id": span.call,
        "gen_ai.tool.type": "function",
        ...conversation,
      };
    case "step":
    case "approval":
    case "act":
    case "retry":
    case "said":
    case "revert":
      return conversation;
  }
}

function client(fold: TraceFold): Told {
  return {
    "gen_ai.provider.name": fold.provider === "" ? undefined : fold.provider,
    "gen_ai.request.model": fold.model === "" ? undefined : fold.model,
  };
}

/** By the conventions, what came from the cache counts among what was read. */
function tokens(span: Span): Told {
  const usage = span.usage;
  if (usage === null) return {};
  return {
    "gen_ai.usage.input_tokens": usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
    "gen_ai.usage.output_tokens": usage.output_tokens,
    "gen_ai.usage.cache_read.input_tokens": usage.cache_read_tokens,
    "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens,
  };
}

/** What the conventions have no name for. */
function ownWords(span: Span): Told {
  return {
    "countersign.seq": span.seq,
    "countersign.kind": span.kind,
    "countersign.state": span.state,
    "countersign.unfinished": span.end === null ? true : undefined,
    "countersign.approval.decision": span.verdict?.decision,
    "countersign.approval.by": span.verdict?.by,
    "countersign.exit_code": span.exitCode ?? undefined,
    "countersign.files_changed": span.changed > 0 ? span.changed : undefined,
  };
}

function statusOf(span: Span): OtlpSpan["status"] {
  switch (span.state) {
    case "ok":
      return { code: 1 };
    case "failed":
      return { code: 2 };
    case "refused":
      return { code: 2, message: "denied" };
    case "cut":
      return { code: 2, message: "cut off" };
    case "open":
    case "wait":
      return { code: 0 };
  }
}

function attributes(of: Told): OtlpAttribute[] {
  return Object.entries(of).flatMap(([key, value]): OtlpAttribute[] => {
    if (value === undefined) return [];
    if (typeof value === "string") return [{ key, value: { stringValue: value } }];
    if (typeof value === "boolean") return [{ key, value: { boolValue: value } }];
    return [{ key, value: { intValue: String(value) } }];
  });
}

function nanos(ms: number): string {
  return String(BigInt(Math.max(0, Math.round(ms))) * 1_000_000n);
}

const FNV = {
  64: { offset: 0xcbf29ce484222325n, prime: 0x100000001b3n },
  128: { offset: 0x6c62272e07bb014262b821756295c58dn, prime: 0x0000000001000000000000000000013bn },
} as const;

/** FNV-1a in hex: the same session gives the same ids whenever it is exported. */
function hashed(bits: 64 | 128, text: string): string {
  const { offset, prime } = FNV[bits];
  let hash: bigint = offset;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(bits, (hash ^ BigInt(byte)) * prime);
  // A trace without an id is no trace.
  return (hash === 0n ? 1n : hash).toString(16).padStart(bits / 4, "0");
}
