import { LineReader, type OutputLine, textOf } from "./terminal";

/** How many characters are kept of the beginning of an output. */
export const HEAD = 250_000;
/** How many characters are kept of its end. */
export const TAIL = 1_750_000;
/** How many characters wait at most until somebody looks. */
const WAITING = 100_000;
/** Pieces are put together up to here, so that many small ones are no burden. */
const CHUNK = 16_000;
/** What a line costs besides its text, in characters. */
const LINE_COST = 24;

/** Where lines are left out. */
interface Gap {
  /** How many characters. */
  left: number;
}

export type OutputRow = OutputLine | Gap;

/**
 * What a command printed so far: its beginning and its end, within a bound. What comes in is only put aside; it is
 * read once somebody looks, and what nobody could have seen by then is not read at all.
 */
export class Output {
  #head: OutputLine[] = [];
  #headSize = 0;
  #tail: OutputLine[] = [];
  #tailSize = 0;
  #waiting: string[] = [];
  #waitingSize = 0;
  #lost = false;
  /** Whether what comes in belongs to the end. */
  #full = false;
  /** Whether the beginning takes no more lines. */
  #closed = false;
  /** How many characters between the beginning and the end are not kept. */
  left = 0;
  #reader = new LineReader((line) => this.#keep(line));

  /** Takes in what was printed. */
  push(text: string): void {
    let rest = text;
    if (!this.#full) {
      // The beginning is read at once: it is never lost.
      const room = HEAD - this.#headSize;
      this.#reader.read(rest.slice(0, room));
      if (rest.length <= room) return;
      this.#full = true;
      rest = rest.slice(room);
    }
    if (rest.length > WAITING) {
      this.#lose(rest.length - WAITING);
      rest = rest.slice(-WAITING);
    }
    const last = this.#waiting.length - 1;
    const before = this.#waiting[last];
    if (before !== undefined && before.length < CHUNK) this.#waiting[last] = before + rest;
    else this.#waiting.push(rest);
    this.#waitingSize += rest.length;
    for (let over = this.#waitingSize - WAITING; over > 0; over = this.#waitingSize - WAITING) {
      const first = this.#waiting[0] ?? "";
      const gone = Math.min(over, first.length);
      if (gone === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.slice(gone);
      this.#waitingSize -= gone;
      this.#lose(gone);
    }
  }

  /** All that is kept, as rows. */
  rows(): OutputRow[] {
    this.#settle();
    const rows: OutputRow[] = this.left > 0 ? [...this.#head, { left: this.left }] : [...this.#head];
    for (const line of this.#tail) rows.push(line);
    const open = this.#reader.open;
    if (open) rows.push(open);
    return rows;
  }

  /** The last lines, at most `count`. */
  last(count: number): OutputLine[] {
    this.#settle();
    const open = this.#reader.open;
    const lines = [...this.#head.slice(-count), ...this.#tail.slice(-count), ...(open ? [open] : [])];
    return lines.slice(-count);
  }

  #lose(size: number): void {
    this.left += size;
    this.#lost = true;
  }

  #settle(): void {
    if (this.#waiting.length === 0) return;
    let text = this.#waiting.join("");
    this.#waiting = [];
    this.#waitingSize = 0;
    if (this.#lost) {
      // The end begins anew, with a whole line.
      this.#lost = false;
      this.#reader.cut();
      this.#closed = true;
      this.left += this.#tailSize - this.#tail.length * LINE_COST;
      this.#tail = [];
      this.#tailSize = 0;
      const whole = text.indexOf("\n") + 1;
      const begin = whole === text.length ? 0 : whole;
      this.left += begin;
      text = text.slice(begin);
    }
    this.#reader.read(text);
  }

  #keep(line: OutputLine): void {
    const size = textOf(line).length + 1 + LINE_COST;
    if (!this.#closed && this.#headSize < HEAD) {
      this.#head.push(line);
      this.#headSize += size;
      return;
    }
    this.#tail.push(line);
    this.#tailSize += size;
    // Not line by line: each cut moves all that is kept.
    if (this.#tailSize <= TAIL * 1.1) return;
    let count = 0;
    while (this.#tailSize > TAIL) {
      const gone = this.#tail[count];
      if (!gone) break;
      const length = textOf(gone).length + 1;
      this.#tailSize -= length + LINE_COST;
      this.left += length;
      count += 1;
    }
    this.#tail.splice(0, count);
  }
}

export function isGap(row: OutputRow): row is Gap {
  return "left" in row;
}

/** Rows as text, to be copied. */
export function plainRows(rows: readonly OutputRow[]): string {
  return rows.map((row) => (isGap(row) ? `… ${row.left} characters left out …` : textOf(row))).join("\n");
}
