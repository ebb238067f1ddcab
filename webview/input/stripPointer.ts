// Mouse, wheel and keys of the strip as ranges of drawn time. Pure: coordinates in, ranges out.

import { type DrawnRange, moveRange, type TimeScale, zoomAbout } from "../layout/timeScale";

export type StripGrab =
  | { readonly type: "new"; readonly anchor: number }
  | { readonly type: "from" }
  | { readonly type: "to" }
  | { readonly type: "move"; readonly grabbedAt: number; readonly range: DrawnRange };

/** How near to a handle a press takes hold of it. */
const handlePx = 5;
/** A shorter drag is a click. */
export const clickPx = 3;
const wheelZoomPerPx = 0.0025;
const keyZoom = 0.7;
const keyPan = 0.15;

/** What a press takes hold of. @param x px from the left edge. @param shown undefined while everything is shown. */
export function grabAt(scale: TimeScale, shown: DrawnRange | undefined, x: number, width: number): StripGrab {
  const perPx = scale.drawnLength / width;
  const point = x * perPx;
  if (shown === undefined) return { type: "new", anchor: point };
  if (Math.abs(x - shown.from / perPx) <= handlePx) return { type: "from" };
  if (Math.abs(x - shown.to / perPx) <= handlePx) return { type: "to" };
  if (point > shown.from && point < shown.to) return { type: "move", grabbedAt: point, range: shown };
  return { type: "new", anchor: point };
}

export function dragTo(scale: TimeScale, shown: DrawnRange, grab: StripGrab, x: number, width: number): DrawnRange {
  const point = Math.min(scale.drawnLength, Math.max(0, (x * scale.drawnLength) / width));
  switch (grab.type) {
    case "new":
      return { from: Math.min(grab.anchor, point), to: Math.max(grab.anchor, point) };
    case "from":
      return { from: Math.min(point, shown.to), to: shown.to };
    case "to":
      return { from: shown.from, to: Math.max(point, shown.from) };
    case "move":
      return moveRange(scale, grab.range, point - grab.grabbedAt);
  }
}

/** A wheel turn about the time under the pointer; sideways it moves. `deltaPx` as in a wheel event of mode "pixel". */
export function wheelRange(
  scale: TimeScale,
  shown: DrawnRange,
  point: number,
  wheel: { readonly deltaX: number; readonly deltaY: number; readonly pxPerMs: number },
): DrawnRange {
  if (Math.abs(wheel.deltaX) > Math.abs(wheel.deltaY)) return moveRange(scale, shown, wheel.deltaX / wheel.pxPerMs);
  const turn = Math.max(-200, Math.min(200, wheel.deltaY));
  return zoomAbout(scale, shown, point, Math.exp(turn * wheelZoomPerPx));
}

/** Undefined for a key that is not the strip's; `"full"` shows everything. */
export function stripKey(scale: TimeScale, shown: DrawnRange, key: string): DrawnRange | "full" | undefined {
  const width = shown.to - shown.from;
  const middle = (shown.from + shown.to) / 2;
  switch (key) {
    case "+":
    case "=":
    case "ArrowUp":
      return zoomAbout(scale, shown, middle, keyZoom);
    case "-":
    case "ArrowDown":
      return zoomAbout(scale, shown, middle, 1 / keyZoom);
    case "ArrowLeft":
      return moveRange(scale, shown, -width * keyPan);
    case "ArrowRight":
      return moveRange(scale, shown, width * keyPan);
    case "0":
    case "Home":
    case "Escape":
      return "full";
    default:
      return undefined;
  }
}
