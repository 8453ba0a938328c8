import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import type { Envelope } from "../src/protocol/Envelope";
import { otlp } from "../src/state/otlp";
import { emptyTrace } from "../src/state/spans";
import { trace } from "../src/state/trace";

/** The engine's live export holds to the same file: `src-tauri/crates/agent/src/export/tests.rs`. */
const FIXTURE = resolve(import.meta.dirname, "fixtures/otlp.json");

it("gives the spans that the engine exports while the session runs", () => {
  const { envelopes, spans }: { envelopes: Envelope[]; spans: unknown[] } = JSON.parse(readFileSync(FIXTURE, "utf8"));
  const fold = emptyTrace("s");
  for (const envelope of envelopes) trace(fold, envelope);
  expect(otlp(fold, "0.1.0").resourceSpans[0]?.scopeSpans[0]?.spans).toEqual(spans);
});
