// Draws the strip: density of activity from the bottom up, failures as ticks from the top down, idle stretches hatched,
// and what is outside of the shown range dimmed.

import type { Activity } from "../layout/activityGrid";
import { hatch, placeSurface, type Stretch } from "./canvas";
import type { Palette } from "./palette";

export interface StripPicture {
  /** The box within the parent of the canvas that is drawn on. */
  readonly horizontal: Stretch;
  readonly vertical: Stretch;
  readonly activity: Activity;
  readonly gaps: readonly { readonly x: number; readonly width: number; readonly label: string }[];
  /** The shown range in px; undefined while everything is shown. */
  readonly brush: { readonly from: number; readonly to: number } | undefined;
  readonly nowX: number | undefined;
}

/** CSS px above the bars, for the ticks of failures. */
const headPx = 9;

export function drawStrip(canvas: HTMLCanvasElement, picture: StripPicture, palette: Palette): void {
  const surface = placeSurface(canvas, picture.horizontal, picture.vertical);
  if (surface === undefined) return;
  const { context, snap, width, height } = surface;
  const { activity } = picture;
  const buckets = activity.generations.length;
  const bucketPx = width / Math.max(1, buckets);
  const room = height - headPx - 2;
  for (const gap of picture.gaps) {
    context.fillStyle = hatch(context, palette.gap);
    context.fillRect(snap(gap.x), 0, Math.max(2, snap(gap.width)), height);
  }
  for (let bucket = 0; bucket < buckets; bucket++) {
    const generations = activity.generations[bucket] ?? 0;
    const others = activity.others[bucket] ?? 0;
    if (generations + others === 0) continue;
    const x = snap(bucket * bucketPx);
    const barWidth = Math.max(1, snap((bucket + 1) * bucketPx) - x);
    // By square root: a single span beside a burst of a hundred is still seen.
    const scaled = Math.max(2, room * Math.sqrt((generations + others) / activity.peak));
    const lower = (scaled * generations) / (generations + others);
    context.fillStyle = palette.generations;
    context.fillRect(x, height - lower, barWidth, lower);
    context.fillStyle = palette.others;
    context.fillRect(x, height - scaled, barWidth, scaled - lower);
  }
  if (picture.brush !== undefined) {
    context.fillStyle = palette.background;
    context.globalAlpha = 0.65;
    context.fillRect(0, 0, picture.brush.from, height);
    context.fillRect(picture.brush.to, 0, width - picture.brush.to, height);
    context.globalAlpha = 1;
  }
  const failureCount = activity.failures.reduce((count, failure) => count + (failure === 2 ? 1 : 0), 0);
  // Many failures as lines would hide the rest.
  const linePx = failureCount <= width / 60 ? height : headPx;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const failure = activity.failures[bucket] ?? 0;
    if (failure === 0) continue;
    const x = snap(Math.min(width - 4, Math.max(4, (bucket + 0.5) * bucketPx)));
    context.fillStyle = failure === 2 ? palette.failed : palette.recovered;
    context.fillRect(x - 1, failure === 2 ? 0 : 3, 2, failure === 2 ? linePx : headPx - 3);
    if (failure === 2 && linePx === height) {
      context.beginPath();
      context.moveTo(x - 4, 0);
      context.lineTo(x + 4, 0);
      context.lineTo(x, 6);
      context.fill();
    }
  }
  context.font = palette.font;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const gap of picture.gaps) {
    const labelWidth = context.measureText(gap.label).width + 8;
    const middle = Math.min(Math.max(gap.x + gap.width / 2, labelWidth / 2), width - labelWidth / 2);
    context.fillStyle = palette.background;
    context.fillRect(middle - labelWidth / 2, height / 2 - 8, labelWidth, 16);
    context.fillStyle = palette.dimText;
    context.fillText(gap.label, middle, height / 2);
  }
  if (picture.nowX !== undefined) {
    context.fillStyle = palette.now;
    context.fillRect(snap(picture.nowX) - 1, 0, 1, height);
  }
}
