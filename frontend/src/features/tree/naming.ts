/** The longest name that file systems take, in bytes. */
const LONGEST = 255;

/**
 * What is wrong with a new name of an entry; empty where nothing is. `taken` says whether its folder holds
 * another entry of that name.
 */
export function nameTrouble(name: string, old: string, taken: (name: string) => boolean): string {
  if (name === old) return "";
  if (name.trim() === "") return "A name is needed.";
  if (name === "." || name === "..") return "That name means a folder.";
  if (name.includes("/")) return "A name holds no slash.";
  if (name.includes("\0")) return "A name holds no such character.";
  if (new TextEncoder().encode(name).length > LONGEST) return "That name is too long.";
  if (taken(name)) return "That name is taken.";
  return "";
}

/** How much of a name is selected at first: all but its ending. */
export function stemLength(name: string, folder: boolean): number {
  const dot = name.lastIndexOf(".");
  return folder || dot <= 0 ? name.length : dot;
}
