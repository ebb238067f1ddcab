// One line of a program's output as a terminal would leave it: text, and what it looks like. Our own parser of colour
// codes; what moves within the line (carriage return, backspace, tab, and the sequences that spinners use) is carried out,
// every other sequence is swallowed whole. No control character survives, and a sequence never reaches beyond its line.

import { type AnsiLine, ScreenLine } from "./ansiScreen";
import { type AnsiStyle, applySgr, isPlain, markedStyle, plainStyle, type StyleEffect } from "./ansiStyle";

const esc = "\u001b";
const csi = "\u009b";
/** C0, DEL and C1. */
const anyControl = /\p{Cc}/u;
const nextControl = /\p{Cc}/gu;
const sgr = new RegExp(`(?:${esc}\\[|${csi})([0-9;:]*)m`, "g");
const unfinishedSgr = new RegExp(`(?:${esc}(?:\\[[0-9;:]{0,200})?|${csi}[0-9;:]{0,200})$`);

/** No colour code that is cut in two is longer. */
export const longestCode = 256;

/** @param raw one line without its line feed @param style how text looks where the line begins */
export function parseAnsiLine(raw: string, style: AnsiStyle = plainStyle): AnsiLine {
  if (!anyControl.test(raw)) {
    return { text: raw, runs: raw === "" || isPlain(style) ? [] : [{ start: 0, end: raw.length, style }], links: [] };
  }
  return drawnLine(raw, style).result();
}

/** The line as cells, drawn from its first character to its last. */
export function drawnLine(raw: string, style: AnsiStyle = plainStyle): ScreenLine {
  const line = new ScreenLine(style, raw.length);
  let at = 0;
  while (at < raw.length) {
    nextControl.lastIndex = at;
    const found = nextControl.exec(raw);
    const control = found?.index ?? raw.length;
    if (control > at) line.write(raw.slice(at, control));
    at = control < raw.length ? afterControl(raw, control, line) : control;
  }
  return line;
}

/** How text looks behind `text`, which may have many lines. */
export function styleAfter(text: string, style: AnsiStyle): AnsiStyle {
  let next = style;
  if (text.includes(csi)) {
    for (const [, parameters = ""] of text.matchAll(sgr)) next = applySgr(next, parameters);
    return next;
  }
  // By hand: a text may have a hundred thousand codes.
  const begin = `${esc}[`;
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at)) {
    const start = at + begin.length;
    at = start;
    while (isBetween(text, at, 0x30, 0x3b)) at++;
    if (text[at] === "m") next = applySgr(next, text.slice(start, at));
  }
  return next;
}

/** What the codes of `text` do to the style before it. */
export function styleEffect(text: string): StyleEffect {
  return { ofPlain: styleAfter(text, plainStyle), ofMarked: styleAfter(text, markedStyle) };
}

/** The text without its colour codes; anything else that controls a terminal stays. */
export function withoutColors(text: string): string {
  return text.includes(esc) || text.includes(csi) ? text.replace(sgr, "") : text;
}

/** The beginning of a colour code at the end of `text`: the rest may come with the next piece. */
export function unfinishedCode(text: string): string {
  return unfinishedSgr.exec(text.slice(-longestCode))?.[0] ?? "";
}

/** Carries out the control character at `at`; gives where to go on. */
function afterControl(raw: string, at: number, line: ScreenLine): number {
  switch (raw[at]) {
    case "\r":
      line.moveTo(0);
      return at + 1;
    case "\b":
      line.moveBy(-1);
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
      return line.moveBy(count);
    case "D":
      return line.moveBy(-count);
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
