import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { showScreen, violations } from "./screen";

describe("screens", () => {
  it("a decision that is not taken is said on its card, or as a notice where the card is gone", async () => {
    const { app, backend } = await showScreen("exec");
    vi.spyOn(backend, "submit").mockResolvedValue({ code: "state", message: "Too quick.", hint: "" });
    const [card] = app.approvals.cards;
    if (!card) throw new Error("no card");
    const decision = { approval: card.approval, revision: card.revision, decision: "approve" } as const;
    await expect(app.decide(decision)).rejects.toMatchObject({ message: "Too quick." });
    expect(app.notices.list).toHaveLength(0);
    await app.decide({ ...decision, approval: "gone" });
    expect(app.notices.list).toHaveLength(1);
  });

  it.each([
    "welcome",
    "chat",
    "exec",
    "again",
    "edit",
    "edits",
    "script",
    "path",
    "trouble",
    "empty",
    "changes",
    "paused",
    "readonly",
  ])("%s has no fault that axe knows", async (name) => {
    await showScreen(name);
    expect(await violations()).toEqual([]);
  });

  it("welcome opens, forgets and starts the tour", async () => {
    const { backend } = await showScreen("welcome");
    const [forget] = await screen.findAllByTestId("forget-recent");
    if (!forget) throw new Error("no recent folder");
    await userEvent.click(forget);
    await userEvent.click(screen.getByTestId("open-folder"));
    expect(backend.ops).toEqual([{ type: "forget_recent", path: "/home/me/dev/shop-api" }, { type: "open_workspace" }]);
    expect((await screen.findAllByTestId("notice"))[0]?.textContent).toContain("This is a recording.");
    expect(await screen.findByTestId("composer")).toBeTruthy();
  });

  it("a folder that is no longer there cannot be opened", async () => {
    await showScreen("welcome");
    const rows = await screen.findAllByTestId<HTMLButtonElement>("recent");
    expect(rows.map((row) => row.disabled)).toEqual([false, true]);
  });

  it("connects a model and lets the key go", async () => {
    const { backend } = await showScreen("welcome");
    await userEvent.click(screen.getByTestId("connect-model"));
    const dialog = within(await screen.findByTestId("connect-dialog"));
    await userEvent.type(dialog.getByTestId("connect-key"), "sk-test");
    await userEvent.type(dialog.getByTestId("connect-model-name"), "some-model");
    await userEvent.click(dialog.getByTestId("connect-save"));
    expect(backend.ops).toEqual([
      { type: "connect_model", provider: "anthropic", model: "some-model", api_key: "sk-test", keep_key: false },
    ]);
    await vi.waitFor(() => expect(screen.queryByTestId("connect-dialog")).toBeNull());
    await userEvent.click(screen.getByTestId("connect-model"));
    expect((await screen.findByTestId<HTMLInputElement>("connect-key")).value).toBe("");
  });

  it("keeps a key in the keychain only where it is told to, and not one that was not typed", async () => {
    const { backend } = await showScreen("welcome");
    await userEvent.click(screen.getByTestId("connect-model"));
    const dialog = within(await screen.findByTestId("connect-dialog"));
    const keep = dialog.getByTestId<HTMLInputElement>("connect-keep");
    expect(keep.disabled).toBe(true);
    await userEvent.type(dialog.getByTestId("connect-key"), "sk-test");
    expect(keep.checked).toBe(false);
    await userEvent.click(keep);
    await userEvent.click(dialog.getByTestId("connect-save"));
    expect(backend.ops).toEqual([{ type: "connect_model", provider: "anthropic", api_key: "sk-test", keep_key: true }]);
    await vi.waitFor(() => expect(screen.getByTestId("welcome").textContent).toContain("key from the keychain"));
    await userEvent.click(screen.getByTestId("connect-model"));
    expect((await screen.findByTestId<HTMLInputElement>("connect-keep")).checked).toBe(false);
  });

  it("says where something is dropped while it is dragged over the window, and takes no pointer", async () => {
    const { app } = await showScreen("exec");
    app.take([{ type: "dragging", over: true }]);
    expect((await screen.findByTestId("drop-overlay")).textContent).toContain("Drop a folder to open it");
    app.take([{ type: "dragging", over: false }]);
    await vi.waitFor(() => expect(screen.queryByTestId("drop-overlay")).toBeNull());
  });

  it("names the branch in the status bar, and none where there is no git", async () => {
    const { app } = await showScreen("exec");
    expect(screen.getByTestId("status-branch").textContent).toBe("main");
    const state = app.state;
    if (!state?.workspace) throw new Error("no workspace");
    app.take([{ type: "app", state: { ...state, workspace: { ...state.workspace, branch: null } } }]);
    await vi.waitFor(() => expect(screen.queryByTestId("status-branch")).toBeNull());
  });

  it("connects a local server without a key, and can send to it", async () => {
    const { backend } = await showScreen("welcome");
    await userEvent.click(screen.getByTestId("connect-model"));
    const dialog = within(await screen.findByTestId("connect-dialog"));
    await userEvent.click(dialog.getByTestId("connect-openai"));
    expect(dialog.getByText(/a local server needs none/)).toBeTruthy();
    await userEvent.type(dialog.getByTestId("connect-base-url"), "http://localhost:11434");
    await userEvent.click(dialog.getByTestId("connect-save"));
    expect(backend.ops).toEqual([
      { type: "connect_model", provider: "openai", base_url: "http://localhost:11434", keep_key: false },
    ]);
    await vi.waitFor(() => expect(screen.getByTestId("welcome").textContent).toContain("no key needed"));
    expect(screen.getByTestId("welcome").textContent).toContain("the server's first model");
    await userEvent.click(screen.getByTestId("open-folder"));
    await screen.findByTestId("composer");
    expect(screen.queryByText("No model is connected.")).toBeNull();
    expect(screen.getByTestId("model").textContent).toContain("the server's first model");
  });

  it("a run shows its steps, its rows and how to stop it", async () => {
    const { backend } = await showScreen("exec");
    expect(screen.getByTestId("steps").textContent).toBe("4 of 30 steps");
    expect(screen.getByTestId("tokens").textContent.trim()).toBe("18.2k tokens");
    const states = screen.getAllByTestId("tool-row").map((row) => `${row.dataset.tool} ${row.dataset.state}`);
    expect(states).toEqual(["grep done", "read done", "exec failed", "read failed", "exec waiting"]);
    expect(screen.getByTestId("status-guard").textContent).toContain(
      "asks for commands and edits; commands are confined",
    );
    expect(document.title).toBe("(1) shop-api · Countersign");
    await userEvent.click(screen.getByTestId("stop"));
    expect(backend.ops).toEqual([{ type: "interrupt", session: "demo" }]);
    expect(await screen.findByText(/Stopped by you/)).toBeTruthy();
    expect(screen.queryByTestId("stop")).toBeNull();
  });

  it("a command's card has switches where the system confines commands, and none where it cannot", async () => {
    const { app } = await showScreen("exec");
    const names = (): string[] => screen.queryAllByRole("switch").map((one) => one.dataset.testid ?? "");
    expect(names()).toEqual(["switch-confine", "switch-network"]);
    if (!app.state) throw new Error("no state");
    app.take([{ type: "app", state: { ...app.state, confinement: { active: false, text: "NOT CONFINED" } } }]);
    await vi.waitFor(() => expect(names()).toEqual([]));
  });

  it("edits accepted in the workspace stand in the status bar, and end there", async () => {
    const { app } = await showScreen("edit");
    const [card] = app.approvals.cards;
    if (!card) throw new Error("no card");
    const { approval, revision } = card;
    await app.decide({ approval, revision, decision: "approve_session", scope: "workspace" });
    expect((await screen.findByTestId("status-edits")).textContent).toContain("Accepting edits in this workspace");
    await userEvent.click(screen.getByTestId("end-edits"));
    await vi.waitFor(() => expect(screen.queryByTestId("status-edits")).toBeNull());
  });

  it("a row unfolds to what was asked and what came of it", async () => {
    await showScreen("chat");
    const row = screen.getAllByTestId("tool-row")[2];
    if (!row) throw new Error("no row");
    await userEvent.click(within(row).getByRole("button"));
    expect(row.textContent).toContain("command: npm test");
    expect(row.textContent).toContain("timeout: 60");
  });

  it("a row tells how much of a long argument it was not told", async () => {
    const { app } = await showScreen("chat");
    const call = { type: "tool_call", call: "long", tool: "write", args: { path: "a.md", content: "Begin" } } as const;
    app.take([{ type: "envelopes", envelopes: [{ seq: 999, session: "demo", time: "", cut: 3_000_000, ...call }] }]);
    const row = await vi.waitFor(() => {
      const found = screen.getAllByTestId("tool-row").at(-1);
      if (!found?.textContent.includes("a.md")) throw new Error("no row");
      return found;
    });
    await userEvent.click(within(row).getByRole("button"));
    expect(row.textContent).toContain("content: Begin");
    expect(within(row).getByTestId("args-cut").textContent).toMatch(/^3,000,000 more characters: /);
  });

  it("words sent while it works wait until they are handed over", async () => {
    const { app, backend } = await showScreen("chat");
    backend.submit = async (op) => {
      backend.ops.push(op);
      return null;
    };
    await userEvent.type(screen.getByTestId("composer"), "Use cents{Enter}");
    expect((await screen.findByTestId("queued")).textContent).toContain("Use cents");
    app.take([
      {
        type: "envelopes",
        envelopes: [{ seq: 999, session: "demo", time: "", type: "user_message", text: "Use cents" }],
      },
    ]);
    await vi.waitFor(() => expect(screen.queryByTestId("queued")).toBeNull());
    expect(screen.getAllByTestId("message").at(-1)?.textContent).toContain("Use cents");
  });

  it("says that the engine is lost, and lets nothing be sent", async () => {
    const { backend } = await showScreen("empty");
    backend.submit = async () => {
      throw new Error("gone");
    };
    await userEvent.type(screen.getByTestId("composer"), "Hello{Enter}");
    expect((await screen.findByTestId("banner")).textContent).toContain("stopped answering");
    expect(screen.getByTestId<HTMLTextAreaElement>("composer").disabled).toBe(true);
    expect(screen.getByTestId<HTMLTextAreaElement>("composer").value).toBe("Hello");
  });

  it("says what is wrong with the workspace", async () => {
    await showScreen("trouble");
    expect(screen.getByTestId("banner").textContent).toContain("is no longer there");
    expect(screen.getByText(/The provider refused the key/)).toBeTruthy();
  });
});
