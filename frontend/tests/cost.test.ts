import { screen } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import type { ModelInfo } from "../src/protocol/ModelInfo";
import { costOf, costWords, money, pricesFor } from "../src/state/cost";
import { showScreen } from "./screen";

const USAGE = {
  input_tokens: 1_000_000,
  output_tokens: 100_000,
  cache_read_tokens: 2_000_000,
  cache_write_tokens: 500_000,
};
const PRICES = { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 };
const model = (name: string): ModelInfo => ({
  provider: "anthropic",
  model: name,
  base_url: null,
  key: "environment",
  prices: PRICES,
});

describe("what a session costs", () => {
  it("is the sum of all kinds of tokens, at their own prices", () => {
    expect(costOf(USAGE, PRICES)).toBeCloseTo(3 + 1.5 + 0.6 + 1.875, 9);
    expect(costOf(USAGE, { ...PRICES, cache_read: null, cache_write: null })).toBeCloseTo(3 + 1.5 + 6 + 1.5, 9);
    expect(costOf(USAGE, { input: 0, output: 0, cache_read: 0, cache_write: 0 })).toBe(0);
  });

  it("is written in dollars and cents, and never as nothing where it is something", () => {
    expect([0, 0.0001, 0.005, 0.044, 1.239, 1234.5].map(money)).toEqual([
      "$0.00",
      "<$0.01",
      "$0.01",
      "$0.04",
      "$1.24",
      "$1,234.50",
    ]);
  });

  it("is not made up: not without prices, and not of another model's", () => {
    expect(costWords(USAGE, null)).toBe("");
    expect(costWords(null, PRICES)).toBe("");
    expect(pricesFor("one", model("one"))).toBe(PRICES);
    expect(pricesFor("one", model("other"))).toBeNull();
    expect(pricesFor("one", { ...model("one"), prices: null })).toBeNull();
  });

  it("stands in the header and in the trace, as the prices and the tokens say, and nowhere without prices", async () => {
    const { app } = await showScreen("trace");
    app.side.show("trace");
    const sum = app.trace.fold.roots.reduce((all, root) => all + (root.usage ? costOf(root.usage, PRICES) : 0), 0);
    expect(sum).toBeGreaterThan(0);
    await vi.waitFor(() => expect(screen.getByTestId("trace-cost").textContent).toBe(money(sum)));
    expect(screen.getByTestId("cost").textContent).toBe(money(sum));
    const rows = screen.getAllByTestId("trace-row");
    expect(rows.some((row) => row.textContent?.includes("$0."))).toBe(true);
    if (!app.state) throw new Error("no state");
    app.take([{ type: "app", state: { ...app.state, model: { ...app.state.model, prices: null } } }]);
    await vi.waitFor(() => expect(screen.queryByTestId("cost")).toBeNull());
    expect(screen.queryByTestId("trace-cost")).toBeNull();
    expect(document.body.textContent).not.toContain("$");
  });
});
