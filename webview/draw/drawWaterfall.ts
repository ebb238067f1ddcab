// Draws the bars of the rows in view, on one canvas that lies over them.

import type { BarRect, BarState } from "../layout/bars";
import { labelPlace } from "../layout/bars";
import { devicePixelRatio, faded, hatch, placeSurface, type Stretch, type Surface } from "./canvas";
import type { Palette } from "./palette";

export interface BarToDraw {
  /** CSS px from the top of the canvas to the top of the row. */
  readonly top: number;
  readonly bar: BarRect;
  readonly state: BarState;
  readonly kind: number;
  readonly isOpen: boolean;
  /** Thin: a place for others to happen in. */
  readonly isContainer: boolean;
  /** Duration, beside the bar. */
  readonly label: string;
}

export interface WaterfallPicture {
  /** The box within the parent of the canvas that is drawn on. */
  readonly horizontal: Stretch;
  readonly vertical: Stretch;
  readonly rowPx: number;
  readonly bars: readonly BarToDraw[];
  /** Left edges of grid lines. */
  readonly gridX: readonly number[];
  readonly gaps: readonly { readonly x: number; readonly width: number }[];
  /** Where now is, for a session that runs. */
  readonly nowX: number | undefined;
}

const barPx = 12;
const containerPx = 6;

export function drawWaterfall(canvas: HTMLCanvasElement, picture: WaterfallPicture, palette: Palette): void {
  const surface = placeSurface(canvas, picture.horizontal, picture.vertical);
  if (surface === undefined) return;
  const { context, snapX, height } = surface;
  const hairline = 1 / devicePixelRatio();
  context.fillStyle = palette.grid;
  for (const x of picture.gridX) context.fillRect(snapX(x), 0, Math.max(hairline, 0.5), height);
  context.fillStyle = hatch(context, palette.gap);
  for (const gap of picture.gaps) {
    const x = snapX(gap.x);
    context.fillRect(x, 0, Math.max(1, snapX(gap.x + gap.width) - x), height);
  }
  if (picture.nowX !== undefined) {
    context.fillStyle = palette.now;
    context.fillRect(snapX(picture.nowX) - 1, 0, 1, height);
  }
  context.font = palette.font;
  context.textBaseline = "middle";
  for (const bar of picture.bars) drawBar(surface, bar, picture, palette);
}

function drawBar(surface: Surface, item: BarToDraw, picture: WaterfallPicture, palette: Palette): void {
  const { context, snapX, snapY } = surface;
  const barHeight = item.isContainer ? containerPx : barPx;
  const x = snapX(item.bar.x);
  const y = snapY(item.top + (picture.rowPx - barHeight) / 2);
  const height = snapY(item.top + (picture.rowPx + barHeight) / 2) - y;
  const width = Math.max(2, snapX(item.bar.x + item.bar.width) - x);
  const base = barColor(item, palette);
  context.fillStyle =
    item.state === "interrupted" ? hatch(context, base) : item.isOpen ? fadingEnd(context, base, x, width) : base;
  if (width <= 4) context.fillRect(x, y, width, height);
  else {
    context.beginPath();
    context.roundRect(x, y, width, height, item.isOpen ? [2, 0, 0, 2] : 2);
    context.fill();
  }
  if (item.isOpen && width > 8) {
    context.fillStyle = hatch(context, base);
    const tail = Math.min(width, 28);
    context.fillRect(x + width - tail, y, tail, height);
  }
  if (palette.outline !== "") {
    context.strokeStyle = palette.outline;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, y + 0.5, Math.max(1, width - 1), height - 1);
  }
  if (item.label === "") return;
  const place = labelPlace({ x, width }, textWidth(context, item.label), surface.width - 4);
  if (place === undefined) return;
  context.fillStyle = item.state === "failed" ? palette.failed : palette.dimText;
  context.textAlign = place.align;
  context.fillText(item.label, place.x, snapY(item.top + picture.rowPx / 2 + 0.5));
}

const widths = new Map<string, number>();
let widthsFont = "";

/** Durations are much the same on every screenful, and measuring costs more than drawing. */
function textWidth(context: CanvasRenderingContext2D, label: string): number {
  if (context.font !== widthsFont || widths.size > 5_000) {
    widths.clear();
    widthsFont = context.font;
  }
  let width = widths.get(label);
  if (width === undefined) {
    width = context.measureText(label).width;
    widths.set(label, width);
  }
  return width;
}

function barColor(item: BarToDraw, palette: Palette): string {
  switch (item.state) {
    case "failed":
      return palette.failed;
    case "recovered":
      return palette.recovered;
    case "interrupted":
    case "notRun":
      return palette.interrupted;
    case "open":
    case "ok":
      return palette.kinds[item.kind] ?? palette.text;
  }
}

function fadingEnd(
  context: CanvasRenderingContext2D,
  color: string,
  x: number,
  width: number,
): CanvasGradient | string {
  const fade = Math.min(width, 28);
  const gradient = context.createLinearGradient(x, 0, x + width, 0);
  try {
    gradient.addColorStop(Math.max(0, 1 - fade / width), color);
    gradient.addColorStop(1, faded(color, 0.1));
  } catch {
    // A theme may hold a colour that this browser cannot mix.
    return color;
  }
  return gradient;
}
