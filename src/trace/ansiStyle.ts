// How a piece of a program's output looks, and what the numbers of an SGR sequence change about it. Known are the colours
// (16, 256 and true colour), bold, dim, italic, underline, inverse and their resets; any other number changes nothing.

/** 0 to 15: a colour of the theme; 16 to 255: of the fixed palette; from `trueColor` on: red, green and blue behind it. */
export type AnsiColor = number;

export const trueColor = 0x1_00_00_00;

export interface AnsiStyle {
  readonly color?: AnsiColor | undefined;
  readonly background?: AnsiColor | undefined;
  readonly bold?: true | undefined;
  readonly dim?: true | undefined;
  readonly italic?: true | undefined;
  readonly underline?: true | undefined;
  readonly inverse?: true | undefined;
}

export const plainStyle: AnsiStyle = {};

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function sameStyle(a: AnsiStyle, b: AnsiStyle): boolean {
  return (
    a === b ||
    (a.color === b.color &&
      a.background === b.background &&
      a.bold === b.bold &&
      a.dim === b.dim &&
      a.italic === b.italic &&
      a.underline === b.underline &&
      a.inverse === b.inverse)
  );
}

export function isPlain(style: AnsiStyle): boolean {
  return sameStyle(style, plainStyle);
}

/** Programs use few styles and say each of them a million times. */
const known = new WeakMap<AnsiStyle, Map<string, AnsiStyle>>();
const mostKnown = 500;

/**
 * The same style for the same arguments, as long as it is remembered.
 * @param parameters of the sequence as they stand between `[` and `m`: "1;31", "38;2;255;0;0", "38:5:208", ""
 */
export function applySgr(style: AnsiStyle, parameters: string): AnsiStyle {
  let behind = known.get(style);
  if (behind === undefined) {
    behind = new Map();
    known.set(style, behind);
  }
  let next = behind.get(parameters);
  if (next === undefined) {
    next = changed(style, parameters);
    if (behind.size >= mostKnown) behind.clear();
    behind.set(parameters, next);
  }
  return next;
}

function changed(style: AnsiStyle, parameters: string): AnsiStyle {
  // Each part may have parts of its own, divided by colons; an empty number is a zero.
  const parts = parameters.split(";");
  let next: Mutable<AnsiStyle> = { ...style };
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index] ?? "";
    const colon = part.indexOf(":");
    const code = Number(colon < 0 ? part : part.slice(0, colon));
    if (code === 0) next = {};
    else if (code === 38 || code === 48) {
      const name = code === 38 ? "color" : "background";
      const read =
        colon < 0 ? semicolonColor(parts, index) : { color: colonColor(part.slice(colon + 1).split(":")), used: 0 };
      if (read.color !== undefined) next[name] = read.color;
      index += read.used;
    } else if (code === 4 && colon >= 0) {
      // Curly, dotted and dashed lines are underlines too; `4:0` is none.
      if (Number(part.slice(colon + 1)) === 0) delete next.underline;
      else next.underline = true;
    } else setSimple(next, code);
  }
  return isPlain(next) ? plainStyle : one(next);
}

const ones = new Map<string, AnsiStyle>();
const mostOnes = 2_000;

/** The same object for the same look, so that going back and forth between two looks ends where it began. */
function one(style: AnsiStyle): AnsiStyle {
  const { color, background, bold, dim, italic, underline, inverse } = style;
  const key = `${color} ${background} ${bold} ${dim} ${italic} ${underline} ${inverse}`;
  const same = ones.get(key);
  if (same !== undefined) return same;
  if (ones.size >= mostOnes) ones.clear();
  ones.set(key, style);
  return style;
}

/** What a text does to whatever style comes before it: a part that both have alike is what it made of it. */
export interface StyleEffect {
  readonly ofPlain: AnsiStyle;
  readonly ofMarked: AnsiStyle;
}

/** A style in which every part is something that no program asks for, or is set. */
export const markedStyle: AnsiStyle = {
  color: -1,
  background: -1,
  bold: true,
  dim: true,
  italic: true,
  underline: true,
  inverse: true,
};

/** What both do, one after the other. */
export function bothEffects(first: StyleEffect, then: StyleEffect): StyleEffect {
  return { ofPlain: after(first.ofPlain, then), ofMarked: after(first.ofMarked, then) };
}

/** Nothing that comes before it matters. */
export function isDecided({ ofPlain, ofMarked }: StyleEffect): boolean {
  return sameStyle(ofPlain, ofMarked);
}

function after(before: AnsiStyle, { ofPlain, ofMarked }: StyleEffect): AnsiStyle {
  const style: Mutable<AnsiStyle> = {
    color: ofPlain.color === ofMarked.color ? ofPlain.color : before.color,
    background: ofPlain.background === ofMarked.background ? ofPlain.background : before.background,
  };
  for (const name of ["bold", "dim", "italic", "underline", "inverse"] as const) {
    style[name] = ofPlain[name] === ofMarked[name] ? ofPlain[name] : before[name];
  }
  return style;
}

function setSimple(style: Mutable<AnsiStyle>, code: number): void {
  if (code >= 30 && code <= 37) style.color = code - 30;
  else if (code >= 40 && code <= 47) style.background = code - 40;
  else if (code >= 90 && code <= 97) style.color = code - 90 + 8;
  else if (code >= 100 && code <= 107) style.background = code - 100 + 8;
  else if (code === 39) delete style.color;
  else if (code === 49) delete style.background;
  else if (code === 1) style.bold = true;
  else if (code === 2) style.dim = true;
  else if (code === 3) style.italic = true;
  else if (code === 4 || code === 21) style.underline = true;
  else if (code === 7) style.inverse = true;
  else if (code === 22) {
    delete style.bold;
    delete style.dim;
  } else if (code === 23) delete style.italic;
  else if (code === 24) delete style.underline;
  else if (code === 27) delete style.inverse;
}

/** `38;5;n` and `38;2;r;g;b`: how many of the parts behind the first belong to the colour. */
function semicolonColor(parts: readonly string[], index: number): { color: AnsiColor | undefined; used: number } {
  if (parts[index + 1] === "5") return { color: paletteColor(parts[index + 2]), used: 2 };
  if (parts[index + 1] === "2") return { color: rgbColor(parts.slice(index + 2, index + 5)), used: 4 };
  return { color: undefined, used: 0 };
}

/** `5:n`, `2:r:g:b`, and `2::r:g:b` with its place for a colour space. */
function colonColor(parts: readonly string[]): AnsiColor | undefined {
  if (parts[0] === "5") return paletteColor(parts[1]);
  if (parts[0] === "2") return rgbColor(parts.length >= 5 ? parts.slice(2, 5) : parts.slice(1, 4));
  return undefined;
}

function paletteColor(text: string | undefined): AnsiColor | undefined {
  const value = Number(text ?? "");
  return Number.isInteger(value) && value >= 0 && value <= 255 ? value : undefined;
}

function rgbColor(parts: readonly string[]): AnsiColor | undefined {
  const [red, green, blue] = parts.map(paletteColor);
  if (red === undefined || green === undefined || blue === undefined) return undefined;
  return trueColor + red * 0x1_00_00 + green * 0x1_00 + blue;
}
