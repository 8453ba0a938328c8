import { expect, it } from "vitest";
import type { Backend } from "../src/backend/backend";
import type { FileView } from "../src/protocol/FileView";
import { FilePane } from "../src/state/file.svelte";

const view = (content: string): FileView => ({
  path: "a/b.txt",
  shown: "b.txt",
  content,
  size: content.length,
  truncated: false,
  binary: false,
  warnings: [],
});

it("is read again when files may have changed, and drawn anew only where it did", async () => {
  let content = "one";
  const file = new FilePane({ query: async () => ({ type: "file", ...view(content) }) } as unknown as Backend);
  await file.open("a/b.txt");
  const first = file.current;
  expect(first).toMatchObject({ state: "shown", view: { content: "one" } });
  await file.refresh([]);
  expect(file.current, "the same object: nothing is drawn anew").toBe(first);
  content = "two";
  await file.refresh(["elsewhere"]);
  expect(file.current).toBe(first);
  await file.refresh(["a"]);
  expect(file.current).toMatchObject({ view: { content: "two" } });
});
