// The colours of a program's output on the page: those of the theme's terminal, of the fixed palette or as the program
// names them, made light or dark enough to be read on their ground, as the workbench's terminal does.

import { type AnsiColor, type AnsiStyle, trueColor } from "../../src/trace/ansiStyle";

/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [number, number, number];

export interface AnsiColors {
  /** The sixteen. */
  readonly theme: readonly Rgb[];
  readonly foreground: Rgb;
  readonly background: Rgb;
}

export interface Paint {
  readonly color?: string | undefined;
  readonly backgroundColor?: string | undefined;
}

const names = ["Black", "Red", "Green", "Yellow", "Blue", "Magenta", "Cyan", "White"];
const variables = [...names, ...names.map((name) => `Bright${name}`)].map((name) => `--vscode-terminal-ansi${name}`);
/** What xterm's own are, for a theme that names none. */
const fallback: readonly number[] = [
  0x000000, 0xcd3131, 0x0dbc79, 0xe5e510, 0x2472c8, 0xbc3fbc, 0x11a8cd, 0xe5e5e5, 0x666666, 0xf14c4c, 0x23d18b,
  0xf5f543, 0x3b8eea, 0xd670d6, 0x29b8db, 0xe5e5e5,
];
/** As the workbench's terminal has it unless the person sets another one. */
const leastContrast = 4.5;

export function readAnsiColors(element: HTMLElement): AnsiColors {
  const style = getComputedStyle(element);
  const read = (name: string) => parseColor(style.getPropertyValue(name));
  const background = read("--vscode-editor-background") ?? parseColor(style.backgroundColor) ?? [0, 0, 0];
  return {
    theme: variables.map((name, index) => read(name) ?? rgbOf(fallback[index] ?? 0)),
    foreground: read("--vscode-terminal-foreground") ?? parseColor(style.color) ?? [204, 204, 204],
    background,
  };
}

/** `#rgb`, `#rrggbb` and `rgb(...)`, which is what themes become; undefined for anything else. */
export function parseColor(text: string): Rgb | undefined {
  const value = text.trim();
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])[0-9a-f]?$/i.exec(value);
  if (short !== null) return triple(short.slice(1).map((digit) => Number.parseInt(digit + digit, 16)));
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})(?:[0-9a-f]{2})?$/i.exec(value);
  if (long !== null) return triple(long.slice(1).map((digits) => Number.parseInt(digits, 16)));
  const named = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)/i.exec(value);
  return named === null ? undefined : triple(named.slice(1).map(Number));
}

export class AnsiPainter {
  readonly #colors: AnsiColors;
  readonly #known = new Map<string, Paint>();

  constructor(colors: AnsiColors) {
    this.#colors = colors;
  }

  /** What is left out is the page's own. */
  paint({ color, background, inverse }: AnsiStyle): Paint {
    if (color === undefined && background === undefined && inverse !== true) return {};
    const key = `${color} ${background} ${inverse}`;
    let paint = this.#known.get(key);
    if (paint === undefined) {
      paint = this.#make(color, background, inverse === true);
      if (this.#known.size > 2_000) this.#known.clear();
      this.#known.set(key, paint);
    }
    return paint;
  }

  #make(color: AnsiColor | undefined, background: AnsiColor | undefined, isInverse: boolean): Paint {
    const text = color === undefined ? this.#colors.foreground : this.#rgb(color);
    const ground = background === undefined ? this.#colors.background : this.#rgb(background);
    const [front, behind] = isInverse ? [ground, text] : [text, ground];
    const isOwnGround = background === undefined && !isInverse;
    return {
      color: css(readable(front, behind)),
      ...(isOwnGround ? {} : { backgroundColor: css(behind) }),
    };
  }

  #rgb(color: AnsiColor): Rgb {
    if (color >= trueColor) return rgbOf(color - trueColor);
    return color < 16 ? (this.#colors.theme[color] ?? [0, 0, 0]) : paletteRgb(color);
  }
}

/** The color itself where it can be read on the ground, else one towards white or black that can. */
export function readable(color: Rgb, ground: Rgb): Rgb {
  if (contrast(color, ground) >= leastContrast) return color;
  const towards = luminance(ground) < 0.18 ? 255 : 0;
  for (let share = 0.1; share < 1; share += 0.1) {
    const mixed = triple(color.map((part) => Math.round(part + (towards - part) * share)));
    if (mixed !== undefined && contrast(mixed, ground) >= leastContrast) return mixed;
  }
  return [towards, towards, towards];
}

/** As WCAG has it: 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((one, other) => other - one) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance([red, green, blue]: Rgb): number {
  const linear = (part: number) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** 16 to 231: a cube of six steps each; 232 to 255: greys. */
function paletteRgb(color: number): Rgb {
  if (color >= 232) {
    const grey = 8 + 10 * (color - 232);
    return [grey, grey, grey];
  }
  const index = color - 16;
  const step = (part: number) => (part === 0 ? 0 : 55 + 40 * part);
  return [step(Math.floor(index / 36)), step(Math.floor(index / 6) % 6), step(index % 6)];
}

function rgbOf(value: number): Rgb {
  return [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
}

function triple([red, green, blue]: readonly number[]): Rgb | undefined {
  return red === undefined || green === undefined || blue === undefined ? undefined : [red, green, blue];
}

function css([red, green, blue]: Rgb): string {
  return `rgb(${red}, ${green}, ${blue})`;
}
