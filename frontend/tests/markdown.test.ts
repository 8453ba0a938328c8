import { render } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import Markdown from "../src/features/transcript/Markdown.svelte";
import { MarkdownReader } from "../src/features/transcript/streaming";

const parse = (text: string, streaming: boolean) => new MarkdownReader().read(text, streaming);

function drawn(text: string, streaming = false): HTMLElement {
  return render(Markdown, { text, streaming }).container;
}

describe("markdown", () => {
  it.each([
    ["<script>alert(1)</script>", "script"],
    ["<img src=x onerror=alert(1)>", "img"],
    ["before <b onclick='x'>bold</b> after", "b"],
    ["<iframe src='https://example.org'></iframe>", "iframe"],
    ["<style>* { display: none }</style>", "style"],
  ])("shows %s as text", (html, element) => {
    const container = drawn(html);
    expect(container.querySelector(element)).toBeNull();
    expect(container.textContent).toContain(html);
  });

  it("draws no address that the window could follow or fetch", () => {
    const container = drawn("[here](javascript:alert(1)) ![pic](https://example.org/x.png) <https://example.org>");
    expect(container.querySelectorAll("a, img, [href], [src]")).toHaveLength(0);
    const titles = [...container.querySelectorAll("button")].map((button) => button.title);
    expect(titles[0]).toContain("javascript:alert(1)");
    expect(titles[1]).toContain("https://example.org/x.png");
  });

  it("shows characters that deceive the eye as marks", () => {
    expect(drawn("a\u202eb `c\u200bd`").textContent).toBe("a‹U+202E›b c‹U+200B›d");
  });

  it.each([
    ["**bol", "STRONG", "bol"],
    ["`cod", "CODE", "cod"],
    ["~~gon", "DEL", "gon"],
    ["```ts\nconst a", "PRE", "const a"],
  ])("closes %s while it streams", (text, tag, inside) => {
    const element = drawn(text, true).querySelector(tag);
    expect(element?.textContent).toBe(inside);
  });

  it("shows the words of a link of which only half has come", () => {
    expect(drawn("see [the docs](https://exam", true).textContent).toBe("see the docs");
  });

  it("draws lists, tasks, tables, quotes and headings", () => {
    const container = drawn(
      "## Head\n\n3. three\n4. four\n\n- [x] done\n\n> said\n\n| a | b |\n| - | -: |\n| 1 | 2 |\n",
    );
    expect(container.querySelector("[role=heading]")?.textContent).toBe("Head");
    expect(container.querySelector("ol")?.start).toBe(3);
    expect(container.querySelector<HTMLInputElement>("input[type=checkbox]")?.checked).toBe(true);
    expect(container.querySelector("blockquote")?.textContent).toBe("said");
    expect([...container.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual(["1", "2"]);
  });

  it("does not break on what nests without end", () => {
    expect(parse(`${"> ".repeat(400)}deep`, false)).toHaveLength(1);
    expect(parse(`${"*".repeat(3000)}deep`, true).length).toBeGreaterThan(0);
  });

  const ANSWER = [
    "First *words* of it.",
    "> said\n> twice",
    "- one\n- two\n\n  still two",
    "```ts\nconst a = 1;\n\nconst b = 2;\n```",
    "| a | b |\n| - | - |\n| 1 | 2 |",
    "Last.\n",
  ].join("\n\n");

  it("reads the same piece by piece as at once, at every cut", () => {
    for (const size of [1, 3, 17]) {
      const reader = new MarkdownReader();
      for (let at = size; at < ANSWER.length; at += size) reader.read(ANSWER.slice(0, at), true);
      expect(reader.read(ANSWER, false)).toEqual(parse(ANSWER, false));
    }
  });

  it("leaves the blocks that stand as they are while the last one grows", () => {
    const reader = new MarkdownReader();
    const before = reader.read("One.\n\nTwo.\n\nThr", true);
    const after = reader.read("One.\n\nTwo.\n\nThree", true);
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(after[2]).not.toEqual(before[2]);
  });

  it("shows nothing of the marks that end a block of code while they come", () => {
    const texts = ["```ts\na\n", "```ts\na\n`", "```ts\na\n``", "```ts\na\n```"].map((text) => parse(text, true)[0]);
    for (const one of texts) expect(one).toEqual({ kind: "code", lang: "ts", text: "a" });
  });

  it("takes a definition into account that follows what refers to it", () => {
    const reader = new MarkdownReader();
    const text = "See [it][1].\n\nMore.\n\n[1]: https://example.org\n";
    reader.read(text.slice(0, 20), true);
    expect(JSON.stringify(reader.read(text, false))).toContain("https://example.org");
  });
});
