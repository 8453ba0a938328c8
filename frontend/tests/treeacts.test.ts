import { fireEvent, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { DemoFiles } from "../src/backend/demofiles";
import { ReplayBackend } from "../src/backend/replay";
import { nameTrouble, stemLength } from "../src/features/tree/naming";
import { Entries } from "../src/state/entries";
import { FilePane } from "../src/state/file.svelte";
import { Tree } from "../src/state/tree.svelte";
import { InView, showScreen, violations } from "./screen";

vi.mock("../src/ui/trusted", () => ({ trusted: () => true }));

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", InView);
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
});

const press = (keys: string): Promise<unknown> => userEvent.keyboard(keys);
const rowOf = (path: string): HTMLElement => {
  const row = screen.getAllByTestId("tree-item").find((one) => one.dataset.path === path);
  if (!row) throw new Error(`no row of ${path}`);
  return row;
};
const paths = (): (string | undefined)[] => screen.getAllByTestId("tree-item").map((row) => row.dataset.path);

async function shown(): Promise<Awaited<ReturnType<typeof showScreen>>> {
  const made = await showScreen("empty");
  await vi.waitFor(() => expect(screen.getAllByTestId("tree-item").length).toBeGreaterThan(5));
  made.backend.ops.length = 0;
  return made;
}

describe("a row's marks", () => {
  it("tell git's state by a letter and in words, and of a folder that it holds changes", async () => {
    await shown();
    expect(within(rowOf("tsconfig.json")).getByTestId("tree-git").textContent).toBe("U");
    expect(within(rowOf("package.json")).getByTestId("tree-git").textContent).toBe("M");
    expect(rowOf("package.json").textContent).toContain("changed since the last commit");
    expect(rowOf("src").textContent).toContain("holds changes that are not committed");
    expect(within(rowOf("README.md")).queryByTestId("tree-git")).toBeNull();
  });
});

describe("a row's menu", () => {
  it.each(["{Shift>}{F10}{/Shift}", "{ContextMenu}"])("opens by %s, and hands the focus back", async (keys) => {
    await shown();
    rowOf("README.md").click();
    screen.getByTestId("tree").focus();
    await press(keys);
    const menu = await screen.findByTestId("tree-menu");
    expect(
      within(menu)
        .getAllByRole("menuitem")
        .map((one) => one.firstElementChild?.textContent),
    ).toEqual([
      "Open",
      "Open in editor",
      "Show in file manager",
      "Copy path",
      "Mention in message",
      "Rename",
      "Delete…",
    ]);
    expect(await violations(menu)).toEqual([]);
    await press("{Escape}");
    await vi.waitFor(() => expect(screen.queryByTestId("tree-menu")).toBeNull());
    expect(document.activeElement).toBe(screen.getByTestId("tree"));
  });

  it("opens by a right click on the row that it is about, and by its button", async () => {
    const { app, backend } = await shown();
    await fireEvent.contextMenu(rowOf("package.json"), { button: 2, clientX: 40, clientY: 80 });
    await userEvent.click(await screen.findByTestId("tree-menu-edit"));
    await vi.waitFor(() => expect(backend.ops).toContainEqual({ type: "open_in_editor", path: "package.json" }));
    expect(app.tree.selected).toBe("package.json");
    await fireEvent.pointerOver(rowOf("src"));
    await userEvent.click(within(rowOf("src")).getByTestId("tree-more"));
    expect(screen.queryByTestId("tree-menu-edit")).toBeNull();
    await userEvent.click(await screen.findByTestId("tree-menu-reveal"));
    await vi.waitFor(() => expect(backend.ops).toContainEqual({ type: "reveal", path: "src" }));
    // What the program has against it is said.
    expect((await screen.findAllByTestId("notice"))[0]?.textContent).toContain("This is a recording.");
  });

  it("names the file in the message, and goes on there", async () => {
    const { app } = await shown();
    app.drafts.set({ of: "message" }, "Look at");
    await fireEvent.contextMenu(rowOf("package.json"), { button: 2 });
    await userEvent.click(await screen.findByTestId("tree-menu-mention"));
    const box = screen.getByTestId<HTMLTextAreaElement>("composer");
    await vi.waitFor(() => expect(box.value).toBe("Look at @package.json "));
    await vi.waitFor(() => expect(document.activeElement).toBe(box));
  });
});

