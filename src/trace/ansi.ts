// One line of a program's output as a terminal would leave it: text, and what it looks like. Our own parser of colour
// codes; what moves within the line (carriage return, backspace, tab, and the sequences that spinners use) is carried out,
// every other sequence is swallowed whole. No control character survives, and a sequence never reaches beyond its line.

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

const esc = "\u001b";
const csi = "\u009b";
/** C0, DEL and C1. */
const anyControl = /\p{Cc}/u;
const nextControl = /\p{Cc}/gu;
const sgr = new RegExp(`(?:${esc}\\[|${csi})([0-9;:]*)m`, "g");
const unfinishedSgr = new RegExp(`(?:${esc}(?:\\[[0-9;:]{0,200})?|${csi}[0-9;:]{0,200})$`);
const resets = [`${esc}[0m`, `${esc}[m`];

/** How far beyond its end a sequence may move in a line: terminals stop at their width, which nobody knows here. */
const mostColumns = 1_000;
const tabColumns = 8;
const longestUrl = 2_000;

/** @param raw one line without its line feed @param style how text looks where the line begins */
export function parseAnsiLine(raw: string, style: AnsiStyle = plainStyle): AnsiLine {
  if (!anyControl.test(raw)) {
    return { text: raw, runs: raw === "" || isPlain(style) ? [] : [{ start: 0, end: raw.length, style }], links: [] };
  }
  const line = new ScreenLine(style);
  let at = 0;
  while (at < raw.length) {
    nextControl.lastIndex = at;
    const found = nextControl.exec(raw);
    const control = found?.index ?? raw.length;
    if (control > at) line.write(raw.slice(at, control));
    at = control < raw.length ? afterControl(raw, control, line) : control;
  }
  return line.result();
}

/** How text looks behind `text`, which may have many lines. */
export function styleAfter(text: string, style: AnsiStyle): AnsiStyle {
  let next = style;
  for (const [, parameters = ""] of text.matchAll(sgr)) next = applySgr(next, parameters);
  return next;
}

/** The text without its colour codes; anything else that controls a terminal stays. */
export function withoutColors(text: string): string {
  return text.includes(esc) || text.includes(csi) ? text.replace(sgr, "") : text;
}

/** Where the last sequence begins that makes everything plain; -1 without one. */
export function lastReset(text: string): number {
  return Math.max(...resets.map((reset) => text.lastIndexOf(reset)));
}

/** The beginning of a colour code at the end of `text`: the rest may come with the next piece. */
export function unfinishedCode(text: string): string {
  return unfinishedSgr.exec(text.slice(-256))?.[0] ?? "";
}

/** Carries out the control character at `at`; gives where to go on. */
function afterControl(raw: string, at: number, line: ScreenLine): number {
  switch (raw[at]) {
    case "\r":
      line.moveTo(0);
      return at + 1;
    case "\b":
      line.moveTo(line.column - 1);
      return at + 1;
    case "\t":
      line.tab();
      return at + 1;
    case esc:
      return afterEscape(raw, at, line);
    case csi:
      return afterCsi(raw, at + 1, line);
    case "\u009d":
      return afterOsc(raw, at + 1, line);
    case "\u0090":
    case "\u0098":
    case "\u009e":
    case "\u009f":
      return stringEnd(raw, at + 1).next;
    default:
      return at + 1;
  }
}

function afterEscape(raw: string, at: number, line: ScreenLine): number {
  switch (raw[at + 1]) {
    case "[":
      return afterCsi(raw, at + 2, line);
    case "]":
      return afterOsc(raw, at + 2, line);
    case "P":
    case "X":
    case "^":
    case "_":
      return stringEnd(raw, at + 2).next;
    default: {
      // Some characters between space and slash, then one that ends it: `ESC ( B`, `ESC =`, `ESC c`.
      let end = at + 1;
      while (isBetween(raw, end, 0x20, 0x2f)) end++;
      return isBetween(raw, end, 0x30, 0x7e) ? end + 1 : end;
    }
  }
}

function afterCsi(raw: string, start: number, line: ScreenLine): number {
  let end = start;
  while (isBetween(raw, end, 0x30, 0x3f)) end++;
  const parameters = raw.slice(start, end);
  const intermediate = end;
  while (isBetween(raw, end, 0x20, 0x2f)) end++;
  // A character that belongs to no sequence ends this one, which then does nothing.
  if (!isBetween(raw, end, 0x40, 0x7e)) return end;
  if (intermediate === end && /^[0-9;:]*$/.test(parameters)) carryOut(raw[end] ?? "", parameters, line);
  return end + 1;
}

function carryOut(final: string, parameters: string, line: ScreenLine): void {
  const given = Number.parseInt(parameters, 10);
  const mode = Number.isNaN(given) ? 0 : given;
  const count = Math.max(1, mode);
  switch (final) {
    case "m":
      return line.setStyle(parameters);
    case "K":
      return line.erase(mode);
    case "J":
      // Of the screen below only the rest of this line is known here.
      return mode === 0 ? line.erase(0) : undefined;
    case "G":
    case "`":
      return line.moveTo(count - 1);
    case "C":
    case "a":
      return line.moveTo(line.column + count);
    case "D":
      return line.moveTo(line.column - count);
    case "P":
      return line.remove(count);
    case "X":
      return line.blank(count);
  }
}

function afterOsc(raw: string, start: number, line: ScreenLine): number {
  const { end, next } = stringEnd(raw, start);
  // `8 ; parameters ; URL` begins a link, an empty URL ends it.
  const link = /^8;[^;]{0,1000};(.*)$/s.exec(raw.slice(start, Math.min(end, start + 4_000)));
  if (link !== null) line.setLink(link[1] ?? "");
  return next;
}

/** Where the string of a sequence ends (BEL, ST, or an escape that begins another one) and where to go on. */
function stringEnd(raw: string, start: number): { readonly end: number; readonly next: number } {
  for (let end = start; end < raw.length; end++) {
    const character = raw[end];
    if (character === "\u0007" || character === "\u009c" || character === "\u0018" || character === "\u001a")
      return { end, next: end + 1 };
    if (character === esc) return { end, next: raw[end + 1] === "\\" ? end + 2 : end };
    if (character === csi) return { end, next: end };
  }
  return { end: raw.length, next: raw.length };
}

function isBetween(text: string, index: number, low: number, high: number): boolean {
  const code = text.charCodeAt(index);
  return code >= low && code <= high;
}

/** What joins the character before it instead of having a place of its own. */
const joining = /^(?:\p{M}|\p{Emoji_Modifier}|[\u200d\ufe0e\ufe0f])/u;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A line of cells with a cursor. A cell holds one character and what joins it; wide ones count as one cell. */
class ScreenLine {
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
    this.#url = url.length <= longestUrl && /^https?:\/\/[^\s]+$/i.test(url) && !anyControl.test(url) ? url : undefined;
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
