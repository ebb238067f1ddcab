// A canvas on whole device pixels that fills its parent from the top left.

import { placeSurface, type Surface } from "../draw/canvas";

export function surfaceInParent(canvas: HTMLCanvasElement, width: number, height: number): Surface | undefined {
  const box = canvas.parentElement?.getBoundingClientRect();
  return placeSurface(
    canvas,
    { originPx: box?.left ?? 0, from: 0, length: width },
    { originPx: box?.top ?? 0, from: 0, length: height },
  );
}
