// A line of a terminal: cells with a cursor, which text overwrites. A cell holds one character and what joins it; wide
// characters count as one cell.

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
const tabColumns = 8;
const longestUrl = 2_000;

/** What joins the character before it instead of having a place of its own. */
const joining = /^(?:\p{M}|\p{Emoji_Modifier}|[\u200d\ufe0e\ufe0f])/u;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class ScreenLine {
  column = 0;
  readonly #cells: string[] = [];
  readonly #styles: AnsiStyle[] = [];
  readonly #urls: (string | undefined)[] = [];
  #style: AnsiStyle;
  #url: string | undefined;

  constructor(style: AnsiStyle) {
    this.#style = style;
  }

  write(text: string): void {
    for (const character of text) {
      const before = this.column - 1;
      const joinsBefore = before >= 0 && before < this.#cells.length;
      if (joinsBefore && (joining.test(character) || this.#cells[before]?.endsWith("\u200d") === true)) {
        this.#cells[before] += character;
        continue;
      }
      this.#fillTo(this.column);
      this.#cells[this.column] = character;
      this.#styles[this.column] = this.#style;
      this.#urls[this.column] = this.#url;
      this.column++;
    }
  }

  moveTo(column: number): void {
    this.column = Math.max(0, Math.min(column, Math.max(this.#cells.length, mostColumns)));
  }

  tab(): void {
    this.column += tabColumns - (this.column % tabColumns);
    this.#fillTo(this.column);
  }

  /** 0: from the cursor on; 1: up to it; 2: all. */
  erase(mode: number): void {
    if (mode === 0) this.#cut(this.column);
    else if (mode === 2) this.#cut(0);
    else if (mode === 1) {
      const upTo = Math.min(this.column + 1, this.#cells.length);
      for (let column = 0; column < upTo; column++) this.#setBlank(column);
    }
  }

  remove(count: number): void {
    for (const list of [this.#cells, this.#styles, this.#urls]) list.splice(this.column, count);
  }

  blank(count: number): void {
    const end = Math.min(this.column + count, this.#cells.length);
    for (let column = this.column; column < end; column++) this.#setBlank(column);
  }

  setStyle(parameters: string): void {
    const next = applySgr(this.#style, parameters);
    if (!sameStyle(next, this.#style)) this.#style = next;
  }

  setLink(url: string): void {
    this.#url = url.length <= longestUrl && /^https?:\/\/[^\s]+$/i.test(url) && !/\p{Cc}/u.test(url) ? url : undefined;
  }

  result(): AnsiLine {
    const runs: Mutable<AnsiRun>[] = [];
    const links: Mutable<AnsiLink>[] = [];
    let at = 0;
    for (let column = 0; column < this.#cells.length; column++) {
      const end = at + (this.#cells[column]?.length ?? 0);
      const style = this.#styles[column] ?? plainStyle;
      const url = this.#urls[column];
      const run = runs.at(-1);
      if (run !== undefined && run.end === at && sameStyle(run.style, style)) run.end = end;
      else if (!isPlain(style)) runs.push({ start: at, end, style });
      const link = links.at(-1);
      if (link !== undefined && link.end === at && link.url === url) link.end = end;
      else if (url !== undefined) links.push({ start: at, end, url });
      at = end;
    }
    return { text: this.#cells.join(""), runs, links };
  }

  #fillTo(column: number): void {
    for (let missing = this.#cells.length; missing < column; missing++) this.#setBlank(missing);
  }

  #setBlank(column: number): void {
    this.#cells[column] = " ";
    this.#styles[column] = plainStyle;
    this.#urls[column] = undefined;
  }

  #cut(length: number): void {
    for (const list of [this.#cells, this.#styles, this.#urls]) if (list.length > length) list.length = length;
  }
}
