import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Envelope } from "../src/protocol/Envelope";
import { showScreen, violations } from "./screen";

const press = (keys: string): Promise<unknown> => userEvent.keyboard(keys);
const shown = (): string[] => screen.queryAllByTestId("trace-row").map((row) => row.dataset.span ?? "");
/** The rows that are read out like this: a row is called by what is written in it. */
const rows = (name: RegExp): HTMLElement[] =>
  screen.getAllByTestId("trace-row").filter((row) => name.test((row.textContent ?? "").replace(/\s+/g, " ").trim()));
function row(name: RegExp): HTMLElement {
  const [first] = rows(name);
  if (!first) throw new Error(`no row ${name}`);
  return first;
}
const chosen = (): HTMLElement | undefined =>
  screen.getAllByTestId("trace-row").find((one) => one.getAttribute("aria-selected") === "true");
const selected = (): string => (chosen()?.textContent ?? "").replace(/\s+/g, " ").trim();

async function open(): Promise<Awaited<ReturnType<typeof showScreen>>> {
  const there = await showScreen("trace");
  there.app.side.show("trace");
  await screen.findByTestId("trace");
  return there;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the trace pane", () => {
  it("shows rows as a tree by name, state and time, and has no fault that axe knows", async () => {
    await open();
    expect(screen.getByTestId("trace-sum").textContent).toMatch(/^2 turns, .* of it waiting for you$/);
    const card = row(/^card: exec rm -r dist 2.1 s, denied by you/);
    expect(card.getAttribute("aria-level")).toBe("4");
    expect(card.querySelector(".hatched")).toBeTruthy();
    expect(row(/^exec npm run build [^,]*, waits for you/)).toBeTruthy();
    expect(await violations(screen.getByTestId("trace"))).toEqual([]);
  });

  it("goes by keys, folds and unfolds, and Enter goes to what is told of the row", async () => {
    await open();
    screen.getByTestId("trace-tree").focus();
    await press("{Home}");
    expect(selected()).toContain("Turn 1");
    await press("{ArrowRight}{ArrowRight}");
    expect(selected()).toMatch(/^model call/);
    await press("{ArrowLeft}");
    expect(selected()).toMatch(/^Step 1/);
    const all = shown().length;
    await press("{ArrowLeft}");
    expect(shown().length).toBe(all - 3);
    expect(chosen()?.getAttribute("aria-expanded")).toBe("false");
    await press(" ");
    expect(shown().length).toBe(all);
    const tree = screen.getByTestId("trace-tree");
    expect(tree.getAttribute("aria-activedescendant")).toBe(chosen()?.id);
    await press("{Enter}");
    expect(document.activeElement?.getAttribute("aria-label")).toBe("About the selected row");
  });

  it("is filtered by kind, failure and words, and says where nothing is found", async () => {
    await open();
    await userEvent.selectOptions(screen.getByTestId("trace-show"), "Waits for you");
    expect(shown().filter((id) => id.startsWith("approval"))).toHaveLength(4);
    expect(shown().some((id) => id.startsWith("model"))).toBe(false);
    await userEvent.click(screen.getByTestId("trace-failures"));
    expect(shown().filter((id) => id.startsWith("approval"))).toHaveLength(1);
    await userEvent.type(screen.getByTestId("trace-search"), "nothing like it");
    expect(shown()).toEqual([]);
    await userEvent.click(screen.getByText("Show everything"));
    expect(shown().length).toBeGreaterThan(20);
  });

  it("tells tokens where no time is drawn", async () => {
    await open();
    const tokens = (): string | undefined => row(/^Turn 2/).querySelector(".tokens")?.textContent;
    expect(tokens()).toBeUndefined();
    expect(row(/^Turn 2/).querySelector(".visually-hidden")?.textContent).toContain("19.3k in (17.6k cached), 426 out");
    await userEvent.click(screen.getByTestId("trace-timeline"));
    expect(tokens()).toContain("19.3k in (17.6k cached), 426 out");
    expect(row(/^Turn 2/).hasAttribute("aria-label")).toBe(false);
  });

  it("asks what the model was sent, once, and shows it folded", async () => {
    const { backend } = await open();
    const query = vi.spyOn(backend, "query");
    await userEvent.click(row(/^model call/));
    const detail = within(await screen.findByTestId("trace-detail"));
    await userEvent.click(await detail.findByRole("button", { name: /role: "assistant"/ }));
    expect(detail.getByRole("button", { name: /content ?: \[ 2 items \]/ }).getAttribute("aria-expanded")).toBe(
      "false",
    );
    expect(detail.getByRole("button", { name: "Copy: Response" })).toBeTruthy();
    expect(query.mock.calls).toEqual([[{ type: "model_call", session: "demo", seq: 3 }]]);
    expect(await violations(screen.getByTestId("trace"))).toEqual([]);
  });

  it("says why a model call cannot be shown", async () => {
    const { backend } = await open();
    vi.spyOn(backend, "query").mockRejectedValue({ code: "state", message: "No model call.", hint: "" });
    await userEvent.click(row(/^model call/));
    expect((await within(screen.getByTestId("trace-detail")).findByRole("alert")).textContent).toBe("No model call.");
  });

  it("shows a call with its card, its words, its arguments and its result", async () => {
    await open();
    await userEvent.click(row(/^exec rm -r dist/));
    const detail = screen.getByTestId("trace-detail");
    expect(within(detail).getByTestId("trace-decision").textContent).toContain("denied by you after 2.1 s");
    expect(detail.textContent).toContain("“Keep dist, the server serves from it.”");
    expect(detail.textContent).toContain('command: "rm -r dist"');
    expect(detail.textContent).toContain('error: "denied by the user"');
  });

  it("follows a run", async () => {
    const { app } = await open();
    const before = shown().length;
    const seq = app.trace.fold.seq;
    const at = (place: number, event: object): Envelope =>
      ({ seq: seq + place, session: "demo", time: new Date().toISOString(), ...event }) as Envelope;
    app.take([
      {
        type: "envelopes",
        envelopes: [
          at(1, { type: "approval_decided", approval: "at5", call: "t5", decision: "approve", by: "user" }),
          at(2, { type: "tool_started", call: "t5" }),
        ],
      },
    ]);
    await vi.waitFor(() => expect(shown().length).toBe(before + 1));
    expect(row(/^exec npm run build [^,]*, running/)).toBeTruthy();
  });

  it("is copied for OpenTelemetry", async () => {
    const user = userEvent.setup();
    await open();
    await user.click(screen.getByTestId("trace-export"));
    await vi.waitFor(() => expect(screen.getByTestId("trace-said").textContent).toMatch(/spans copied/));
    const copied: unknown = JSON.parse(await navigator.clipboard.readText());
    expect(copied).toHaveProperty("resourceSpans.0.scopeSpans.0.spans.0.traceId");
  });

  it("draws only what is in sight of five thousand steps", async () => {
    const { app } = await open();
    const envelopes: Envelope[] = [];
    for (let step = 1; step <= 5000; step += 1) {
      const time = new Date(Date.UTC(2025, 0, 15) + step * 1000).toISOString();
      envelopes.push({ seq: step, session: "demo", time, type: "step_started", step });
    }
    app.take([{ type: "envelopes", envelopes }]);
    await vi.waitFor(() => expect(app.trace.rows).toHaveLength(10_001));
    expect(shown().length).toBeLessThan(200);
  });
});
