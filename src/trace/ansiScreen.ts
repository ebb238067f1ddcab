// A line of a terminal: cells with a cursor, which text overwrites. A cell holds one character and what joins it; wide
// characters count as one cell. Any program may have written the line, so the work is linear in its length: text beyond
// the last cell is only appended, and sequences that touch many cells at once have a budget.

import { type AnsiStyle, applySgr, isPlain, plainStyle, sameStyle } from "./ansiStyle";

/** UTF-16 units `start` (included) to `end` (excluded) of the line's text. */
export interface AnsiRun {
  readonly start: number;
  readonly end: number;
  readonly style: AnsiStyle;
}

export interface AnsiLink {
  readonly start: number;
  readonly end: number;
  /** An `http:` or `https:` URL without control characters. */
  readonly url: string;
}

export interface AnsiLine {
  readonly text: string;
  /** Ascending; what looks like nothing special is in none. */
  readonly runs: readonly AnsiRun[];
  /** Hyperlinks that the program made (OSC 8), ascending. */
  readonly links: readonly AnsiLink[];
}

/** How far beyond its end a sequence may move in a line: terminals stop at their width, which nobody knows here. */
const mostColumns = 1_000;
/** Cells of a line: far more than any terminal has columns, and more than is shown of a line. */
const mostCells = 16_000;
/** UTF-16 units of a cell: no emoji needs more, and each that joins looks at those before it. */
const longestCell = 64;
/** What sequences may touch for each UTF-16 unit of the line: a bar of full width is drawn again and again by few. */
const touchedForUnit = 16;
const tabColumns = 8;
const longestUrl = 2_000;

/** What joins the character before it instead of having a place of its own. */
const joining = /^(?:\p{M}|\p{Emoji_Modifier}|[\u200d\ufe0e\ufe0f])/u;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Piece {
  text: string;
  readonly style: AnsiStyle;
  readonly url: string | undefined;
}

export class ScreenLine {
  #column = 0;
  #touched = 0;
  readonly #mostTouched: number;
  readonly #cells: string[] = [];
  readonly #styles: AnsiStyle[] = [];
  readonly #urls: (string | undefined)[] = [];
  /** Behind the last cell, in the order in which it was written. */
  #beyond: Piece[] = [];
  #style: AnsiStyle;
  #url: string | undefined;

  /** @param length UTF-16 units of the line with its codes */
  constructor(style: AnsiStyle, length: number) {
    this.#style = style;
    this.#mostTouched = 2 * mostColumns + touchedForUnit * length;
  }

  /** Cells that sequences and tabs have blanked or shifted so far. */
  get touched(): number {
    return this.#touched;
  }

  get cellCount(): number {
    return this.#cells.length;
  }

  write(text: string): void {
    let at = 0;
    for (const character of text) {
      const before = this.#column - 1;
      const cell = before < this.#cells.length ? this.#cells[before] : undefined;
      if (cell !== undefined && cell.length < longestCell && (joining.test(character) || cell.endsWith("\u200d"))) {
        this.#cells[before] = cell + character;
      } else if (this.#column >= mostCells) {
        return this.#append(text.slice(at));
      } else {
        this.#fillTo(this.#column);
        this.#cells[this.#column] = character;
        this.#styles[this.#column] = this.#style;
        this.#urls[this.#column] = this.#url;
        this.#column++;
      }
      at += character.length;
    }
  }

  moveTo(column: number): void {
    this.#column = Math.max(0, Math.min(column, Math.max(this.#cells.length, mostColumns)));
  }

  /** Back where negative; not out of the text beyond the cells, in which no place is known. */
  moveBy(columns: number): void {
    if (this.#column < mostCells) this.moveTo(this.#column + columns);
  }

  tab(): void {
    if (this.#column >= mostCells) return this.#append(" ");
    this.#column += tabColumns - (this.#column % tabColumns);
    this.#fillTo(this.#column);
  }

  /** 0: from the cursor on; 1: up to it; 2: all. */
  erase(mode: number): void {
    // Free of charge: what is cut was written or paid for before.
    if (mode === 0) this.#cut(this.#column);
    else if (mode === 2) this.#cut(0);
    else if (mode === 1) this.#blank(0, this.#column + 1);
  }

  remove(count: number): void {
    if (!this.#pays(this.#cells.length - this.#column)) return;
    for (const list of [this.#cells, this.#styles, this.#urls]) list.splice(this.#column, count);
  }

  blank(count: number): void {
    this.#blank(this.#column, this.#column + count);
  }

  setStyle(parameters: string): void {
    const next = applySgr(this.#style, parameters);
    if (!sameStyle(next, this.#style)) this.#style = next;
  }

  setLink(url: string): void {
    this.#url = url.length <= longestUrl && /^https?:\/\/[^\s]+$/i.test(url) && !/\p{Cc}/u.test(url) ? url : undefined;
  }

  result(): AnsiLine {
    const parts = new LineParts();
    for (let column = 0; column < this.#cells.length; column++) {
      parts.add(this.#cells[column] ?? "", this.#styles[column] ?? plainStyle, this.#urls[column]);
    }
    for (const { text, style, url } of this.#beyond) parts.add(text, style, url);
    return parts.result();
  }

  #append(text: string): void {
    const last = this.#beyond.at(-1);
    if (last !== undefined && last.style === this.#style && last.url === this.#url) last.text += text;
    else this.#beyond.push({ text, style: this.#style, url: this.#url });
  }

  /** Where the budget is used up a movement beyond the end leads to the end. */
  #fillTo(column: number): void {
    const start = this.#cells.length;
    if (column <= start) return;
    if (this.#pays(column - start)) this.#setBlank(start, column);
    else this.#column = start;
  }

  #blank(start: number, end: number): void {
    const last = Math.min(end, this.#cells.length);
    if (this.#pays(last - start)) this.#setBlank(start, last);
  }

  #pays(cells: number): boolean {
    if (cells <= 0 || this.#touched + cells > this.#mostTouched) return false;
    this.#touched += cells;
    return true;
  }

  #setBlank(start: number, end: number): void {
    for (let column = start; column < end; column++) {
      this.#cells[column] = " ";
      this.#styles[column] = plainStyle;
      this.#urls[column] = undefined;
    }
  }

  #cut(length: number): void {
    if (length < mostCells) this.#beyond = [];
    for (const list of [this.#cells, this.#styles, this.#urls]) if (list.length > length) list.length = length;
  }
}

/** Puts a line together from left to right. */
class LineParts {
  #length = 0;
  readonly #texts: string[] = [];
  readonly #runs: Mutable<AnsiRun>[] = [];
  readonly #links: Mutable<AnsiLink>[] = [];

  add(text: string, style: AnsiStyle, url: string | undefined): void {
    const start = this.#length;
    const end = start + text.length;
    const run = this.#runs.at(-1);
    if (run !== undefined && run.end === start && sameStyle(run.style, style)) run.end = end;
    else if (!isPlain(style)) this.#runs.push({ start, end, style });
    const link = this.#links.at(-1);
    if (link !== undefined && link.end === start && link.url === url) link.end = end;
    else if (url !== undefined) this.#links.push({ start, end, url });
    this.#texts.push(text);
    this.#length = end;
  }

  result(): AnsiLine {
    return { text: this.#texts.join(""), runs: this.#runs, links: this.#links };
  }
}
