// A canvas whose pixels are the screen's, at every zoom of the page.

import { deviceSpan } from "../layout/devicePixels";

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  /** Moves a coordinate to a whole device pixel: both ways, or where the canvas begins within one, one way. */
  snap(px: number): number;
  snapX(px: number): number;
  snapY(px: number): number;
}

/**
 * Gives the canvas so many CSS px, clears it and returns a context that draws in CSS px; undefined where the browser
 * gives none.
 */
export function openSurface(canvas: HTMLCanvasElement, width: number, height: number): Surface | undefined {
  const ratio = devicePixelRatio();
  const pixelWidth = Math.max(1, Math.round(width * ratio));
  const pixelHeight = Math.max(1, Math.round(height * ratio));
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  return surface(canvas, { pixelWidth, pixelHeight, leadX: 0, leadY: 0, width, height });
}

/**
 * Lays the canvas on whole device pixels around a box within its parent; coordinates are those of the box, and what is
 * drawn lies on the pixels on which the page draws what has the same ones.
 */
export function placeSurface(canvas: HTMLCanvasElement, horizontal: Stretch, vertical: Stretch): Surface | undefined {
  const ratio = devicePixelRatio();
  const x = deviceSpan(horizontal.originPx, horizontal.from, horizontal.length, ratio);
  const y = deviceSpan(vertical.originPx, vertical.from, vertical.length, ratio);
  const { style } = canvas;
  style.left = `${x.offset}px`;
  style.top = `${y.offset}px`;
  style.width = `${x.length}px`;
  style.height = `${y.length}px`;
  const [width, height] = [horizontal.length, vertical.length];
  return surface(canvas, { pixelWidth: x.pixels, pixelHeight: y.pixels, leadX: x.lead, leadY: y.lead, width, height });
}

/** A side of a box. */
export interface Stretch {
  /** Where `from` counts from, in CSS px of the page. */
  readonly originPx: number;
  readonly from: number;
  readonly length: number;
}

export function devicePixelRatio(): number {
  return globalThis.devicePixelRatio || 1;
}

interface Pixels {
  readonly pixelWidth: number;
  readonly pixelHeight: number;
  /** Device px before the first coordinate. */
  readonly leadX: number;
  readonly leadY: number;
  readonly width: number;
  readonly height: number;
}

function surface(canvas: HTMLCanvasElement, pixels: Pixels): Surface | undefined {
  const { pixelWidth, pixelHeight, leadX, leadY, width, height } = pixels;
  const ratio = devicePixelRatio();
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  const context = canvas.getContext("2d");
  if (context === null) return undefined;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, pixelWidth, pixelHeight);
  context.setTransform(ratio, 0, 0, ratio, leadX, leadY);
  const snapX = (px: number) => (Math.round(px * ratio + leadX) - leadX) / ratio;
  const snapY = (px: number) => (Math.round(px * ratio + leadY) - leadY) / ratio;
  return { context, width, height, snap: snapX, snapX, snapY };
}

const patterns = new Map<string, CanvasPattern>();

/** Diagonal lines of a colour on a thinner ground of the same colour. */
export function hatch(context: CanvasRenderingContext2D, color: string): CanvasPattern | string {
  const ratio = devicePixelRatio();
  const key = `${color} ${ratio}`;
  const known = patterns.get(key);
  if (known !== undefined) return known;
  const size = 6;
  const tile = new OffscreenCanvas(Math.round(size * ratio), Math.round(size * ratio));
  const drawing = tile.getContext("2d");
  if (drawing === null) return color;
  drawing.scale(tile.width / size, tile.height / size);
  drawing.fillStyle = color;
  drawing.globalAlpha = 0.25;
  drawing.fillRect(0, 0, size, size);
  drawing.globalAlpha = 1;
  drawing.strokeStyle = color;
  drawing.lineWidth = 1.5;
  drawing.beginPath();
  for (const offset of [-size, 0, size]) {
    drawing.moveTo(offset - 1, size + 1);
    drawing.lineTo(offset + size + 1, -1);
  }
  drawing.stroke();
  const pattern = context.createPattern(tile, "repeat");
  if (pattern === null) return color;
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  if (patterns.size > 50) patterns.clear();
  patterns.set(key, pattern);
  return pattern;
}

/** The colour with less of it; understood by canvases of every browser that VS Code has. */
export function faded(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${Math.round(alpha * 100)}%, transparent)`;
}