describe("renaming", () => {
  it("takes a new name in the row, and keeps what is open and selected", async () => {
    const { app, backend } = await shown();
    await app.tree.open("src");
    await vi.waitFor(() => expect(paths()).toContain("src/cart.ts"));
    app.tree.selected = "src";
    screen.getByTestId("tree").focus();
    await press("{F2}");
    const field = await screen.findByTestId<HTMLInputElement>("tree-rename");
    expect(document.activeElement).toBe(field);
    expect(field.value).toBe("src");
    await userEvent.clear(field);
    await userEvent.type(field, "docs{Enter}");
    expect(screen.getByTestId("tree-rename-trouble").textContent).toBe("That name is taken.");
    expect(backend.ops).toEqual([]);
    await userEvent.type(field, "2{Enter}");
    await vi.waitFor(() => expect(backend.ops).toEqual([{ type: "rename_entry", path: "src", to: "docs2" }]));
    await vi.waitFor(() => expect(paths()).toContain("docs2/cart.ts"));
    expect(app.tree.selected).toBe("docs2");
    expect(document.activeElement).toBe(screen.getByTestId("tree"));
    expect(paths()).not.toContain("src");
  });

  it("is given up by Escape and by a click elsewhere, and does nothing with the same name", async () => {
    const { app, backend } = await shown();
    app.tree.selected = "package.json";
    screen.getByTestId("tree").focus();
    for (const end of ["x{Escape}", "{Enter}"]) {
      await press("{F2}");
      await screen.findByTestId("tree-rename");
      await press(end);
      await vi.waitFor(() => expect(screen.queryByTestId("tree-rename")).toBeNull());
      expect(document.activeElement).toBe(screen.getByTestId("tree"));
    }
    await press("{F2}");
    await userEvent.type(await screen.findByTestId("tree-rename"), "x");
    await userEvent.click(screen.getByTestId("composer"));
    await vi.waitFor(() => expect(screen.queryByTestId("tree-rename")).toBeNull());
    expect(document.activeElement).toBe(screen.getByTestId("composer"));
    expect(backend.ops.filter((op) => op.type === "rename_entry")).toEqual([]);
  });

  it("says what is wrong with a name", () => {
    const taken = (name: string): boolean => name === "b.ts";
    expect(nameTrouble("a.ts", "a.ts", () => true)).toBe("");
    expect(nameTrouble("c.ts", "a.ts", taken)).toBe("");
    for (const name of ["", "  ", ".", "..", "a/b", "b.ts", "ä".repeat(128)])
      expect(nameTrouble(name, "a.ts", taken)).not.toBe("");
    expect([stemLength("a.test.ts", false), stemLength(".env", false), stemLength("v1.2", true)]).toEqual([6, 4, 4]);
  });
});

describe("deleting", () => {
  it("asks first, says that it goes to the trash, and selects what comes next", async () => {
    const { app, backend } = await shown();
    app.tree.selected = "logo.png";
    screen.getByTestId("tree").focus();
    await press("{Delete}");
    const question = await screen.findByTestId("tree-question");
    expect(question.textContent).toContain("Delete “logo.png”?");
    expect(question.textContent).toContain("trash");
    expect(document.activeElement).toBe(screen.getByTestId("question-no"));
    await press("{Escape}");
    expect(screen.queryByTestId("tree-question")).toBeNull();
    expect(document.activeElement).toBe(screen.getByTestId("tree"));
    expect(backend.ops).toEqual([]);
    await press("{Delete}");
    const yes = await screen.findByTestId("question-yes");
    await vi.waitFor(() => expect(yes.dataset.armed).toBe("true"), 3000);
    await userEvent.click(yes);
    await vi.waitFor(() => expect(backend.ops).toEqual([{ type: "delete_entry", path: "logo.png" }]));
    await vi.waitFor(() => expect(paths()).not.toContain("logo.png"));
    expect(app.tree.selected).toBe("package.json");
  });

  it("that is refused leaves the row where it is", async () => {
    const files = new DemoFiles();
    const backend = new ReplayBackend({
      batches: [],
      answer: (query) => {
        const path = query.type === "folder" ? query.path : "";
        return { type: "folder", path, entries: files.entriesOf(path), more: 0, omitted: 0 };
      },
    });
    const tree = new Tree(backend);
    await tree.reset();
    tree.selected = "src";
    const entries = new Entries(async () => false, tree, new FilePane(backend));
    expect(await entries.remove("src")).toBe(false);
    expect(await entries.rename("src", "lib")).toBe(false);
    expect(tree.selected).toBe("src");
    expect(tree.rows.map((row) => row.entry.path)).toContain("src");
  });
});
