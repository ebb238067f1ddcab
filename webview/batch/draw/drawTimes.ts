// Draws the time of a batch: the band of its states, marks for the streams of items, the runs under way with those that
// failed above them, and the axis.

import type { BatchStatus } from "../../../src/trace/batch/batchRecord";
import { hatch, type Surface } from "../../draw/canvas";
import type { BatchActivity } from "../layout/batchTimes";
import type { BatchPalette } from "./batchPalette";

export interface TimesPicture {
  readonly states: readonly {
    readonly from: number;
    readonly to: number;
    /** The longest first. */
    readonly labels: readonly string[];
    readonly status: BatchStatus;
    readonly isBad: boolean;
    /** Nothing follows by itself. */
    readonly isEnd: boolean;
  }[];
  readonly streams: readonly { readonly x: number; readonly look: "sealed" | "plain" | "retry" | "refused" }[];
  readonly gaps: readonly { readonly x: number; readonly width: number; readonly label: string }[];
  readonly ticks: readonly { readonly x: number; readonly label: string }[];
  /** Undefined where there is no room for it. */
  readonly activity: BatchActivity | undefined;
  readonly columnPx: number;
  readonly nowX: number | undefined;
  readonly pointerX: number | undefined;
}

export const bandPx = 16;
const marksPx = 8;
const axisPx = 13;
/** Of the state in which the batch ended. */
const capPx = 6;
const ticksPx = 7;

export function drawTimes(surface: Surface, picture: TimesPicture, palette: BatchPalette): void {
  drawBand(surface, picture, palette);
  if (picture.activity === undefined) return;
  drawStreams(surface, picture, palette);
  drawActivity(surface, picture, picture.activity, palette);
  drawAxis(surface, picture, palette);
  if (picture.pointerX === undefined) return;
  surface.context.fillStyle = palette.dimText;
  surface.context.fillRect(surface.snapX(picture.pointerX), 0, surface.snapX(1) || 1, surface.height - axisPx);
}

function drawBand({ context, snapX, width }: Surface, { states }: TimesPicture, palette: BatchPalette): void {
  context.font = palette.font;
  context.textBaseline = "middle";
  // Up to where there are words already.
  let wordsEnd = 0;
  for (const { from, to, labels, status, isBad, isEnd } of states) {
    const left = Math.min(snapX(from), width - (isEnd ? capPx : 2));
    const right = Math.min(width, Math.max(snapX(to), left + (isEnd ? capPx : 2)));
    const color = isBad ? palette.failed : palette.statuses[status];
    context.fillStyle = color;
    if (isEnd) {
      // It lasts: where it begins is all there is to draw, with its words before it.
      context.fillRect(left, 0, right - left, bandPx);
      const label = fitting(context, labels, left - wordsEnd - 16);
      if (label === undefined) continue;
      context.fillStyle = palette.text;
      context.textAlign = "right";
      context.fillText(label, left - 5, (bandPx - 1) / 2);
      continue;
    }
    context.globalAlpha = palette.isHighContrast ? 0 : 0.22;
    context.fillRect(left, 0, right - left, bandPx - 1);
    context.globalAlpha = 1;
    // Its start, and the line below, are in the full colour.
    context.fillRect(left, 0, 2, bandPx - 1);
    context.fillRect(left, bandPx - 2, right - left, 2);
    const label = fitting(context, labels, right - left - 10);
    if (label === undefined) continue;
    context.fillStyle = palette.text;
    context.textAlign = "left";
    context.fillText(label, left + 6, (bandPx - 1) / 2);
    wordsEnd = left + 6 + context.measureText(label).width;
  }
}

/** The first of the labels for which there is room. */
function fitting(context: CanvasRenderingContext2D, labels: readonly string[], roomPx: number): string | undefined {
  return labels.find((label) => context.measureText(label).width <= roomPx);
}

function drawStreams({ context, snapX }: Surface, { streams }: TimesPicture, palette: BatchPalette): void {
  for (const { x, look } of streams) {
    const left = snapX(x);
    const color = look === "refused" ? palette.failed : palette.text;
    context.beginPath();
    context.moveTo(left, bandPx + 1);
    context.lineTo(left + 4, bandPx + marksPx - 1);
    context.lineTo(left - 4, bandPx + marksPx - 1);
    context.closePath();
    context.fillStyle = color;
    context.strokeStyle = color;
    context.lineWidth = 1;
    // A retry that was answered as success brought nothing: it is hollow.
    if (look === "retry" || look === "refused") context.stroke();
    else context.fill();
  }
}

function drawActivity(
  { context, snapX, snapY, height }: Surface,
  { gaps, columnPx, nowX }: TimesPicture,
  { underWay, failed, failedLast, peak, mostFailed }: BatchActivity,
  palette: BatchPalette,
): void {
  const top = bandPx + marksPx;
  const bottom = height - axisPx;
  for (const gap of gaps) {
    context.fillStyle = hatch(context, palette.grid);
    context.fillRect(snapX(gap.x), top, Math.max(2, snapX(gap.width)), bottom - top);
    context.font = palette.font;
    const labelPx = context.measureText(gap.label).width;
    if (labelPx + 4 > gap.width) continue;
    const middle = gap.x + gap.width / 2;
    const y = (top + bottom) / 2;
    context.fillStyle = palette.background;
    context.fillRect(middle - labelPx / 2 - 3, y - 8, labelPx + 6, 16);
    context.fillStyle = palette.dimText;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(gap.label, middle, y);
  }
  const room = bottom - top - ticksPx;
  context.fillStyle = palette.running;
  for (let column = 0; column < underWay.length; column++) {
    const value = underWay[column] ?? 0;
    if (value <= 0) continue;
    const x = snapX(column * columnPx);
    const barPx = Math.max(1, (value / Math.max(1, peak)) * room);
    const y = snapY(bottom - barPx);
    context.globalAlpha = 0.55;
    context.fillRect(x, y, snapX((column + 1) * columnPx) - x, bottom - y);
    context.globalAlpha = 1;
    context.fillRect(x, y, snapX((column + 1) * columnPx) - x, 1);
  }
  for (let column = 0; column < failed.length; column++) {
    const count = failed[column] ?? 0;
    if (count === 0) continue;
    // As in the matrix: what another attempt followed steps back.
    context.fillStyle = (failedLast[column] ?? 0) > 0 ? palette.failed : palette.looks.retried;
    const tickPx = 4 + (ticksPx - 4) * Math.sqrt(count / Math.max(1, mostFailed));
    const x = snapX(column * columnPx);
    context.fillRect(x, top, Math.max(2, snapX((column + 1) * columnPx) - x), tickPx);
  }
  context.fillStyle = palette.grid;
  context.fillRect(0, snapY(bottom), snapX(columnPx * underWay.length), 1);
  if (nowX === undefined) return;
  context.fillStyle = palette.running;
  context.fillRect(snapX(nowX) - 1, top, 1, bottom - top);
}

function drawAxis({ context, height }: Surface, { ticks }: TimesPicture, palette: BatchPalette): void {
  context.font = palette.font;
  context.fillStyle = palette.dimText;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  for (const { x, label } of ticks) context.fillText(label, x, height - 2);
}
