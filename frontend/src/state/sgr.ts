/** How a stretch of a command's output wants to be drawn. */
export interface Style {
  /** 0 to 255 of the terminal's palette, or `RGB` and three bytes; null for the usual one. */
  fg: number | null;
  bg: number | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
  strike: boolean;
}

/** Marks a colour that is no place in the palette but red, green and blue. */
export const RGB = 0x1000000;

export const PLAIN: Style = {
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
  strike: false,
};

/** Applies the numbers of one SGR sequence. What hides text, or makes it blink, is passed over. */
export function applySgr(style: Style, parameters: string): Style {
  const numbers = parameters.split(/[;:]/).map((one) => (one === "" ? 0 : Number(one)));
  let next = { ...style };
  for (let at = 0; at < numbers.length; at += 1) {
    const n = numbers[at] ?? 0;
    if (n === 38 || n === 48) {
      const [colour, used] = extended(numbers, at + 1);
      if (colour !== null) next[n === 38 ? "fg" : "bg"] = colour;
      at += used;
    } else next = applyOne(next, n);
  }
  return isPlain(next) ? PLAIN : next;
}

function applyOne(style: Style, n: number): Style {
  if (n >= 30 && n <= 37) return { ...style, fg: n - 30 };
  if (n >= 40 && n <= 47) return { ...style, bg: n - 40 };
  if (n >= 90 && n <= 97) return { ...style, fg: n - 82 };
  if (n >= 100 && n <= 107) return { ...style, bg: n - 92 };
  switch (n) {
    case 0:
      return PLAIN;
    case 1:
      return { ...style, bold: true };
    case 2:
      return { ...style, dim: true };
    case 3:
      return { ...style, italic: true };
    case 4:
    case 21:
      return { ...style, underline: true };
    case 7:
      return { ...style, inverse: true };
    case 9:
      return { ...style, strike: true };
    case 22:
      return { ...style, bold: false, dim: false };
    case 23:
      return { ...style, italic: false };
    case 24:
      return { ...style, underline: false };
    case 27:
      return { ...style, inverse: false };
    case 29:
      return { ...style, strike: false };
    case 39:
      return { ...style, fg: null };
    case 49:
      return { ...style, bg: null };
    default:
      return style;
  }
}

/** A colour of the large palette or of three bytes, and how many numbers it took. */
function extended(numbers: readonly number[], at: number): [number | null, number] {
  if (numbers[at] === 5) {
    const place = numbers[at + 1] ?? -1;
    return [place >= 0 && place <= 255 ? place : null, 2];
  }
  if (numbers[at] !== 2) return [null, 0];
  const bytes = [1, 2, 3].map((more) => numbers[at + more] ?? -1);
  if (bytes.some((byte) => !(byte >= 0 && byte <= 255))) return [null, 4];
  return [bytes.reduce((sum, byte) => sum * 256 + byte, 0) + RGB, 4];
}

function isPlain(style: Style): boolean {
  return (Object.keys(PLAIN) as (keyof Style)[]).every((key) => style[key] === PLAIN[key]);
}
