import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { ReplayBackend } from "../src/backend/replay";
import FileTree from "../src/features/tree/FileTree.svelte";
import type { FolderListing } from "../src/protocol/FolderListing";
import type { WireError } from "../src/protocol/WireError";
import { Tree } from "../src/state/tree.svelte";

let disk: Record<string, [string, "folder" | "file"][]>;
let asked: string[];
/** Answers wait for it. */
let held: Promise<void>;
let tree: Tree;
const acts = {
  open: vi.fn(),
  edit: vi.fn(),
  reveal: vi.fn(),
  copyPath: vi.fn(),
  mention: vi.fn(),
  rename: vi.fn(async () => true),
  remove: vi.fn(async () => true),
};

function listing(path: string, first?: number): FolderListing {
  const all = disk[path];
  const entries = all?.slice(0, first);
  if (!all || !entries) throw { code: "not_found", message: "No such folder.", hint: "" } satisfies WireError;
  return {
    path,
    more: all.length - entries.length,
    omitted: 0,
    entries: entries.map(([name, kind]) => ({
      path: path === "" ? name : `${path}/${name}`,
      shown: name,
      kind,
      ignored: false,
      git: null,
    })),
  };
}

beforeEach(async () => {
  disk = {
    "": [
      ["src", "folder"],
      ["a.ts", "file"],
    ],
    src: [
      ["lib", "folder"],
      ["b.ts", "file"],
    ],
    "src/lib": [],
  };
  asked = [];
  held = Promise.resolve();
  for (const act of Object.values(acts)) act.mockClear();
  const backend = new ReplayBackend({
    batches: [],
    answer: (query) => {
      if (query.type !== "folder") throw new Error("only folders are asked for");
      return { type: "folder", ...listing(query.path, query.first) };
    },
  });
  const answer = backend.query.bind(backend);
  vi.spyOn(backend, "query").mockImplementation(async (query) => {
    if (query.type === "folder") asked.push(query.path);
    await held;
    return answer(query);
  });
  tree = new Tree(backend);
  await tree.reset();
  render(FileTree, { tree, acts });
  screen.getByTestId("tree").focus();
});

const paths = (): (string | null)[] => screen.getAllByTestId("tree-item").map((row) => row.getAttribute("data-path"));
const press = (keys: string): Promise<unknown> => userEvent.keyboard(keys);

