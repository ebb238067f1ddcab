// Draws what stands above the lanes: the time axis, how much was at work, and the names of bursts.

import { devicePixelRatio, hatch, type Surface } from "../draw/canvas";
import type { BarState } from "../layout/bars";
import { BarFills, letterWidth } from "./barFills";
import type { BurstMark } from "./burstMarks";
import { surfaceInParent } from "./surfaceInParent";
import type { TimelinePalette } from "./timelinePalette";

export const axisPx = 18;
export const densityPx = 24;
export const pathPx = 17;
export const burstPx = 16;

export interface HeadPicture {
  readonly width: number;
  readonly height: number;
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  readonly gaps: readonly { readonly x: number; readonly width: number; readonly label: string }[];
  /** Their labels stand on the axis, beside the lines of the crashes. */
  readonly crashes: readonly { readonly x: number; readonly label: string }[];
  /** Steps at work in columns of equal width; undefined until it is known. */
  readonly density: DensityPicture | undefined;
  /** The critical path; undefined while it is not shown. */
  readonly path: readonly PathPiece[] | undefined;
  readonly marks: readonly BurstMark[];
  /** Where their first line begins. */
  readonly burstTop: number;
  readonly burstText: (index: number, mostPx: number, widthOf: (text: string) => number) => string;
  readonly nowX: number | undefined;
}

export interface PathPiece {
  readonly x: number;
  readonly width: number;
  /** Undefined where no step was at work. */
  readonly step: { readonly state: BarState; readonly kind: number; words(mostLetters: number): string } | undefined;
}

export interface DensityPicture {
  /** Left edges, and the right edge of the last. */
  readonly x: Float64Array;
  readonly atWork: Float32Array;
  readonly begun: Uint32Array;
  readonly peak: number;
  readonly peakLabel: string;
}

export function drawHead(canvas: HTMLCanvasElement, picture: HeadPicture, palette: TimelinePalette): void {
  const surface = surfaceInParent(canvas, picture.width, picture.height);
  if (surface === undefined) return;
  const { context, snapX } = surface;
  const hairline = Math.max(0.5, 1 / devicePixelRatio());
  context.font = palette.font;
  context.textBaseline = "middle";
  for (const { x } of picture.ticks) {
    context.fillStyle = palette.grid;
    context.fillRect(snapX(x), 0, hairline, picture.height);
  }
  context.fillStyle = hatch(context, palette.gap);
  for (const gap of picture.gaps) context.fillRect(snapX(gap.x), axisPx, Math.max(1, snapX(gap.width)), picture.height);
  drawDensity(surface, picture, palette);
  drawPath(surface, picture, palette);
  drawBursts(surface, picture, palette);
  drawAxis(surface, picture, palette);
  if (picture.nowX !== undefined) {
    context.fillStyle = palette.now;
    context.fillRect(snapX(picture.nowX) - 1, 0, 1, picture.height);
  }
}

function drawAxis({ context }: Surface, picture: HeadPicture, palette: TimelinePalette): void {
  const taken = picture.crashes.map(({ x, label }) => {
    const wide = context.measureText(label).width + 12;
    return x < picture.width / 2 ? { from: x, to: x + wide } : { from: x - wide, to: x };
  });
  context.textAlign = "center";
  context.fillStyle = palette.dimText;
  for (const gap of picture.gaps) {
    const half = context.measureText(gap.label).width / 2 + 2;
    const middle = Math.min(picture.width - half, Math.max(half, gap.x + gap.width / 2));
    if (taken.some(({ from, to }) => middle + half > from && middle - half < to)) continue;
    taken.push({ from: middle - half - 6, to: middle + half + 6 });
    context.fillText(gap.label, middle, axisPx / 2);
  }
  context.textAlign = "left";
  for (const { x, label } of picture.ticks) {
    const width = context.measureText(label).width + 4;
    const from = x + 4;
    if (from + width > picture.width || taken.some((other) => from + width > other.from && from < other.to)) continue;
    taken.push({ from, to: from + width });
    context.fillText(label, from, axisPx / 2);
  }
}

