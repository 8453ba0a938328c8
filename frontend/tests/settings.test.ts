import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fieldOf, riskOf, shownValue, writtenValue } from "../src/features/settings/settingwords";
import type { Op } from "../src/protocol/Op";
import type { Setting } from "../src/protocol/Setting";
import { showScreen, violations } from "./screen";

const setting = (key: string, value: string, choices: string[] = []): Setting => ({
  key,
  about: "",
  value,
  source: "file",
  choices,
});

async function open(): Promise<{ sets: () => Op[] }> {
  const { backend } = await showScreen("empty");
  await userEvent.keyboard("{Control>},{/Control}");
  await screen.findAllByTestId("setting");
  return { sets: () => backend.ops.filter((op) => op.type === "set_setting") };
}

function row(key: string): ReturnType<typeof within> {
  const found = screen.getAllByTestId("setting").find((one) => one.dataset.key === key);
  if (!found) throw new Error(`no setting ${key}`);
  return within(found);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the settings", () => {
  it("are listed with what they are for and where they come from, without a fault that axe knows", async () => {
    await open();
    expect(screen.getAllByTestId("setting")).toHaveLength(12);
    expect(row("max_steps").getByTestId("setting-source").textContent).toBe("from the file");
    expect(row("network").getByTestId("setting-source").textContent).toBe("default");
    expect(screen.getByTestId("settings-file").textContent).toContain("config.toml");
    expect(screen.getByTestId("settings-dialog").textContent).toContain("from the next session on");
    expect(await violations(screen.getByTestId("settings-dialog"))).toEqual([]);
  });

  it("say plainly what a risky choice means before it is set", async () => {
    const { sets } = await open();
    await userEvent.selectOptions(row("exec_security").getByTestId("setting-field"), "never ask");
    expect(row("exec_security").getByTestId("setting-risk").textContent).toContain("without a card");
    expect(sets()).toEqual([]);
    await userEvent.click(row("exec_security").getByTestId("setting-save"));
    expect(sets()).toEqual([{ type: "set_setting", key: "exec_security", value: '"allow-always"' }]);
    await vi.waitFor(() =>
      expect(row("exec_security").getByTestId("setting-source").textContent).toBe("from the file"),
    );
    expect(row("exec_security").getByTestId("setting-risk")).toBeTruthy();
  });

  it("show what speaks against a value at its field, and keep what was typed", async () => {
    await open();
    const field = row("max_steps").getByTestId("setting-field") as HTMLInputElement;
    await userEvent.clear(field);
    await userEvent.type(field, "many{Enter}");
    expect((await row("max_steps").findByTestId("setting-error")).textContent).toContain("invalid type");
    expect(field.value).toBe("many");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    await userEvent.type(field, "{Escape}");
    expect(field.value).toBe("30");
    expect(row("max_steps").queryByTestId("setting-error")).toBeNull();
    expect(screen.getByTestId("settings-dialog")).toBeTruthy();
  });

  it("go back to the default", async () => {
    const { sets } = await open();
    await userEvent.click(row("max_steps").getByTestId("setting-default"));
    expect(sets()).toEqual([{ type: "set_setting", key: "max_steps" }]);
    await vi.waitFor(() => expect(row("max_steps").getByTestId("setting-source").textContent).toBe("default"));
    expect(screen.getByTestId("settings-said").textContent).toContain("back to default, from the next session on");
  });

  it("write texts and lists as TOML", () => {
    expect(fieldOf(setting("allow", '["npm test", "ls"]'))).toBe("list");
    expect(shownValue("list", '["npm test", "ls"]')).toBe("npm test\nls");
    expect(writtenValue("list", 'npm test\n\n echo "a\\b" ')).toBe('["npm test", "echo \\"a\\\\b\\""]');
    expect(writtenValue("text", ' a"b ')).toBe('"a\\"b"');
    expect(writtenValue("text", " ")).toBeUndefined();
    // What a field could not keep is edited as it stands.
    expect(fieldOf(setting("allow", '[ """a\nb""" ]'))).toBe("raw");
    expect(fieldOf(setting("model", '"x"'))).toBe("text");
    expect(shownValue("text", "'x'")).toBe("x");
  });

  it("know which values take protection away", () => {
    for (const [key, value] of [
      ["exec_security", '"allow-always"'],
      ["file_approval", '"none"'],
      ["confine", '"off"'],
      ["confine", "'off'"],
      ["pass_through", '["TOKEN"]'],
    ] as const)
      expect(riskOf(key, value)).not.toBe("");
    for (const [key, value] of [
      ["exec_security", '"allowlist"'],
      ["file_approval", '"always"'],
      ["confine", '"on"'],
      ["pass_through", "[]"],
    ] as const)
      expect(riskOf(key, value)).toBe("");
  });
});
