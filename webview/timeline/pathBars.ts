// What of the critical path is drawn at this zoom: its stretches side by side on one line, short ones put together.

import { drawnAt, wallAt } from "../layout/timeScale";
import { cellPx, type TimeWindow } from "./laneBars";
import type { PathStore } from "./pathStore";

export interface PathBar {
  readonly x: number;
  readonly width: number;
  /** -1 where no step was at work. Of several stretches the one that takes most of the time. */
  readonly row: number;
}

export function pathBars(path: PathStore, { scale, range, widthPx }: TimeWindow): PathBar[] {
  const perMs = widthPx / (range.to - range.from);
  const xOf = (ms: number) => (drawnAt(scale, ms) - range.from) * perMs;
  const toMs = wallAt(scale, range.to);
  const bars: PathBar[] = [];
  let index = path.indexAt(wallAt(scale, range.from));
  while (index < path.count && path.fromMs(index) <= toMs) {
    const left = xOf(path.fromMs(index));
    let row = path.rowAt(index);
    let right = xOf(path.toMs(index));
    let next = index + 1;
    if (right - left < cellPx) {
      // The last one that begins within the cell may go on beyond it, and is a bar of its own then.
      const cellEndMs = wallAt(scale, range.from + (left + cellPx) / perMs);
      const after = path.indexAt(cellEndMs);
      next = Math.max(next, after);
      row = longest(path, index, next);
      right = Math.max(right, xOf(path.toMs(next - 1)));
    }
    bars.push({ x: Math.max(left, -2), width: Math.min(right, widthPx + 2) - Math.max(left, -2), row });
    index = next;
  }
  return bars;
}

/** Of a cell only so many are looked at. */
const mostLooked = 16;

function longest(path: PathStore, from: number, to: number): number {
  const step = Math.max(1, Math.floor((to - from) / mostLooked));
  let row = -1;
  let longestMs = -1;
  for (let index = from; index < to; index += step) {
    const ms = path.toMs(index) - path.fromMs(index);
    if (path.rowAt(index) < 0 || ms <= longestMs) continue;
    row = path.rowAt(index);
    longestMs = ms;
  }
  return row;
}
