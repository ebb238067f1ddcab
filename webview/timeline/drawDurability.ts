// Draws the durability lane: how much was not on the disk at each instant, when it was synced and when `S.json` followed,
// and what went wrong on the way.

import { hatch, type Surface } from "../draw/canvas";
import { surfaceInParent } from "./surfaceInParent";
import type { TimelinePalette } from "./timelinePalette";

export const durabilityPx = 50;
const riskPx = 26;
const tickPx = 7;

export interface DurabilityPicture {
  readonly width: number;
  /** Edges of columns, and the most that was not on the disk in each; undefined until it is known. */
  readonly x: Float64Array | undefined;
  readonly unsynced: Uint32Array | undefined;
  readonly peakLabel: string;
  readonly syncX: Float64Array;
  readonly snapshotX: Float64Array;
  readonly crashX: readonly number[];
  readonly degraded: readonly { readonly x: number; readonly width: number }[];
  readonly droppedX: readonly number[];
  /** What was in the journal alone when the session crashed. */
  readonly recovered: { readonly x: number; readonly width: number; readonly label: string } | undefined;
  readonly labels: readonly [risk: string, synced: string, saved: string];
}

export function drawDurability(canvas: HTMLCanvasElement, picture: DurabilityPicture, palette: TimelinePalette): void {
  const surface = surfaceInParent(canvas, picture.width, durabilityPx);
  if (surface === undefined) return;
  const { context, snapX } = surface;
  context.fillStyle = palette.grid;
  context.fillRect(0, 0, picture.width, 1);
  context.fillStyle = hatch(context, palette.risk);
  for (const { x, width } of picture.degraded) context.fillRect(snapX(x), 2, Math.max(2, snapX(width)), riskPx);
  drawRisk(surface, picture, palette);
  drawTicks(surface, picture.syncX, riskPx + 4, palette.synced, picture.width);
  drawTicks(surface, picture.snapshotX, riskPx + 4 + tickPx + 4, palette.saved, picture.width);
  const { recovered } = picture;
  if (recovered !== undefined) {
    context.fillStyle = hatch(context, palette.recoveredGround);
    context.fillRect(snapX(recovered.x), riskPx + 2, Math.max(3, snapX(recovered.width)), durabilityPx - riskPx - 2);
  }
  drawLabels(surface, picture, palette);
  for (const x of picture.droppedX) {
    context.fillStyle = palette.failed;
    context.beginPath();
    context.moveTo(x - 4, 2);
    context.lineTo(x + 4, 2);
    context.lineTo(x, 9);
    context.fill();
  }
  context.fillStyle = palette.failed;
  for (const x of picture.crashX) context.fillRect(snapX(x) - 1, 0, 2, durabilityPx);
}

function drawRisk({ context, snapX, snapY }: Surface, picture: DurabilityPicture, palette: TimelinePalette): void {
  const { x, unsynced } = picture;
  const bottom = riskPx + 1;
  if (x !== undefined && unsynced !== undefined) {
    let peak = 0;
    for (const value of unsynced) peak = Math.max(peak, value);
    context.fillStyle = palette.risk;
    for (let column = 0; column < unsynced.length; column++) {
      const value = unsynced[column] ?? 0;
      if (value === 0) continue;
      const left = snapX(x[column] ?? 0);
      const right = Math.max(left + 1, snapX(x[column + 1] ?? 0));
      if (right < 0 || left > picture.width) continue;
      const height = Math.max(1.5, (riskPx - 4) * (value / peak));
      context.fillRect(left, bottom - height, right - left, height);
    }
  }
  context.fillStyle = palette.grid;
  context.fillRect(0, snapY(bottom), picture.width, 1);
}

function drawTicks({ context, snapX }: Surface, ticks: Float64Array, top: number, color: string, width: number): void {
  context.fillStyle = color;
  let last = Number.NEGATIVE_INFINITY;
  for (const x of ticks) {
    // Of thousands on one px one is enough.
    if (x < -1 || x > width + 1 || x - last < 1) continue;
    context.fillRect(snapX(x) - 1, top, 2, tickPx);
    last = x;
  }
}

function drawLabels({ context }: Surface, picture: DurabilityPicture, palette: TimelinePalette): void {
  context.font = palette.font;
  context.textBaseline = "middle";
  context.textAlign = "left";
  const at = [10, riskPx + 4 + tickPx / 2, riskPx + 8 + tickPx * 1.5];
  for (const [index, label] of picture.labels.entries()) plate(context, label, 0, at[index] ?? 0, palette);
  context.textAlign = "left";
  const right = context.measureText(picture.peakLabel).width;
  if (picture.peakLabel !== "") plate(context, picture.peakLabel, picture.width - right - 6, 10, palette);
  const { recovered } = picture;
  if (recovered === undefined) return;
  const wide = context.measureText(recovered.label).width + 6;
  const x = Math.min(picture.width - wide, Math.max(90, recovered.x + (recovered.width - wide) / 2));
  if (x + wide <= picture.width && x >= 90) plate(context, recovered.label, x, riskPx + 13, palette);
}

/** Words on a ground of their own, so that they are read over whatever is drawn there. */
function plate(
  context: CanvasRenderingContext2D,
  label: string,
  x: number,
  middle: number,
  palette: TimelinePalette,
): void {
  const width = context.measureText(label).width + 6;
  context.fillStyle = palette.background;
  context.globalAlpha = 0.8;
  context.fillRect(x, middle - 6, width, 12);
  context.globalAlpha = 1;
  context.fillStyle = palette.dimText;
  context.fillText(label, x + 3, middle + 0.5);
}
