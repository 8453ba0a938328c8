import { render, screen } from "@testing-library/svelte";
import axe from "axe-core";
import { expect, vi } from "vitest";
import AppView from "../src/App.svelte";
import { demoBackend } from "../src/backend/demo";
import type { ReplayBackend } from "../src/backend/replay";
import { App } from "../src/state/app.svelte";
import { chatContext } from "../src/state/chat.svelte";
// What the window loads when it is wanted is there already: how long that takes is no matter of these tests.
import "../src/Dialogs.svelte";
import "../src/features/changes/ChangesPane.svelte";
import "../src/features/fileview/codeview";
import "../src/features/trace/TracePane.svelte";

/** Shows a screen of the demo. */
export async function showScreen(name: string): Promise<{ app: App; backend: ReplayBackend }> {
  const backend = demoBackend(new URLSearchParams({ screen: name }));
  const app = new App(backend);
  render(AppView, { props: { app }, context: chatContext(app.chat) });
  await app.start();
  await vi.waitFor(() => expect(screen.queryByText("Starting…")).toBeNull());
  const open = app.approvals.cards.some((card) => !app.approvals.setAside.has(card.approval));
  if (open) await screen.findByTestId("card", {}, { timeout: 10_000 });
  return { app, backend };
}

/** What axe finds, but for colours, which need a real layout. */
export async function violations(within: Element = document.body): Promise<string[]> {
  const found = await axe.run(within, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}

/** Stands in for the browser, which tells what is in view: everything is. */
export class InView {
  readonly #tell: IntersectionObserverCallback;

  constructor(tell: IntersectionObserverCallback) {
    this.#tell = tell;
  }
  observe(): void {
    const entry = { isIntersecting: true, intersectionRatio: 1 } as IntersectionObserverEntry;
    this.#tell([entry], this as unknown as IntersectionObserver);
  }
  unobserve(): void {}
  disconnect(): void {}
}
