// Draws the bars of the rows in view, on one canvas that lies over them.

import type { BarRect, BarState } from "../layout/bars";
import { labelPlace } from "../layout/bars";
import { faded, hatch, openSurface, type Surface } from "./canvas";
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
  readonly width: number;
  readonly height: number;
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
  const surface = openSurface(canvas, picture.width, picture.height);
  if (surface === undefined) return;
  const { context, snap } = surface;
  const hairline = 1 / (globalThis.devicePixelRatio || 1);
  context.fillStyle = palette.grid;
  for (const x of picture.gridX) context.fillRect(snap(x), 0, Math.max(hairline, 0.5), picture.height);
  context.fillStyle = hatch(context, palette.gap);
  for (const gap of picture.gaps) context.fillRect(snap(gap.x), 0, Math.max(1, snap(gap.width)), picture.height);
  if (picture.nowX !== undefined) {
    context.fillStyle = palette.now;
    context.fillRect(snap(picture.nowX) - 1, 0, 1, picture.height);
  }
  context.font = palette.font;
  context.textBaseline = "middle";
  for (const bar of picture.bars) drawBar(surface, bar, picture, palette);
}

function drawBar(surface: Surface, item: BarToDraw, picture: WaterfallPicture, palette: Palette): void {
  const { context, snap } = surface;
  const height = item.isContainer ? containerPx : barPx;
  const x = snap(item.bar.x);
  const y = snap(item.top + (picture.rowPx - height) / 2);
  const width = Math.max(2, snap(item.bar.x + item.bar.width) - x);
  const base = barColor(item, palette);
  context.fillStyle =
    item.state === "interrupted" ? hatch(context, base) : item.isOpen ? fadingEnd(context, base, x, width) : base;
  context.beginPath();
  const radius = width > 4 ? 2 : 0;
  context.roundRect(x, y, width, height, item.isOpen ? [radius, 0, 0, radius] : radius);
  context.fill();
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
  const place = labelPlace({ x, width }, context.measureText(item.label).width, picture.width - 4);
  if (place === undefined) return;
  context.fillStyle = item.state === "failed" ? palette.failed : palette.dimText;
  context.textAlign = place.align;
  context.fillText(item.label, place.x, item.top + picture.rowPx / 2 + 0.5);
}

function barColor(item: BarToDraw, palette: Palette): string {
  switch (item.state) {
    case "failed":
      return palette.failed;
    case "recovered":
      return palette.recovered;
    case "interrupted":
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
