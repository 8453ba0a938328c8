import { fireEvent, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ReplayBackend } from "../src/backend/replay";
import { forecast } from "../src/features/changes/changewords";
import type { Envelope } from "../src/protocol/Envelope";
import type { FileChanges } from "../src/protocol/FileChanges";
import type { Op } from "../src/protocol/Op";
import type { ThreeWay } from "../src/protocol/ThreeWay";
import { InView, showScreen, violations } from "./screen";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../src/ui/trusted", () => ({ trusted: () => person.made }));

beforeEach(() => {
  vi.stubGlobal("IntersectionObserver", InView);
  vi.spyOn(document, "hasFocus").mockReturnValue(true);
  person.made = true;
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function open(): Promise<Awaited<ReturnType<typeof showScreen>>> {
  const shown = await showScreen("changes");
  await userEvent.click(screen.getByTestId("show-changes"));
  await screen.findAllByTestId("change");
  return shown;
}

const paths = (): (string | undefined)[] => screen.queryAllByTestId("change").map((row) => row.dataset.path);
const acts = (backend: ReplayBackend): Op[] =>
  backend.ops.filter((op) => op.type === "revert" || op.type === "revert_merged");
const flat = (text: string | null | undefined): string => (text ?? "").replace(/\s+/g, " ").trim();

function row(path: string): HTMLElement {
  const found = screen.getAllByTestId("change").find((one) => one.dataset.path === path);
  if (!found) throw new Error(`no row of ${path}`);
  return found;
}

/** Waits until the buttons count, and presses one. */
async function press(button: HTMLElement): Promise<void> {
  await vi.waitFor(() => expect(button.dataset.armed).toBe("true"), { timeout: 4_000 });
  await fireEvent.pointerDown(button, { button: 0 });
  await fireEvent.click(button);
}

describe("the changes", () => {
  it("stand by file, with what happened in a letter and a word, and who did it", async () => {
    await open();
    expect(paths()).toHaveLength(7);
    const gone = flat(row("src/legacy/prices.ts").textContent);
    expect(gone).toMatch(/^D prices\.ts ?src\/legacy deleted/);
    expect(gone).toContain("npm install && node scripts/prune.js · turn 2");
    expect(flat(row("src/cart.ts").textContent)).toContain("edit · turns 1 and 2");
    expect(row("src/cart.ts").textContent).toMatch(/lines added:\s*\+4\s*lines removed:\s*−3/);
    expect(screen.getByTestId("show-changes").textContent).toContain("7");
    expect(flat(screen.getByTestId("undo-disk").textContent)).toBe("Undo takes 12.3 MB of 2 GB");
  });

  it("have no fault that axe knows, folded, unfolded and with the question open", async () => {
    await open();
    await userEvent.click(within(row("src/cart.ts")).getByRole("button", { expanded: false }));
    expect(await violations()).toEqual([]);
    await press(screen.getByTestId("revert-all"));
    expect(await violations()).toEqual([]);
  });

  it("unfold to the guard's hunks; arrows go from file to file", async () => {
    await open();
    const [first, second] = screen
      .getAllByTestId("change")
      .map((one) => within(one).getByRole("button", { expanded: false }));
    first?.focus();
    await userEvent.keyboard("{ArrowDown}");
    expect(document.activeElement).toBe(second);
    await userEvent.click(within(row("src/cart.ts")).getByRole("button", { expanded: false }));
    const diff = within(row("src/cart.ts")).getByTestId("change-diff");
    expect(diff.textContent).toContain("const cents = items.reduce");
    expect(within(diff).getAllByTestId("revert-hunk")).toHaveLength(2);
  });

  it("say what is lost, what is not covered, and what the person changed since", async () => {
    await open();
    expect(within(row("data/catalogue.db")).getByTestId("lost").textContent).toContain("84 MB");
    expect(within(row("data/catalogue.db")).queryByTestId("revert-file")).toBeNull();
    expect(within(row("test/cart.test.ts")).getByTestId("changed-since")).toBeTruthy();
    expect(screen.getByTestId("left-out").textContent).toContain("node_modules: it is ignored");
  });

  it("can be looked at turn by turn", async () => {
    const { backend } = await open();
    const turns = screen.getByTestId<HTMLSelectElement>("changes-turn");
    expect([...turns.options].map((option) => option.text)).toEqual([
      "All 7 files",
      "Turn 1: Totals in the cart are sometimes off by a cent. Find out wh…",
      "Turn 2: Now update the lock file, and write down how prices are rou…",
    ]);
    await userEvent.selectOptions(turns, "1");
    expect(paths()).toEqual(["src/cart.ts", "test/cart.test.ts"]);
    // Parts are parts of the whole change.
    await userEvent.click(within(row("src/cart.ts")).getByRole("button", { expanded: false }));
    expect(screen.queryByTestId("revert-hunk")).toBeNull();
    await press(within(row("src/cart.ts")).getByTestId("revert-file"));
    await screen.findByTestId("outcome");
    expect(acts(backend)).toEqual([
      { type: "revert", session: "demo", scope: "file", path: "src/cart.ts", turn: 1, overwrite: [] },
    ]);
  });

  it("draw thousands of files as fast as few: only those in sight are in the page", async () => {
    const { app, backend } = await showScreen("changes");
    const query = backend.query.bind(backend);
    vi.spyOn(backend, "query").mockImplementation(async (asked) => {
      const answer = await query(asked);
      if (answer.type !== "changes") return answer;
      const [one] = answer.files;
      return {
        ...answer,
        files: Array.from({ length: 3_000 }, (_, at) => ({ ...one, path: `f${at}` }) as FileChanges),
      };
    });
    app.side.show("changes");
    await vi.waitFor(() => expect(app.changes.data?.files).toHaveLength(3_000));
    await tick();
    expect(paths().length).toBeLessThan(200);
    expect(await violations()).toEqual([]);
  });

  it("are counted in the header while the count is known", async () => {
    const { app } = await open();
    const header = (): string => flat(screen.getByTestId("show-changes").textContent);
    app.closeSide();
    await tick();
    expect(header()).toBe("Changes7");
    const session = app.changes.data?.session ?? "";
    app.changes.note([{ type: "files_changed", session } as Envelope]);
    await tick();
    expect(header()).toBe("Changes");
    app.side.show("changes");
    await vi.waitFor(() => expect(header()).toBe("Changes7"));
  });

  it("are only looked at in a session that can only be read", async () => {
    await showScreen("readonly");
    await userEvent.click(screen.getByTestId("show-changes"));
    await screen.findAllByTestId("change");
    expect(screen.queryByTestId("revert-all")).toBeNull();
    expect(screen.queryByTestId("revert-file")).toBeNull();
  });
});

describe("taking back", () => {
  it("counts for nothing before the buttons are armed, by a script, or by a key that repeats", async () => {
    const { backend } = await open();
    const button = within(row("src/cart.ts")).getByTestId("revert-file");
    await fireEvent.pointerDown(button, { button: 0 });
    await fireEvent.click(button);
    expect(acts(backend)).toEqual([]);
    await vi.waitFor(() => expect(button.dataset.armed).toBe("true"), { timeout: 4_000 });
    await fireEvent.keyDown(button, { key: "Enter", repeat: true });
    await fireEvent.click(button);
    person.made = false;
    await fireEvent.pointerDown(button, { button: 0 });
    await fireEvent.click(button);
    expect(acts(backend)).toEqual([]);
  });

  it("takes a file back, says so, and takes that back in turn", async () => {
    const { backend } = await open();
    await press(within(row("src/cart.ts")).getByTestId("revert-file"));
    expect((await screen.findByTestId("outcome")).textContent).toContain("You took back src/cart.ts.");
    await vi.waitFor(() => expect(paths()).not.toContain("src/cart.ts"));
    await press(screen.getByTestId("outcome-undo"));
    await vi.waitFor(() => expect(paths()).toContain("src/cart.ts"));
    expect(screen.getByTestId("outcome").textContent).toContain("You undid a taking back");
    expect(acts(backend)).toEqual([
      { type: "revert", session: "demo", scope: "file", path: "src/cart.ts", overwrite: [] },
      { type: "revert", session: "demo", scope: "call", call: "revert_1", overwrite: [] },
    ]);
  });

  it("hands the focus on to the next file", async () => {
    await open();
    const button = within(row("src/cart.ts")).getByTestId("revert-file");
    button.focus();
    await press(button);
    await vi.waitFor(() => expect(paths()).not.toContain("src/cart.ts"));
    await tick();
    expect(row("src/legacy/prices.ts").contains(document.activeElement)).toBe(true);
    expect(document.activeElement?.matches("[data-row]")).toBe(true);
  });

  it("takes a part back as it was drawn", async () => {
    const { backend } = await open();
    await userEvent.click(within(row("src/cart.ts")).getByRole("button", { expanded: false }));
    const [, second] = screen.getAllByTestId("revert-hunk");
    if (!second) throw new Error("no second part");
    expect(second.getAttribute("aria-label")).toBe("Take back this part, lines 32 to 35 of src/cart.ts");
    await press(second);
    await vi.waitFor(() => expect(screen.getAllByTestId("revert-hunk")).toHaveLength(1));
    const seen = "a".repeat(64);
    expect(acts(backend)).toEqual([
      {
        type: "revert",
        session: "demo",
        scope: "hunks",
        path: "src/cart.ts",
        hunks: [2],
        seen_sha256: seen,
        overwrite: [],
      },
    ]);
  });

  it("asks before all goes, says what will happen, and tells what was left and why", async () => {
    const { backend } = await open();
    await press(screen.getByTestId("revert-all"));
    const question = await screen.findByTestId("revert-question");
    const words = [...question.querySelectorAll("p")].map((one) => one.textContent);
    expect(words).toEqual([
      "Take back everything that this session changed?",
      "4 files go back to how they were at the session's start.",
      "1 file that it made is removed.",
      "1 file that you changed since stays as it is.",
      "1 file cannot be taken back.",
      "You can take this back in turn.",
    ]);
    expect(document.activeElement).toBe(screen.getByTestId("question-no"));
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByTestId("revert-question")).toBeNull();
    expect(acts(backend)).toEqual([]);
    await press(screen.getByTestId("revert-all"));
    await press(screen.getByTestId("question-yes"));
    expect(flat((await screen.findByTestId("outcome")).textContent)).toContain("5 files put back, 2 left as they are");
    expect(flat(screen.getByTestId("outcome-left").textContent)).toContain(
      "test/cart.test.ts stays: you changed it since",
    );
    expect(acts(backend)).toEqual([{ type: "revert", session: "demo", scope: "session", overwrite: [] }]);
    await vi.waitFor(() => expect(paths()).toEqual(["test/cart.test.ts", "data/catalogue.db"]));
  });

  it("asks before a turn goes", async () => {
    const { backend } = await open();
    await userEvent.selectOptions(screen.getByTestId("changes-turn"), "2");
    await press(screen.getByTestId("revert-all"));
    expect(screen.getByTestId("revert-question").textContent).toContain("Take back what turn 2 changed?");
    expect(screen.getByTestId("revert-question").textContent).toContain(
      "5 files go back to how they were before turn 2.",
    );
    await press(screen.getByTestId("question-yes"));
    await screen.findByTestId("outcome");
    expect(acts(backend)).toEqual([{ type: "revert", session: "demo", scope: "turn", turn: 2, overwrite: [] }]);
  });

  it("says in the pane why it was refused", async () => {
    const { backend } = await open();
    vi.spyOn(backend, "submit").mockResolvedValue({
      code: "state",
      message: "A run is under way.",
      hint: "Stop it first.",
    });
    await press(within(row("src/cart.ts")).getByTestId("revert-file"));
    expect((await screen.findByTestId("refusal")).textContent).toBe("A run is under way. Stop it first.");
    expect(screen.queryByTestId("outcome")).toBeNull();
  });
});

describe("what taking back will do", () => {
  const file = (more: Partial<FileChanges> = {}): FileChanges => ({
    path: "a",
    shown: "a",
    change: "modified",
    calls: [],
    turns: [1],
    added: 1,
    removed: 0,
    now_sha256: null,
    changed_since: false,
    ...more,
  });

  it.each<[string, FileChanges[], number, string[]]>([
    [
      "a turn on which a later one built",
      [file(), file({ turns: [1, 3] })],
      1,
      [
        "1 file goes back to how it was before turn 1.",
        "1 file that a later turn changed too stays as it is: take that turn back first.",
        "You can take this back in turn.",
      ],
    ],
    [
      "nothing",
      [file({ changed_since: true }), file({ lost: "too large" })],
      0,
      ["Nothing would be put back.", "1 file that you changed since stays as it is.", "1 file cannot be taken back."],
    ],
    [
      "new files",
      [file({ change: "created" }), file({ change: "created" })],
      0,
      ["2 files that it made are removed.", "You can take this back in turn."],
    ],
  ])("to %s", (_name, files, turn, words) => {
    expect(forecast(files, turn)).toEqual(words);
  });
});

describe("a file that the person changed since", () => {
  async function ask(more: Partial<ThreeWay> = {}): Promise<ReplayBackend> {
    const { backend } = await open();
    const query = backend.query.bind(backend);
    vi.spyOn(backend, "query").mockImplementation(async (asked) => {
      const answer = await query(asked);
      return answer.type === "three_way" ? { ...answer, ...more } : answer;
    });
    await press(within(row("test/cart.test.ts")).getByTestId("revert-file"));
    await screen.findByTestId("diff-theirs");
    return backend;
  }

  it("is asked about: the person's change and what taking back would do are shown", async () => {
    const backend = await ask();
    expect(screen.getByTestId("diff-theirs").textContent).toContain("Ask sales about rebates");
    expect(screen.getByTestId("diff-back").textContent).toContain("adds in cents");
    expect(document.activeElement).toBe(screen.getByTestId("choose-keep"));
    expect(await violations()).toEqual([]);
    await press(screen.getByTestId("three-way-do"));
    await vi.waitFor(() => expect(screen.queryByTestId("three-way")).toBeNull());
    expect(acts(backend)).toEqual([]);
  });

  it("has the focus on the harmless choice before its texts are there, and can be left then", async () => {
    const { app, backend } = await open();
    const query = backend.query.bind(backend);
    vi.spyOn(backend, "query").mockImplementation((asked) =>
      asked.type === "three_way" ? new Promise(() => {}) : query(asked),
    );
    await press(within(row("test/cart.test.ts")).getByTestId("revert-file"));
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("choose-keep")));
    for (const choice of ["choose-merge", "choose-start"]) {
      expect(screen.getByTestId<HTMLInputElement>(choice).disabled).toBe(true);
    }
    await userEvent.keyboard("{Escape}");
    await vi.waitFor(() => expect(app.changes.conflict).toBeNull());
    expect(acts(backend)).toEqual([]);
  });

  it("keeps the person's change where both can be", async () => {
    const backend = await ask();
    await userEvent.click(screen.getByTestId("choose-merge"));
    expect(screen.getByTestId("diff-merged").textContent).not.toContain("Ask sales");
    await press(screen.getByTestId("three-way-do"));
    const seen = { path: "test/cart.test.ts", sha256: "a".repeat(64) };
    await vi.waitFor(() => expect(acts(backend)).toEqual([{ type: "revert_merged", session: "demo", seen }]));
    await vi.waitFor(() => expect(paths()).not.toContain("test/cart.test.ts"));
  });

  it("says why both cannot be kept where there is no text", async () => {
    await showScreen("changes").then(({ app, backend }) => {
      const query = backend.query.bind(backend);
      vi.spyOn(backend, "query").mockImplementation(async (asked) => {
        const answer = await query(asked);
        return answer.type === "three_way"
          ? { ...answer, theirs: null, back: null, merged: null, merged_diff: null }
          : answer;
      });
      app.side.show("changes");
    });
    await screen.findAllByTestId("change");
    await press(within(row("test/cart.test.ts")).getByTestId("revert-file"));
    await vi.waitFor(() => expect(screen.getByTestId("merge-words").textContent).toContain("there is no text"));
  });

  it("says why both cannot be kept where they overlap", async () => {
    await ask({ merged: null, merged_diff: null });
    expect(screen.getByTestId<HTMLInputElement>("choose-merge").disabled).toBe(true);
    expect(screen.getByTestId("merge-words").textContent).toBe("Not possible: you both changed the same lines.");
  });

  it("goes back to the start only as it was seen, and says that the change goes", async () => {
    const backend = await ask({ now_sha256: "c".repeat(64) });
    await userEvent.click(screen.getByTestId("choose-start"));
    expect(screen.getByTestId("three-way").textContent).toContain("Your change goes too.");
    await press(screen.getByTestId("three-way-do"));
    const overwrite = [{ path: "test/cart.test.ts", sha256: "c".repeat(64) }];
    await vi.waitFor(() =>
      expect(acts(backend)).toEqual([
        { type: "revert", session: "demo", scope: "file", path: "test/cart.test.ts", overwrite },
      ]),
    );
  });
});

