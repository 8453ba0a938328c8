import type { ExecSecurity } from "../../protocol/ExecSecurity";
import type { FileApproval } from "../../protocol/FileApproval";

/** What the guard does, in a few words, and whether it asks before every change. */
export function guardWords(exec: ExecSecurity, file: FileApproval): { words: string; asks: boolean } {
  if (exec === "approval-always" && file === "always") return { words: "asks for commands and edits", asks: true };
  return { words: `${execWords(exec)}, ${fileWords(file)}`, asks: exec !== "allow-always" && file === "always" };
}

function execWords(exec: ExecSecurity): string {
  switch (exec) {
    case "approval-always":
      return "asks for commands";
    case "allowlist":
      return "asks for commands that are not allowed by a pattern";
    case "allow-always":
      return "runs commands without asking";
  }
}

function fileWords(file: FileApproval): string {
  switch (file) {
    case "always":
      return "asks for edits";
    case "none":
      return "applies edits without asking";
  }
}
