import { PLAIN, RGB, type Style } from "../../state/sgr";

/** Text is drawn in no colour that has less contrast than this. */
export const LEAST = 4.5;
/** What output is drawn on, by theme: `--sunken`. */
export const SURFACES = { light: 0xf1f1ee, dark: 0x131416 } as const;

/** The first sixteen of a terminal's palette, as backgrounds; as text they are classes. */
const SIXTEEN = [
  0x000000, 0xb3261e, 0x1b7a41, 0x9a5b00, 0x1f5eff, 0x7a3fc9, 0x0b6477, 0xcfcdc7, 0x6d7178, 0xff8a80, 0x6fd08c,
  0xf0b354, 0x7ea2ff, 0xc9a7ff, 0x7fd0e3, 0xffffff,
];

/** How a stretch is drawn: classes, and colours that no class has. */
export interface Look {
  classes: string;
  /** On a background of its own it is the same in both themes. */
  background: string | null;
  light: string | null;
  dark: string | null;
}

const LOOKS = new Map<string, Look>();

/** The look of a style; null for the usual one. */
export function lookOf(style: Style): Look | null {
  if (style === PLAIN) return null;
  const key = Object.values(style).join();
  let look = LOOKS.get(key);
  if (!look) {
    // A program may ask for millions of colours.
    if (LOOKS.size > 4096) LOOKS.clear();
    look = makeLook(style);
    LOOKS.set(key, look);
  }
  return look;
}

function makeLook(style: Style): Look {
  const { fg, bg } = style.inverse ? { fg: style.bg, bg: style.fg } : style;
  const classes = [
    style.bold && "bold",
    style.italic && "italic",
    style.underline && "underline",
    style.strike && "strike",
    style.dim && fg === null && bg === null && "dim",
    style.inverse && fg === null && bg === null && "inverse",
    fg !== null && fg < 16 && bg === null && !style.inverse && `c${fg % 8}${fg === 15 || fg === 8 ? "b" : ""}`,
  ].filter((one) => one !== false);
  const plain = { classes: classes.join(" "), background: null, light: null, dark: null };
  if (bg !== null) {
    const surface = colourOf(bg);
    const text = hex(readable(fg === null ? surface : colourOf(fg), surface));
    return { ...plain, background: hex(surface), light: text, dark: text };
  }
  if (fg === null || (fg < 16 && !style.inverse)) return plain;
  const colour = colourOf(fg);
  return {
    ...plain,
    light: hex(readable(colour, SURFACES.light)),
    dark: hex(readable(colour, SURFACES.dark)),
  };
}

/** Red, green and blue of a colour. */
function colourOf(colour: number): number {
  if (colour >= RGB) return colour - RGB;
  if (colour < 16) return SIXTEEN[colour] ?? 0;
  if (colour >= 232) return (8 + (colour - 232) * 10) * 0x010101;
  const place = colour - 16;
  const level = (n: number): number => (n === 0 ? 0 : 55 + n * 40);
  return level(Math.floor(place / 36)) * 65536 + level(Math.floor(place / 6) % 6) * 256 + level(place % 6);
}

/** The colour, or the nearest to it towards black or white that can be read on the surface. */
function readable(colour: number, surface: number): number {
  if (contrast(colour, surface) >= LEAST) return colour;
  const towards = contrast(0x000000, surface) > contrast(0xffffff, surface) ? 0 : 255;
  for (let part = 1; part <= 16; part += 1) {
    const mixed = bytesOf(colour)
      .map((byte) => Math.round(byte + ((towards - byte) * part) / 16))
      .reduce((sum, byte) => sum * 256 + byte, 0);
    if (contrast(mixed, surface) >= LEAST) return mixed;
  }
  return towards === 0 ? 0 : 0xffffff;
}

/** The contrast of two colours as WCAG measures it, from 1 to 21. */
export function contrast(one: number, other: number): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: number): number {
  const [red = 0, green = 0, blue = 0] = bytesOf(colour).map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function bytesOf(colour: number): number[] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function hex(colour: number): string {
  return `#${colour.toString(16).padStart(6, "0")}`;
}
