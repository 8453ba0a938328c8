import type { EntryKind } from "../protocol/EntryKind";
import type { GitState } from "../protocol/GitState";
import type { QueryAnswer } from "../protocol/QueryAnswer";
import type { TreeEntry } from "../protocol/TreeEntry";
import type { WireError } from "../protocol/WireError";

/** What git says of some of the entries. */
const GIT: Record<string, GitState> = {
  src: "modified",
  "src/cart.ts": "modified",
  "src/routes.ts": "conflicted",
  test: "added",
  "test/money.test.ts": "added",
  "tsconfig.json": "untracked",
  "package.json": "modified",
};

const FOLDERS: Record<string, [string, EntryKind, boolean?][]> = {
  "": [
    ["docs", "folder"],
    ["node_modules", "folder", true],
    ["src", "folder"],
    ["test", "folder"],
    [".env.example", "file"],
    ["logo.png", "file"],
    ["package.json", "file"],
    ["README.md", "file"],
    ["tsconfig.json", "file"],
  ],
  docs: [["link-out", "link_out"]],
  src: [
    ["cart.ts", "file"],
    ["money.ts", "file"],
    ["routes.ts", "file"],
  ],
  test: [
    ["cart.test.ts", "file"],
    ["money.test.ts", "file"],
  ],
};

const CART = `import { toCents } from "./money";

export interface Item {
  name: string;
  price: number;
  quantity: number;
}

/** The sum of all items, in whole currency units. */
export function total(items: Item[]): number {
  const cents = items.reduce((acc, i) => acc + toCents(i.price) * i.quantity, 0);
  return cents / 100;
}

/** How many things there are, whatever they cost. */
export function pieces(items: Item[]): number {
  return items.reduce((sum, i) => sum + i.quantity, 0);
}

/** Leaves out what nobody wants any more. */
export function tidy(items: Item[]): Item[] {
  return items.filter((i) => i.quantity > 0);
}

/**
 * What is to be paid with the tax on top. The tax is rounded once, on
 * the sum, as the law has it: not item by item.
 *
 * Nothing is rounded before it.
 * \`rate\` is a part of one.
 */
export function withTax(items: Item[], rate: number): number {
  const tax = Math.round(toCents(total(items)) * rate);
  return (toCents(total(items)) + tax) / 100;
}
`;

/** The text of a file. */
export function fileAnswer(path: string): QueryAnswer {
  if (path === "docs/link-out") {
    throw {
      code: "denied",
      message: "docs/link-out leads outside the workspace.",
      hint: "Open it in another program.",
    } satisfies WireError;
  }
  const binary = path.endsWith(".png");
  const content = binary ? "" : CART;
  return {
    type: "file",
    path,
    shown: path,
    content,
    size: binary ? 20_480 : CART.length,
    truncated: false,
    binary,
    warnings: [],
  };
}

/** The folders of the demo, in which names change and entries go. */
export class DemoFiles {
  readonly #folders = new Map(Object.entries(FOLDERS).map(([path, entries]) => [path, [...entries]]));

  /** The entries of a folder. */
  entriesOf(folder: string): TreeEntry[] {
    return (this.#folders.get(folder) ?? []).map(([name, kind, ignored]) => {
      const path = folder === "" ? name : `${folder}/${name}`;
      return { path, shown: name, kind, ignored: ignored ?? false, git: GIT[path] ?? null };
    });
  }

  /** Gives what went wrong, or null. */
  rename(path: string, to: string): WireError | null {
    const [folder, name] = split(path);
    const entry = this.#folders.get(folder)?.find(([one]) => one === name);
    const [folderThen, nameThen] = split(to);
    const there = this.#folders.get(folderThen);
    if (!entry || !there) return { code: "not_found", message: `There is no ${path}.`, hint: "" };
    if (there.some(([one]) => one === nameThen)) {
      return { code: "input", message: `There is a ${to} already.`, hint: "Choose another name." };
    }
    this.#folders.set(folder, this.#folders.get(folder)?.filter((one) => one !== entry) ?? []);
    this.#folders.get(folderThen)?.push([nameThen, entry[1], entry[2] ?? false]);
    for (const [held, entries] of [...this.#folders]) {
      if (held !== path && !held.startsWith(`${path}/`)) continue;
      this.#folders.delete(held);
      this.#folders.set(to + held.slice(path.length), entries);
    }
    return null;
  }

  remove(path: string): void {
    const [folder, name] = split(path);
    this.#folders.set(folder, this.#folders.get(folder)?.filter(([one]) => one !== name) ?? []);
  }
}

/** The folder and the name of a path. */
function split(path: string): [string, string] {
  const cut = path.lastIndexOf("/");
  return [path.slice(0, Math.max(0, cut)), path.slice(cut + 1)];
}
