import { describe, expect, it } from "vitest";
import { ACTIONS, type Action, actionOf, FIXED, keyWords, type Press, signOf } from "../src/state/actions";
import { fuzzy } from "../src/state/fuzzy";

const ALL: readonly Action[] = ACTIONS;

const press = (key: string, held = ""): Press => ({
  key,
  ctrlKey: held.includes("c"),
  metaKey: held.includes("m"),
  shiftKey: held.includes("s"),
  altKey: held.includes("a"),
});

describe("the table of actions", () => {
  it("gives no two the same name, id or shortcut", () => {
    const signs = ALL.flatMap((action) => action.keys.map(signOf));
    expect(new Set(signs).size).toBe(signs.length);
    expect(new Set(ALL.map((action) => action.id)).size).toBe(ALL.length);
    expect(new Set(ALL.map((action) => action.name)).size).toBe(ALL.length);
  });

  it("takes no key that decides a card or sends a message", () => {
    const taken = new Set(FIXED.flatMap((one) => one.keys.map(signOf)));
    for (const action of ALL) for (const keys of action.keys) expect(taken.has(signOf(keys))).toBe(false);
    for (const key of ["Enter", "Backspace", "Delete", " ", "Escape", "Tab", "y", "a"]) {
      for (const held of ["", "c", "m", "s"]) expect(actionOf(press(key, held))).toBeNull();
    }
    for (const held of ["cs", "ms", "ca"]) expect(actionOf(press("Enter", held))).toBeNull();
  });

  it("names no action that decides", () => {
    for (const action of ALL) expect(`${action.id} ${action.name}`).not.toMatch(/approve|accept|deny|decide|allow/i);
  });

  it("takes a shortcut with Ctrl or Cmd, whatever a sign needs to be typed", () => {
    expect(actionOf(press("k", "c"))?.id).toBe("palette");
    expect(actionOf(press("k", "m"))?.id).toBe("palette");
    expect(actionOf(press("K", "cs"))).toBeNull();
    expect(actionOf(press("k", "ca"))).toBeNull();
    expect(actionOf(press("k"))).toBeNull();
    expect(actionOf(press("O", "cs"))?.id).toBe("sessions");
    expect(actionOf(press("o", "c"))?.id).toBe("open-folder");
    expect(actionOf(press("/", "cs"))?.id).toBe("shortcuts");
    expect(actionOf(press("?", "s"))?.id).toBe("shortcuts");
    expect(actionOf(press("+", "cs"))?.id).toBe("larger");
    expect(actionOf(press("=", "c"))?.id).toBe("larger");
  });

  it("is written as the system writes keys", () => {
    const keys = { key: "o", mod: true, shift: true };
    expect(keyWords(keys, false)).toBe("Ctrl+Shift+O");
    expect(keyWords(keys, true)).toBe("⇧⌘O");
    expect(keyWords({ key: "?", mod: false, shift: false }, false)).toBe("?");
  });
});

describe("looking for letters", () => {
  const order = (typed: string, texts: string[]): string[] =>
    texts
      .flatMap((text) => {
        const fit = fuzzy(typed, text);
        return fit ? [{ text, score: fit.score }] : [];
      })
      .sort((one, other) => other.score - one.score)
      .map((one) => one.text);

  it("finds them in order, best at the start of words and side by side", () => {
    expect(order("ns", ["Sessions", "New session"])).toEqual(["New session", "Sessions"]);
    expect(order("tr", ["Stop the run", "Trace"])).toEqual(["Trace", "Stop the run"]);
    expect(fuzzy("xyz", "Trace")).toBeNull();
    expect(fuzzy("ecart", "Trace")).toBeNull();
  });

  it("tells where they stand, and takes blanks for nothing", () => {
    expect(fuzzy("n s", "New session")?.at).toEqual([0, 4]);
    expect(fuzzy("  ", "Trace")).toEqual({ score: 0, at: [] });
  });
});