describe("the chat", () => {
  it("tells on the row what a call changed, and leads to the changes", async () => {
    await showScreen("changes");
    const [link] = screen.getAllByTestId("files-changed");
    if (!link) throw new Error("no link");
    expect(link.textContent).toBe("changed 2 files");
    await userEvent.click(link);
    expect(await screen.findAllByTestId("change")).toHaveLength(7);
    expect(screen.getByTestId("tab-changes").getAttribute("aria-selected")).toBe("true");
  });

  it("tells on the unfolded row what a call changed, and what of it cannot be undone", async () => {
    await showScreen("changes");
    const install = screen.getAllByTestId("tool-row").find((one) => one.textContent.includes("npm install"));
    if (!install) throw new Error("no row");
    const [toggle] = within(install).getAllByRole("button");
    if (toggle) await userEvent.click(toggle);
    expect(within(install).getByTestId("changed-files").textContent.split("\n")).toEqual([
      "package-lock.json (changed)",
      "scripts/release.sh (changed)",
      "src/legacy/prices.ts (changed)",
      "… and 1 more file",
      "data/catalogue.db: cannot be undone, too large",
    ]);
  });

  it("notes what was taken back", async () => {
    await showScreen("changes");
    expect(screen.getByText("You took back src/money.ts.")).toBeTruthy();
  });

  it("opens and closes the changes by a shortcut that takes the focus along", async () => {
    await showScreen("changes");
    const keys = "{Control>}{Shift>}g{/Shift}{/Control}";
    await userEvent.keyboard(keys);
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("tab-changes")));
    await userEvent.keyboard(keys);
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("composer")));
    expect(screen.queryByTestId("side")).toBeNull();
  });

  it("shows a file beside the changes, tab by tab", async () => {
    await open();
    await userEvent.click(screen.getByTestId("tab-changes"));
    await userEvent.keyboard("{ArrowRight}");
    expect(document.activeElement).toBe(screen.getByTestId("tab-file"));
    expect(screen.getByTestId("side").textContent).toContain("Choose a file");
    await userEvent.click(screen.getByTestId("close-side"));
    expect(screen.queryByTestId("side")).toBeNull();
  });
});
