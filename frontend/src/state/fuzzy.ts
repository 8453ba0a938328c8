/** Where typed letters stand in a text, and how well; higher is better. */
export interface Fit {
  score: number;
  /** The places of the letters in the text. */
  at: readonly number[];
}

const START = 8;
const NEXT = 5;
const GAP = -1;

/**
 * Looks for letters in a text, in order, with anything between: best at the start of words, and side by side.
 * Blanks in what was typed mean nothing. Null where they are not there.
 */
export function fuzzy(typed: string, text: string): Fit | null {
  const letters = [...typed.toLowerCase().replace(/\s+/g, "")];
  const low = text.toLowerCase();
  if (letters.length === 0) return { score: 0, at: [] };
  // The best way to have placed the letters so far, by where the last one stands.
  let ends = new Map<number, Fit>();
  for (const [index, letter] of letters.entries()) {
    const next = new Map<number, Fit>();
    for (let at = 0; at < low.length; at += 1) {
      if (low[at] !== letter) continue;
      const here = at === 0 || /[^a-z0-9]/.test(low[at - 1] ?? "") ? START : 0;
      let best: Fit | null = index === 0 ? { score: here + GAP * Math.min(at, 5), at: [at] } : null;
      for (const [end, fit] of ends) {
        if (end >= at) continue;
        const score = fit.score + here + (end === at - 1 ? NEXT : GAP * Math.min(at - end, 5));
        if (best === null || score > best.score) best = { score, at: [...fit.at, at] };
      }
      if (best) next.set(at, best);
    }
    ends = next;
  }
  return [...ends.values()].reduce<Fit | null>((best, fit) => (best && best.score >= fit.score ? best : fit), null);
}
