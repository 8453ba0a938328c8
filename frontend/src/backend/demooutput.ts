import type { Recorder } from "./demoevents";

const ESC = "\u001b[";

/** A build that runs: colours, a line that writes over itself, and what a terminal would do that is not done here. */
export function runningBuild(to: Recorder): void {
  to.add({ type: "step_started", step: 2 });
  to.add({ type: "tool_call", call: "build", tool: "exec", args: { command: "npm run build && npm test" } });
  to.add({ type: "approval_decided", approval: "o1", call: "build", decision: "approve", by: "user" });
  to.add({ type: "tool_started", call: "build" });
  const print = (text: string): void => {
    to.add({ type: "tool_output", call: "build", stream: "stdout", text });
  };
  print(`${ESC}1mvite v8${ESC}0m ${ESC}36mbuilding for production...${ESC}0m\n`);
  for (let done = 0; done <= 100; done += 4) print(`\r${ESC}2Ktransforming (${done} %) ${"█".repeat(done / 5)}`);
  print("\n");
  for (let n = 0; n < 400; n += 1) {
    const size = ((n * 37) % 900) / 10;
    print(`${ESC}90mdist/assets/${ESC}0m${ESC}32mchunk-${n}.js${ESC}0m  ${ESC}1m${size.toFixed(1)} kB${ESC}0m\n`);
  }
  const colours = Array.from({ length: 16 }, (_, n) => `${ESC}38;5;${n}m${n}${ESC}0m`);
  print(`sixteen  ${colours.join(" ")}\n`);
  const marks = Array.from({ length: 16 }, (_, n) => `${ESC}48;5;${n}m ${n} ${ESC}0m`);
  print(`behind   ${marks.join("")}\n`);
  const cube = Array.from({ length: 24 }, (_, n) => `${ESC}38;5;${16 + n * 9}m■${ESC}0m`);
  print(`of 256   ${cube.join(" ")}\n`);
  const bytes = Array.from(
    { length: 24 },
    (_, n) => `${ESC}38;2;${n * 10};${255 - n * 10};${(n * 40) % 256}m■${ESC}0m`,
  );
  print(`of bytes ${bytes.join(" ")}\n`);
  print(
    `${ESC}7m inverse ${ESC}0m ${ESC}2mdim${ESC}0m ${ESC}3mitalic${ESC}0m ${ESC}4munderlined${ESC}0m ${ESC}9mstruck${ESC}0m\n`,
  );
  print(
    `${ESC}8mwhat wants to be hidden${ESC}0m, ${ESC}30;40mblack on black${ESC}0m, ${ESC}2J${ESC}Ha cleared screen\n`,
  );
  print("a bell \u0007, a step back \b, turned \u202etxet\u202c\n");
  print(`${ESC}41;97m FAIL ${ESC}0m test/cart.test.ts ${ESC}31m✗ total of 3 × 0.1${ESC}0m\n`);
  print("waiting for the last test…");
}
