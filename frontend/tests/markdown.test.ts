import { render } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import Markdown from "../src/features/transcript/Markdown.svelte";
import { parse } from "../src/features/transcript/markdown";

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
});
