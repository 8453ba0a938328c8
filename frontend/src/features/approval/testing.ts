import { fireEvent, screen } from "@testing-library/svelte";
import axe from "axe-core";
import { tick } from "svelte";
import { vi } from "vitest";
import type { FileCard } from "../../protocol/FileCard";
import type { OpenCard } from "../../state/approvals.svelte";
import { ARM_MS } from "../../ui/arming.svelte";

/** Stands in for the browser, which tells what is in view. */
export class FakeIntersection {
  static all: FakeIntersection[] = [];
  readonly #tell: IntersectionObserverCallback;

  constructor(tell: IntersectionObserverCallback) {
    this.#tell = tell;
    FakeIntersection.all.push(this);
  }
  observe(): void {
    this.show(1);
  }
  unobserve(): void {}
  disconnect(): void {
    FakeIntersection.all = FakeIntersection.all.filter((one) => one !== this);
  }
  show(ratio: number): void {
    const entry = { isIntersecting: ratio > 0, intersectionRatio: ratio } as IntersectionObserverEntry;
    this.#tell([entry], this as unknown as IntersectionObserver);
  }
}

/** Two frames, and the time until the buttons arm, to the millisecond. */
export async function frames(): Promise<void> {
  await vi.advanceTimersToNextFrame();
  await vi.advanceTimersToNextFrame();
}

/** Waits until the buttons of the card are armed, if anything lets them. */
export async function settle(): Promise<void> {
  await tick();
  await frames();
  await vi.advanceTimersByTimeAsync(ARM_MS);
}

export const armed = (): string | undefined => screen.getByTestId("approve").dataset.armed;

export async function press(testid: string): Promise<void> {
  const button = screen.getByTestId(testid);
  await fireEvent.pointerDown(button, { button: 0 });
  await fireEvent.click(button);
}

/** Opens the menu of wider approvals, or closes it, and waits until its buttons count: after what a pattern covers. */
export async function openMenu(): Promise<void> {
  await press("approve-menu");
  await settle();
  await settle();
}

/** What axe finds, but for colours, which need a real layout. */
export async function faults(): Promise<string[]> {
  const found = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  return found.violations.map((one) => `${one.id}: ${one.nodes[0]?.html}`);
}

export function exec(more: Partial<Extract<OpenCard, { kind: "exec" }>> = {}): OpenCard {
  return {
    type: "approval_requested",
    approval: "a1",
    call: "c1",
    revision: 1,
    kind: "exec",
    command: "npm test",
    display: { shown: "npm test", warnings: [] },
    cwd: "/home/me/app",
    env: {},
    timeout: 300,
    shell: "/bin/bash",
    confine: true,
    network: false,
    reasons: ["No rule covers npm test."],
    parts: [],
    suggested_patterns: ["npm test *"],
    ...more,
  };
}

export function edit(more: Partial<Extract<OpenCard, { kind: "edit" }>> = {}): OpenCard {
  return {
    type: "approval_requested",
    approval: "e1",
    call: "c2",
    revision: 3,
    kind: "edit",
    path: "src/a.js",
    display: { shown: "src/a.js", warnings: [] },
    resolved: "/home/me/app/src/a.js",
    outside: false,
    created: false,
    diff: "",
    changes: {
      added: 1,
      removed: 1,
      hunks: [
        {
          number: 1,
          old_start: 13,
          old_lines: 1,
          new_start: 13,
          new_lines: 1,
          text: "-a = 1\n+<b>a</b> = 2\n",
          marks: [{ line: 1, from: 0, to: 12 }],
          no_newline: [1],
        },
      ],
    },
    warnings: [],
    sensitive: false,
    before_sha256: "0".repeat(64),
    after_sha256: "1".repeat(64),
    reasons: [],
    ...more,
  };
}

export function write(more: Partial<FileCard> = {}): OpenCard {
  return { ...edit(more), kind: "write" } as OpenCard;
}

export function look(more: Partial<Extract<OpenCard, { kind: "path" }>> = {}): OpenCard {
  return {
    type: "approval_requested",
    approval: "p1",
    call: "c3",
    revision: 1,
    kind: "path",
    tool: "read",
    path: "../x.txt",
    display: { shown: "../x.txt", warnings: [] },
    resolved: "/home/me/x.txt",
    workspace: "/home/me/app",
    outside: true,
    reasons: [],
    ...more,
  };
}
