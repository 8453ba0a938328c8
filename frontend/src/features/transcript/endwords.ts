import type { RunEnd } from "../../protocol/RunEnd";

/** How a run ended, and how to go on. */
export function endWords(reason: RunEnd): string {
  switch (reason) {
    case "end_turn":
      return "Done.";
    case "max_steps":
      return "Stopped at the limit of steps. Send a message to go on.";
    case "interrupted":
      return "Stopped by you. Send a message to go on.";
    case "refused":
      return "Stopped after your no. Send a message to go on.";
    case "error":
      return "The run failed. What was done so far is kept; send a message to try again.";
  }
}
