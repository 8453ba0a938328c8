import type { EntryKind } from "../protocol/EntryKind";
import type { QueryAnswer } from "../protocol/QueryAnswer";
import type { TreeEntry } from "../protocol/TreeEntry";
import type { WireError } from "../protocol/WireError";

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
  return items.reduce((sum, i) => sum + i.price * i.quantity, 0);
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

/** The entries of a folder. */
export function entriesOf(folder: string): TreeEntry[] {
  return (FOLDERS[folder] ?? []).map(([name, kind, ignored]) => ({
    path: folder === "" ? name : `${folder}/${name}`,
    shown: name,
    kind,
    ignored: ignored ?? false,
    git: null,
  }));
}
