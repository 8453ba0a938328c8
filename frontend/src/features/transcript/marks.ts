import type { Match } from "./find.svelte";

/** Text of two of these is not read as one. */
const BLOCK = "p, li, td, th, pre, blockquote, div, [role=heading]";

/**
 * Keeps what was found marked in the rows that are drawn, which change with every scroll, and brings the current one
 * into sight once. Gives what ends that.
 */
export function keepMarked(
  root: HTMLElement,
  box: HTMLElement,
  pattern: RegExp | null,
  match: Match | null,
): () => void {
  let wanted = match !== null;
  let frame = 0;
  const draw = (): void => {
    frame = 0;
    const range = mark(root, pattern, match);
    if (!range || !wanted) return;
    wanted = false;
    const at = range.getBoundingClientRect();
    const edge = box.getBoundingClientRect();
    if (at.top < edge.top + 48 || at.bottom > edge.bottom - 8) box.scrollTop += at.top - edge.top - edge.height / 2;
  };
  const soon = (): void => {
    if (frame === 0) frame = requestAnimationFrame(draw);
  };
  soon();
  const observer = new MutationObserver(soon);
  observer.observe(root, { childList: true, subtree: true, characterData: true });
  return () => {
    observer.disconnect();
    cancelAnimationFrame(frame);
    mark(root, null, null);
  };
}

/**
 * Marks what was found in the rows that are drawn, and gives the place of the current one where it is among them.
 * The marks are highlights of the page: no element is touched.
 */
function mark(root: HTMLElement, pattern: RegExp | null, current: Match | null): Range | null {
  if (typeof CSS === "undefined" || !("highlights" in CSS)) return null;
  const all: Range[] = [];
  let shown: Range | null = null;
  if (pattern !== null) {
    for (const element of root.querySelectorAll<HTMLElement>("[data-find]")) {
      const ranges = rangesIn(element, pattern);
      all.push(...ranges);
      if (current !== null && isPlaceOf(element, current)) shown = ranges[current.nth] ?? shown;
    }
  }
  CSS.highlights.set("find", new Highlight(...all));
  CSS.highlights.set("find-current", new Highlight(...(shown ? [shown] : [])));
  return shown;
}

function isPlaceOf(element: HTMLElement, match: Match): boolean {
  if (element.closest<HTMLElement>("[data-at]")?.dataset.at !== String(match.at)) return false;
  if (element.dataset.find !== match.where) return false;
  return match.line === null || element.dataset.line === String(match.line);
}

function rangesIn(element: HTMLElement, pattern: RegExp): Range[] {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes: { node: Node; from: number }[] = [];
  let text = "";
  let block: Element | null = null;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!parent || parent.closest("[data-nofind]")) continue;
    const inside = parent.closest(BLOCK);
    if (inside !== block && text !== "") text += "\n";
    block = inside;
    nodes.push({ node, from: text.length });
    text += node.nodeValue ?? "";
  }
  return [...text.matchAll(pattern)].flatMap((match) => {
    const range = document.createRange();
    const start = placeOf(nodes, match.index);
    const end = placeOf(nodes, match.index + match[0].length - 1);
    if (!start || !end) return [];
    range.setStart(start.node, start.offset);
    range.setEnd(end.node, Math.min(end.offset + 1, end.node.nodeValue?.length ?? 0));
    return [range];
  });
}

function placeOf(nodes: readonly { node: Node; from: number }[], at: number): { node: Node; offset: number } | null {
  const one = nodes.findLast((each) => each.from <= at);
  return one ? { node: one.node, offset: Math.min(at - one.from, one.node.nodeValue?.length ?? 0) } : null;
}
