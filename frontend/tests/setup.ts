import { afterEach, vi } from "vitest";

// What happy-dom leaves out and the components ask for.
class NoObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
vi.stubGlobal("ResizeObserver", NoObserver);

afterEach(() => {
  localStorage.clear();
});