describe("the file tree", () => {
  it("asks for a folder when it is opened, not before, and once", async () => {
    expect(asked).toEqual([""]);
    await press("{ArrowRight}");
    await vi.waitFor(() => expect(paths()).toEqual(["src", "src/lib", "src/b.ts", "a.ts"]));
    await press("{ArrowLeft}{ArrowRight}");
    expect(asked).toEqual(["", "src"]);
  });

  it("draws the first entries of a large folder before the rest is there", async () => {
    disk.src = Array.from({ length: 1200 }, (_, at) => [`f${String(at).padStart(4, "0")}.ts`, "file"]);
    const opened = tree.open("src");
    await vi.waitFor(() => expect(asked).toEqual(["", "src"]));
    let letGo = (): void => {};
    held = new Promise((resolve) => {
      letGo = resolve;
    });
    await vi.waitFor(() => expect(asked).toEqual(["", "src", "src"]));
    expect(tree.rows.length).toBe(502);
    expect(tree.rows[1]).toMatchObject({ at: 1, of: 1200 });
    letGo();
    await opened;
    await vi.waitFor(() => expect(tree.rows.length).toBe(1202));
    expect(tree.rows.at(-2)?.entry.path).toBe("src/f1199.ts");
  });

  it("moves by arrows, into folders and back out", async () => {
    await press("{ArrowRight}");
    await vi.waitFor(() => expect(paths()).toHaveLength(4));
    await press("{ArrowRight}");
    expect(tree.selected).toBe("src/lib");
    await press("{ArrowDown}{ArrowDown}");
    expect(tree.selected).toBe("a.ts");
    await press("{ArrowUp}{ArrowLeft}");
    expect(tree.selected).toBe("src");
    await press("{ArrowLeft}");
    expect(paths()).toEqual(["src", "a.ts"]);
    await press("{End}");
    expect(tree.selected).toBe("a.ts");
    await press("{ArrowDown}{Home}{ArrowUp}");
    expect(tree.selected).toBe("src");
  });

  it("opens files by Enter and tells screen readers where one is", async () => {
    await press("{ArrowDown}{Enter}");
    expect(acts.open).toHaveBeenCalledExactlyOnceWith("a.ts");
    const row = screen.getByRole("treeitem", { selected: true });
    expect(row.getAttribute("data-path")).toBe("a.ts");
    expect(screen.getByTestId("tree").getAttribute("aria-activedescendant")).toBe(row.id);
    expect(row.getAttribute("aria-posinset")).toBe("2");
  });

  it("follows the disk, keeps what is open, and hands the selection of a vanished file to its folder", async () => {
    await press("{ArrowRight}");
    await vi.waitFor(() => expect(paths()).toHaveLength(4));
    await press("{ArrowDown}{ArrowDown}");
    expect(tree.selected).toBe("src/b.ts");
    disk.src = [["c.ts", "file"]];
    await tree.refresh(["src"]);
    await vi.waitFor(() => expect(paths()).toEqual(["src", "src/c.ts", "a.ts"]));
    expect(tree.selected).toBe("src");
  });

  it("does not ask for folders that nobody sees", async () => {
    await tree.refresh(["src", "src/lib"]);
    expect(asked).toEqual([""]);
  });

  it("says why there is nothing to list", async () => {
    disk = {};
    await tree.reset();
    expect(await screen.findByText("No such folder.")).toBeTruthy();
  });

  it("goes to what begins with the letters that are typed", async () => {
    await press("{ArrowRight}");
    await vi.waitFor(() => expect(paths()).toHaveLength(4));
    await press("b");
    expect(tree.selected).toBe("src/b.ts");
    await press(".ts");
    expect(tree.selected).toBe("src/b.ts");
  });

  it("marks what the agent changed, and the closed folders that hold it", async () => {
    const changed = (path: string) => ({ path, shown: path, change: "modified" as const });
    const event = { type: "files_changed" as const, call: "c", files: [changed("src/b.ts"), changed("a.ts")] };
    tree.note([{ session: "s", seq: 1, time: "", ...event }], "s");
    const marked = (): number[] =>
      screen.getAllByTestId("tree-item").map((row) => row.textContent.match(/by the agent/g)?.length ?? 0);
    await vi.waitFor(() => expect(marked()).toEqual([1, 1]));
    await press("{ArrowRight}");
    await vi.waitFor(() => expect(marked()).toEqual([0, 0, 1, 1]));
    const scope = { scope: "session" as const };
    tree.note(
      [{ session: "s", seq: 2, time: "", type: "changes_reverted", act: "r", scope, restored: ["a.ts"], left: [] }],
      "s",
    );
    await vi.waitFor(() => expect(marked()).toEqual([0, 0, 1, 0]));
    tree.note([], "other");
    await vi.waitFor(() => expect(marked()).toEqual([0, 0, 0, 0]));
  });

  it("reads a folder that changed out of sight once it is in sight, and a folder that changes often not each time", async () => {
    await tree.open("src");
    await tree.open("src/lib");
    await vi.waitFor(() => expect(paths()).toHaveLength(4));
    asked = [];
    tree.look(tree.rows.filter((row) => row.entry.path === "a.ts"));
    await tree.refresh(["src", "src/lib"]);
    expect(asked).toEqual([]);
    tree.look(tree.rows);
    await vi.waitFor(() => expect(asked.sort()).toEqual(["src", "src/lib"]));
    asked = [];
    await Promise.all(Array.from({ length: 100 }, () => tree.refresh(["src"])));
    expect(asked.length).toBeLessThanOrEqual(2);
  });
});
