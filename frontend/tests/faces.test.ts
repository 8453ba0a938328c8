import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { demoBackend } from "../src/backend/demo";
import Root from "../src/Root.svelte";
import { App } from "../src/state/app.svelte";
import { chatContext } from "../src/state/chat.svelte";
import { Shell } from "../src/state/shell.svelte";
import { showScreen, violations } from "./screen";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a pane that throws", () => {
  it("shows a plain face in its place, and the rest of the window goes on", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { app, backend } = await showScreen("crash");
    app.side.show("changes");
    const face = await screen.findByTestId("crash-face");
    expect(face.textContent).toContain("Countersign cannot show the changes.");
    expect(within(face).getByTestId("crash-reload")).toBeTruthy();
    expect(await violations()).toEqual([]);
    await userEvent.type(screen.getByTestId("composer"), "Go on{Enter}");
    expect(backend.ops).toContainEqual({ type: "send", session: "demo", text: "Go on" });
    app.side.show("trace");
    expect(await screen.findByTestId("trace")).toBeTruthy();
    expect(screen.queryByTestId("crash-face")).toBeNull();
  });

  it("is drawn again where that is asked for, once it can be", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { app } = await showScreen("crash");
    app.side.show("changes");
    await screen.findByTestId("crash-face");
    const { data } = app.changes;
    if (!data) throw new Error("nothing was answered");
    app.changes.data = { ...data, files: [] };
    await userEvent.click(screen.getByTestId("crash-again"));
    await vi.waitFor(() => expect(screen.queryByTestId("crash-face")).toBeNull());
    expect(screen.getByTestId("changes")).toBeTruthy();
  });
});

describe("the window", () => {
  async function shown(): Promise<App> {
    const app = new App(demoBackend(new URLSearchParams({ screen: "empty" })));
    render(Root, { props: { app, shell: new Shell() }, context: chatContext(app.chat) });
    await app.start();
    await screen.findByTestId("composer");
    return app;
  }

  it("tells of what throws outside of any pane, and offers to load itself anew", async () => {
    await shown();
    window.dispatchEvent(new ErrorEvent("error", { message: "x", error: new Error("no such row") }));
    const notice = await screen.findByTestId("notice");
    expect(notice.textContent).toContain("Something in this window went wrong.");
    expect(notice.textContent).toContain("no such row");
    expect(within(notice).getByTestId("notice-reload")).toBeTruthy();
  });

  it("makes nothing of a size that is settled in the next frame", async () => {
    const app = await shown();
    const message = "ResizeObserver loop completed with undelivered notifications.";
    window.dispatchEvent(new ErrorEvent("error", { message }));
    expect(app.notices.list).toEqual([]);
  });

  it("says that the program has ended once nothing more can come", async () => {
    const { backend } = await showScreen("empty");
    expect(screen.queryByTestId("banner")).toBeNull();
    backend.end();
    expect((await screen.findByTestId("banner")).textContent).toContain("stopped answering");
  });

  it("says what went wrong at the program's start", async () => {
    const backend = demoBackend(new URLSearchParams({ screen: "welcome" }));
    const trouble = { code: "not_found", message: "There is no /gone.", hint: "Choose another folder." } as const;
    const subscribe = backend.subscribe.bind(backend);
    vi.spyOn(backend, "subscribe").mockImplementation(async (...all) => {
      await subscribe(...all);
      return trouble as never;
    });
    const app = new App(backend);
    await app.start();
    expect(app.notices.list).toMatchObject([{ message: "There is no /gone." }]);
  });
});

describe("bad cases have a face", () => {
  const file = async (path: string): Promise<string> => {
    const { app } = await showScreen("empty");
    await app.openFile(path);
    return (await screen.findByTestId("file-view")).textContent ?? "";
  };
  it("a binary file", async () => expect(await file("logo.png")).toContain("This file is binary"));
  it("a huge file", async () => expect(await file("build.log")).toContain("Too large to show"));
  it("a large file", async () => expect(await file("dump.sql")).toContain("Only the beginning is shown"));
  it("an empty file", async () => expect(await file("LICENSE")).toContain("This file is empty"));
  it("an empty folder", async () => {
    await showScreen("bare");
    expect(await screen.findByText("This folder is empty.")).toBeTruthy();
  });
  it("no key", async () => {
    await showScreen("nokey");
    expect(screen.getByText("No model is connected.")).toBeTruthy();
    expect(screen.getByText("Connect a model")).toBeTruthy();
  });
  it.each([
    ["offline", /cannot be reached/],
    ["full", /The disk is full/],
    ["locked", /The data folder is read-only/],
  ])("%s", async (name, words) => {
    await showScreen(name);
    expect(await screen.findByText(words)).toBeTruthy();
  });
  it("no sessions, and none with the words", async () => {
    const { app } = await showScreen("nosessions");
    await app.sessions.show();
    expect((await screen.findByTestId("sessions-none")).textContent).toContain("No sessions yet.");
    app.sessions.search("zebra");
    await vi.waitFor(() => expect(screen.getByTestId("sessions-none").textContent).toContain("Nothing was said"));
  });
});

describe("a narrow window", () => {
  it("folds the files away while the side pane is open, and brings them back", async () => {
    vi.spyOn(Shell.prototype, "narrow", "get").mockReturnValue(true);
    const { app } = await showScreen("empty");
    expect(screen.getByTestId("tree")).toBeTruthy();
    app.side.show("changes");
    await vi.waitFor(() => expect(screen.queryByTestId("tree")).toBeNull());
    await userEvent.click(screen.getByTestId("side-files"));
    await vi.waitFor(() => expect(document.activeElement).toBe(screen.getByTestId("tree")));
    expect(app.side.open).toBe(false);
    // That they were folded away is no wish to have them hidden.
    expect(localStorage.getItem("countersign:tree")).not.toBe("no");
  });

  it("does not, where there is room", async () => {
    const { app } = await showScreen("empty");
    app.side.show("changes");
    await screen.findByTestId("changes");
    expect(screen.getByTestId("tree")).toBeTruthy();
    expect(screen.queryByTestId("side-files")).toBeNull();
  });
});
