import { call, type Recorder, usage } from "./demoevents";

const TEXTS = [
  "I'll look at how totals are computed, then run the tests to see the failure.",
  "The sum is taken over **floats**:\n\n```ts\nexport function total(items: Item[]): number {\n  // Whole currency units.\n  return items.reduce((sum, i) => sum + i.price * i.quantity, 0);\n}\n```\n\nThat is where the cent goes.",
  "Three places add prices:\n\n1. `total` in `src/cart.ts`,\n2. `subtotal` in `src/money.ts`,\n3. the receipt, which only prints.\n\nThe first two have to change.",
  "| call | before | after |\n| --- | ---: | ---: |\n| `total(3 × 0.1)` | 0.30000000000000004 | 0.30 |\n| `total(1)` | 1 | 1 |",
  "> Rounding is a matter of the last step.\n\nSo I keep whole cents until the end.",
];

/** A session of five thousand messages and what was done between them. */
export function longSession(to: Recorder): void {
  for (let n = 0; n < 5000; n += 1) {
    if (n % 50 === 25) {
      to.add({ type: "run_finished", reason: "end_turn" });
      to.add({ type: "user_message", text: `And what about case ${n}? Look at it as well.` });
    }
    to.add({ type: "step_started", step: (n % 50) + 1 });
    to.add({
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: `Step ${n}.\n\n${TEXTS[n % TEXTS.length]}` }],
    });
    if (n % 3 === 0) {
      call(to, `long${n}`, "read", { path: "src/cart.ts" }, { content: "…", total_lines: 86, truncated: false }, 1);
    }
    to.add({ type: "step_finished", step: (n % 50) + 1, usage: usage(5200, 160) });
  }
}
