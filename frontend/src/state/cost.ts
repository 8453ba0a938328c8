import type { ModelInfo } from "../protocol/ModelInfo";
import type { Prices } from "../protocol/Prices";
import type { StepUsage } from "../protocol/StepUsage";

const MILLION = 1_000_000;

/** What tokens cost, in US dollars. What the cache has no price of its own for costs what is sent. */
export function costOf(usage: StepUsage, prices: Prices): number {
  const { input, output, cache_read, cache_write } = prices;
  const millionths =
    usage.input_tokens * input +
    usage.output_tokens * output +
    usage.cache_read_tokens * (cache_read ?? input) +
    usage.cache_write_tokens * (cache_write ?? input);
  return millionths / MILLION;
}

/** The prices of what a session took; null where none are known, or where they are those of another model. */
export function pricesFor(sessionModel: string, model: ModelInfo): Prices | null {
  return sessionModel === model.model ? model.prices : null;
}

/** `$0.04`; `<$0.01` where it is less than that, but not nothing. */
export function money(dollars: number): string {
  if (dollars > 0 && dollars < 0.005) return "<$0.01";
  return `$${dollars.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** What tokens cost in words; empty without prices or tokens. */
export function costWords(usage: StepUsage | null, prices: Prices | null): string {
  return usage === null || prices === null ? "" : money(costOf(usage, prices));
}
