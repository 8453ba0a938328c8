import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");
const FILES = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.(ts|svelte)$/.test(file))
  .map((file) => file.replaceAll("\\", "/"));

/** What each layer may import, besides itself and packages. */
const MAY: Record<string, readonly string[]> = {
  protocol: [],
  backend: ["protocol"],
  state: ["protocol", "backend"],
  ui: [],
  features: ["protocol", "state", "ui"],
};

interface Import {
  file: string;
  target: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), "utf8");
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)["']([^"']+)["']/g);
  return [...found].map((match) => ({ file, target: match[1] ?? "" }));
}

function inside({ file, target }: Import): string | null {
  if (!target.startsWith(".")) return null;
  return relative(SRC, resolve(SRC, dirname(file), target)).replaceAll("\\", "/");
}

const IMPORTS = FILES.flatMap(importsOf);
const layer = (path: string): string => path.split("/", 1)[0] ?? "";
const feature = (path: string): string => path.split("/")[1] ?? "";

describe("the page's layers", () => {
  it("finds the files", () => {
    expect(FILES.length).toBeGreaterThan(40);
    expect(IMPORTS.length).toBeGreaterThan(80);
  });

  it("only import downwards", () => {
    const wrong = IMPORTS.filter((one) => {
      const target = inside(one);
      const from = layer(one.file);
      if (target === null || MAY[from] === undefined || layer(target) === from) return false;
      return !MAY[from].includes(layer(target));
    });
    expect(wrong).toEqual([]);
  });

  it("keep the features apart, but for the cards that draw diffs", () => {
    const wrong = IMPORTS.filter((one) => {
      const target = inside(one);
      if (target === null || layer(one.file) !== "features" || layer(target) !== "features") return false;
      if (feature(one.file) === "approval" && feature(target) === "diff") return false;
      return feature(one.file) !== feature(target);
    });
    expect(wrong).toEqual([]);
  });

  it("reach the program behind the page in one place", () => {
    const files = IMPORTS.filter((one) => one.target.startsWith("@tauri-apps/")).map((one) => one.file);
    expect(files).toEqual(["backend/tauri.ts"]);
  });

  it("never put markup into the page as text", () => {
    const forbidden =
      /\{@html|\.innerHTML\b|\.outerHTML\b|insertAdjacentHTML|document\.write\b|\beval\(|new Function\(/;
    const wrong = FILES.filter((file) => forbidden.test(readFileSync(join(SRC, file), "utf8")));
    expect(wrong).toEqual([]);
  });

  it("write no style attributes in markup, which the page's policy forbids", () => {
    const wrong = FILES.filter(
      (file) => file.endsWith(".svelte") && /\sstyle="[^{]/.test(readFileSync(join(SRC, file), "utf8")),
    );
    expect(wrong).toEqual([]);
  });
});
