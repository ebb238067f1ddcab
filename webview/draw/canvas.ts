// A canvas whose pixels are the screen's, at every zoom of the page.

/**
 * Gives the canvas so many CSS px, clears it and returns a context that draws in CSS px; undefined where the browser
 * gives none. `snap` moves a coordinate to a whole device pixel.
 */
export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  snap(px: number): number;
}

export function openSurface(canvas: HTMLCanvasElement, width: number, height: number): Surface | undefined {
  const ratio = globalThis.devicePixelRatio || 1;
  const pixelWidth = Math.max(1, Math.round(width * ratio));
  const pixelHeight = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== pixelWidth) canvas.width = pixelWidth;
  if (canvas.height !== pixelHeight) canvas.height = pixelHeight;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (context === null) return undefined;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height, snap: (px) => Math.round(px * ratio) / ratio };
}

const patterns = new Map<string, CanvasPattern>();

/** Diagonal lines of a colour on a thinner ground of the same colour. */
export function hatch(context: CanvasRenderingContext2D, color: string): CanvasPattern | string {
  const ratio = globalThis.devicePixelRatio || 1;
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
