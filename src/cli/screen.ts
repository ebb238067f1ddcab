// Lines for a terminal, or for whatever reads the output in its place: pieces of text with a style each, laid out in the
// columns that there are. Colours only where a person sees them or asked for them.

import { cutToWidth, textWidth } from "./textWidth";

export interface Screen {
  /** Columns; undefined where a line may have any length, as in a pipe or a file. */
  readonly width: number | undefined;
  readonly hasColor: boolean;
}

const codes = {
  strong: "1",
  faint: "2",
  error: "31",
  errorStrong: "1;31",
  good: "32",
  warning: "33",
  live: "36",
} as const;
export type Style = keyof typeof codes;

/** `text` is fit to be shown: see `visibleText.ts`. */
export interface Piece {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** Column in which lines end that may have any length. */
const alignedWidth = 100;
const leastWidth = 20;

type Environment = Readonly<Record<string, string | undefined>>;

/** As `FORCE_COLOR`, `NO_COLOR` and `TERM` say, in this order; else colours for a terminal. An empty variable says nothing. */
export function screenOf(
  stream: { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined },
  env: Environment,
  noColor: boolean,
): Screen {
  return { width: widthOf(stream, env), hasColor: !noColor && wantsColor(stream.isTTY === true, env) };
}

function wantsColor(isTerminal: boolean, env: Environment): boolean {
  const forced = env["FORCE_COLOR"];
  if (forced) return forced !== "0" && forced !== "false";
  return isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

function widthOf(
  stream: { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined },
  env: Environment,
): number | undefined {
  const told = Number(env["COLUMNS"]);
  const width =
    stream.isTTY === true ? stream.columns || 80 : Number.isSafeInteger(told) && told > 0 ? told : undefined;
  return width === undefined ? undefined : Math.max(leastWidth, width);
}

export function paint(pieces: readonly Piece[], { hasColor }: Screen): string {
  return pieces
    .map(({ text, style }) =>
      style === undefined || !hasColor || text === "" ? text : `\u001b[${codes[style]}m${text}\u001b[0m`,
    )
    .join("");
}

/** One line: `left` cut where it has no room, `right` at the right edge, unless it would take most of the line. */
export function paintLine(left: readonly Piece[], right: readonly Piece[], screen: Screen): string {
  const end = screen.width ?? alignedWidth;
  const rightWidth = widthOfPieces(right);
  if (screen.width !== undefined && rightWidth > (2 * end) / 3) return paintLine(left, [], screen);
  const room = rightWidth === 0 ? end : end - rightWidth - 2;
  const shown = screen.width === undefined ? left : cutPieces(left, room);
  if (rightWidth === 0) return paint(shown, screen);
  const gap = Math.max(2, end - widthOfPieces(shown) - rightWidth);
  return paint([...shown, { text: " ".repeat(gap) }, ...right], screen);
}

export function widthOfPieces(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { text }) => sum + textWidth(text), 0);
}

export function cutPieces(pieces: readonly Piece[], width: number): readonly Piece[] {
  if (widthOfPieces(pieces) <= width) return pieces;
  const kept: Piece[] = [];
  let left = width;
  for (const [index, piece] of pieces.entries()) {
    const taken = textWidth(piece.text);
    // The last column is the ellipsis's, unless nothing follows.
    if (taken < left || (taken === left && index === pieces.length - 1)) {
      kept.push(piece);
      left -= taken;
      continue;
    }
    // One column more than fits, so that what is cut ends in the ellipsis also where the piece itself has room.
    kept.push({ ...piece, text: taken === left ? cutToWidth(`${piece.text} `, left) : cutToWidth(piece.text, left) });
    break;
  }
  return kept;
}
