/** Offers a text as a file, where the window takes downloads; gives whether it could be offered. */
export function saveText(text: string, name: string): boolean {
  try {
    const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    return true;
  } catch {
    return false;
  }
}
