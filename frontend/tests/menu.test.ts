import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ACTIONS, type Action, shortcut } from "../src/state/actions";
import { ARM_MS } from "../src/ui/arming.svelte";
import { InView, showScreen, violations } from "./screen";

vi.mock("../src/ui/trusted", () => ({ trusted: () => true }));

const press = (keys: string): Promise<unknown> => userEvent.keyboard(keys);

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", InView);
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("the window's menu", () => {
  it("opens by F10 from wherever one is, is gone through by keys, and hands the focus back", async () => {
    await showScreen("empty");
    const box = screen.getByTestId("composer");
    box.focus();
    await press("{F10}");
    const menu = await screen.findByTestId("menu-content");
    expect(
      within(menu)
        .getAllByRole("menuitem")
        .map((one) => one.textContent?.trim()),
    ).toEqual(["File", "Edit", "View", "Help"]);
    await vi.waitFor(() => expect(menu.contains(document.activeElement)).toBe(true));
    expect(await violations(menu)).toEqual([]);
    await press("{Escape}");
    await vi.waitFor(() => expect(screen.queryByTestId("menu-content")).toBeNull());
    await vi.waitFor(() => expect(document.activeElement).toBe(box));
    await press("{F10}");
    await screen.findByTestId("menu-content");
    await press("{F10}");
    await vi.waitFor(() => expect(screen.queryByTestId("menu-content")).toBeNull());
  });

  it("holds every action once, with its shortcut, and does what is chosen", async () => {
    const { app } = await showScreen("empty");
    const found: string[] = [];
    for (const name of ["File", "Edit", "Help", "View"]) {
      await userEvent.click(screen.getByTestId("menu"));
      (await screen.findByTestId(`menu-${name}`)).focus();
      await press("{ArrowRight}");
      const list = await screen.findByTestId(`menu-list-${name}`);
      for (const line of within(list).getAllByRole("menuitem")) {
        const id = line.dataset.testid?.replace("menu-do-", "") ?? "";
        found.push(id);
        const action = ACTIONS.find((one) => one.id === id);
        if (!action) throw new Error(`no action ${id}`);
        expect(line.textContent).toBe(action.name + shortcut(action.id, false));
      }
      if (name === "View") {
        expect(await violations(list)).toEqual([]);
        break;
      }
      await press("{F10}");
      await vi.waitFor(() => expect(screen.queryByTestId("menu-content")).toBeNull());
    }
    expect(found.sort()).toEqual(ACTIONS.flatMap((one: Action) => (one.menu === null ? [] : [one.id])).sort());
    await userEvent.click(screen.getByTestId("menu-do-trace"));
    await vi.waitFor(() => expect(app.side.tab).toBe("trace"));
    await vi.waitFor(() => expect(screen.queryByTestId("menu-content")).toBeNull());
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("tab-trace")));
  });

  it("is on the welcome screen too, where what needs a folder cannot be chosen", async () => {
    const { backend } = await showScreen("welcome");
    await press("{F10}");
    await screen.findByTestId("menu-content");
    screen.getByTestId("menu-File").focus();
    await press("{ArrowRight}");
    const line = await screen.findByTestId("menu-do-close");
    expect(line.getAttribute("aria-disabled")).toBe("true");
    await userEvent.click(screen.getByTestId("menu-do-open-folder"));
    await vi.waitFor(() => expect(backend.ops).toEqual([{ type: "open_workspace" }]));
  });

  it("decides no card while it is open, nor sets it aside", async () => {
    const { app, backend } = await showScreen("exec");
    await new Promise((resolve) => setTimeout(resolve, ARM_MS + 300));
    await press("{F10}");
    await vi.waitFor(() => expect(screen.getByTestId("menu-content").contains(document.activeElement)).toBe(true));
    await press("{Control>}{Enter}{/Control}{Control>}{Backspace}{/Control}{Escape}");
    expect(backend.ops.some((op) => op.type === "decide")).toBe(false);
    expect(app.approvals.setAside.size).toBe(0);
    expect(screen.getByTestId("card")).toBeTruthy();
  });
});

describe("the sheet of shortcuts", () => {
  it("lists the keys of the tree, the file, the message box and find", async () => {
    await showScreen("empty");
    await press("{Control>}/{/Control}");
    const text = (await screen.findByTestId("shortcuts-dialog")).textContent ?? "";
    for (const keys of ["Ctrl+F", "Alt+⏎", "F2", "Del", "Shift+F10", "F7", "Shift+F7", "F10", "Ctrl+⏎"])
      expect(text).toContain(keys);
  });
});