function drawDensity({ context, snapX, snapY }: Surface, picture: HeadPicture, palette: TimelinePalette): void {
  const bottom = axisPx + densityPx;
  context.fillStyle = palette.grid;
  context.fillRect(0, snapY(bottom), picture.width, 1);
  const { density } = picture;
  if (density === undefined || density.peak === 0) return;
  const room = densityPx - 3;
  context.fillStyle = palette.others;
  context.globalAlpha = palette.isHighContrast ? 1 : 0.55;
  for (let column = 0; column < density.atWork.length; column++) {
    const value = density.atWork[column] ?? 0;
    const hasBegun = (density.begun[column] ?? 0) > 0;
    if (value === 0 && !hasBegun) continue;
    const left = snapX(density.x[column] ?? 0);
    const right = Math.max(left + 1, snapX(density.x[column + 1] ?? 0));
    if (right < 0 || left > picture.width) continue;
    const height = Math.max(1.5, room * Math.min(1, value / density.peak));
    context.fillRect(left, bottom - height, right - left, height);
  }
  context.globalAlpha = 1;
  context.textAlign = "right";
  // Read over a busy end, too.
  const wide = context.measureText(density.peakLabel).width;
  context.fillStyle = palette.background;
  context.globalAlpha = 0.75;
  context.fillRect(picture.width - wide - 6, axisPx + 1, wide + 4, 14);
  context.globalAlpha = 1;
  context.fillStyle = palette.dimText;
  context.fillText(density.peakLabel, picture.width - 4, axisPx + 8);
}

function drawPath({ context, snapX }: Surface, { path, width }: HeadPicture, palette: TimelinePalette): void {
  if (path === undefined) return;
  const top = axisPx + densityPx + 2;
  const high = pathPx - 4;
  const fills = new BarFills(palette);
  const letterPx = letterWidth(context);
  context.textAlign = "left";
  for (const { x, width: wide, step } of path) {
    const left = snapX(x);
    // A hair's breadth apart, so that two of a colour are two.
    const right = Math.max(left + 1, snapX(x + wide) - (wide > 4 ? 1 : 0));
    if (step === undefined) {
      context.fillStyle = palette.gap;
      context.fillRect(left, top + high / 2, right - left, 1);
      continue;
    }
    const color = fills.color(step.state, step.kind);
    context.fillStyle = right - left <= 4 ? color : fills.ground(color);
    context.fillRect(left, top, right - left, high);
    context.fillStyle = color;
    context.fillRect(left, top + high - 2, right - left, 2);
    const letters = Math.floor((Math.min(right, width) - Math.max(0, left) - 6) / letterPx);
    if (letters < 4) continue;
    context.fillStyle = palette.text;
    context.fillText(step.words(letters), Math.max(0, left) + 4, top + high / 2);
  }
}

function drawBursts({ context, snapX }: Surface, picture: HeadPicture, palette: TimelinePalette): void {
  context.textAlign = "left";
  for (const mark of picture.marks) {
    const top = picture.burstTop + mark.line * burstPx;
    const left = snapX(mark.x);
    const right = Math.max(left + 2, snapX(mark.x + mark.width));
    if (mark.textPx > 0) {
      const words = picture.burstText(mark.index, mark.textPx - 5, (text) => context.measureText(text).width);
      const textLeft = Math.max(0, mark.x) + 4;
      // Read over idle stretches and grid lines, too.
      context.fillStyle = palette.background;
      context.globalAlpha = 0.75;
      context.fillRect(textLeft - 2, top + 2, context.measureText(words).width + 4, burstPx - 3);
      context.globalAlpha = 1;
      context.fillStyle = palette.burstText;
      context.fillText(words, textLeft, top + 9);
    }
    context.fillStyle = palette.burst;
    context.fillRect(left, top + 1, right - left, 2);
    context.fillRect(left, top + 1, 2, burstPx - 3);
    context.fillRect(right - 1, top + 1, 1, 5);
  }
}
