import { fireEvent, screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, it, vi } from "vitest";
import type { PatternMatches } from "../../protocol/PatternMatches";
import { layer, layerTests, show } from "./layertesting";
import { armed, exec, faults, openMenu, press, settle } from "./testing";

const person = vi.hoisted(() => ({ made: true }));
vi.mock("../../ui/trusted", () => ({ trusted: () => person.made }));
layerTests(person);

const says = (testid: string): string => screen.getByTestId(testid).textContent.replace(/\s+/g, " ").trim();
const write = (value: string): Promise<boolean> =>
  fireEvent.input(screen.getByTestId("approve-pattern"), { target: { value } });

describe("a rule in the making", () => {
  it("shows what of the session it would have covered, and what not", async () => {
    layer.desk.covers = async (pattern) => ({
      refused: null,
      covered: pattern === "npm test *" ? ["npm test", "npm test -- -u"] : [],
      others: ["rm -r dist"],
    });
    show(exec());
    await settle();
    await openMenu();
    expect(says("pattern-covered")).toBe("would have run without asking: npm testnpm test -- -u");
    expect(says("pattern-others")).toBe("not covered: rm -r dist");
    await write("npm run *");
    await settle();
    expect(says("pattern-covered")).toBe("would have run without asking: none of this session");
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
  });

  it("is asked about once the person stops to write, and only the last answer counts", async () => {
    const answers: ((found: PatternMatches) => void)[] = [];
    layer.desk.covers = () => new Promise((resolve) => answers.push(resolve));
    show(exec());
    await settle();
    await openMenu();
    for (const text of ["n", "np", "npm *"]) {
      await write(text);
      await vi.advanceTimersByTimeAsync(50);
    }
    await vi.advanceTimersByTimeAsync(300);
    expect(layer.desk.asked).toEqual(["npm test *", "npm *"]);
    answers[1]?.({ refused: null, covered: ["new"], others: [] });
    answers[0]?.({ refused: null, covered: ["old"], others: [] });
    await tick();
    await tick();
    expect(says("pattern-covered")).toContain("new");
  });

  it("cannot be stored before it was shown what it covers", async () => {
    layer.desk.covers = () => new Promise(() => {});
    show(exec());
    await settle();
    await openMenu();
    for (const button of ["approve-session", "approve-always"]) await press(button);
    expect(layer.decided).toEqual([]);
    expect(says("pattern-preview")).toBe("Looking through this session…");
  });

  it("that cannot be one says why, and is not offered", async () => {
    layer.desk.covers = async () => ({ refused: "A pattern begins with a program's name.", covered: [], others: [] });
    show(exec());
    await settle();
    await openMenu();
    expect(says("pattern-refused")).toBe("It cannot be a rule. A pattern begins with a program's name.");
    for (const button of ["approve-session", "approve-always"]) await press(button);
    expect(layer.decided).toEqual([]);
  });

  it("can be stored where what it covers cannot be looked up, which is said", async () => {
    layer.desk.covers = () => Promise.reject({ code: "state", message: "No.", hint: "" });
    show(exec());
    await settle();
    await openMenu();
    expect(says("pattern-preview")).toContain("could not be looked up");
    await press("approve-session");
    expect(layer.decided).toHaveLength(1);
  });

  it("arms anew with each letter, and with the answer", async () => {
    show(exec());
    await settle();
    await openMenu();
    expect(armed()).toBe("true");
    await write("npm run *");
    expect(armed()).toBe("false");
    await vi.advanceTimersByTimeAsync(250);
    await press("approve-always");
    expect(layer.decided).toEqual([]);
    await settle();
    await press("approve-always");
    expect(layer.decided).toHaveLength(1);
  });

  it("takes a suggestion", async () => {
    show(exec({ suggested_patterns: ["npm test", "npm *"] }));
    await settle();
    await openMenu();
    await fireEvent.click(screen.getByRole("button", { name: "npm *" }));
    expect(screen.getByTestId<HTMLInputElement>("approve-pattern").value).toBe("npm *");
    expect(armed()).toBe("false");
  });
});

describe("a long command", () => {
  it("says how many lines were not seen, and is no rule for always before all of it was", async () => {
    vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockReturnValue(1050);
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(420);
    const command = Array.from({ length: 50 }, (_, at) => `echo ${at}`).join("\n");
    show(exec({ command, display: { shown: command, warnings: [] } }));
    await settle();
    expect(says("command-more")).toBe("30 more lines ↓");
    expect(screen.getByTestId("card-command").textContent).toBe(command);
    await openMenu();
    expect(says("approve-unread")).toContain("Scroll through all of the command");
    await press("approve-always");
    expect(layer.decided).toEqual([]);
    const box = screen.getByTestId("card-command");
    for (const top of [400, 630]) {
      box.scrollTop = top;
      await fireEvent.scroll(box);
    }
    expect(screen.queryByTestId("command-more")).toBeNull();
    expect(screen.queryByTestId("approve-unread")).toBeNull();
    await settle();
    await press("approve-always");
    expect(layer.decided).toHaveLength(1);
  });
});

describe("a command's card", () => {
  it("tells each part's verdict in a word, what it would write, its files, and what the agent says", async () => {
    layer.desk.reason = "To see \u202ethem pass.";
    show(
      exec({
        command: "npm test && cat a",
        display: { shown: "npm test && cat a", warnings: [] },
        parts: [
          { text: "npm test", verdict: "allow", note: "covered by npm test" },
          { text: "cat a", verdict: "ask", note: "It has the redirection > b.log, which is a file." },
        ],
        files: [
          { path: "hello.js", known_by: "0".repeat(64) },
          { path: "b.js", known_by: "1".repeat(64) },
        ],
      }),
    );
    await settle();
    expect(says("card-parts")).toMatch(/^allowed npm test covered by npm testasks cat a writes to the file b\.log$/);
    expect(screen.getByTestId("card-command").querySelector("mark")?.textContent).toBe("cat a");
    expect(says("card-files")).toContain(
      "Your yes also holds for the content of hello.js, b.js: if one of them changes",
    );
    expect(says("card-said")).toBe("The agent says To see ‹U+202E›them pass.");
    vi.useRealTimers();
    expect(await faults()).toEqual([]);
  });
});
