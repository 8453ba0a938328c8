/** What the window remembers of how it was arranged, across starts. Nothing of it is needed. */
export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`countersign:${name}`, value);
  } catch {
    // Full or forbidden: it is arranged anew next time.
  }
}

/** What was remembered under a name; empty for nothing. */
export function recall(name: string): string {
  try {
    return localStorage.getItem(`countersign:${name}`) ?? "";
  } catch {
    return "";
  }
}
