// What of a lane is drawn: bars of single rows, and of rows too short to be told apart cells that hold several. A lane
// costs at most one item for every three px, however many rows are in it, and no two items of a lane overlap.

import { barRect, shortestBarPx } from "../layout/bars";
import { type DrawnRange, drawnAt, type TimeScale, wallAt } from "../layout/timeScale";

/** Bars and gaps narrower than this are put together. Wider than the narrowest bar: a screen of cells is a frame's work. */
export const cellPx = 3;

export interface RowTimes {
  readonly startMs: Float64Array;
  /** Not before the start. */
  readonly endMs: Float64Array;
}

export interface TimeWindow {
  readonly scale: TimeScale;
  readonly range: DrawnRange;
  readonly widthPx: number;
}

/** Items as columns, used again for every frame. */
export class BarList {
  count = 0;
  lane = new Int32Array(256);
  /** CSS px from the left edge; a bar may begin or end a few px outside. */
  x = new Float64Array(256);
  width = new Float64Array(256);
  /** Entries of the lane: a single row where there is one. */
  from = new Int32Array(256);
  to = new Int32Array(256);

  clear(): void {
    this.count = 0;
  }

  add(lane: number, x: number, width: number, from: number, to: number): void {
    if (this.count === this.lane.length) this.#grow();
    const at = this.count++;
    this.lane[at] = lane;
    this.x[at] = x;
    this.width[at] = width;
    this.from[at] = from;
    this.to[at] = to;
  }

  #grow(): void {
    const size = 2 * this.lane.length;
    const larger = <A extends Int32Array | Float64Array>(array: A, next: A): A => {
      next.set(array);
      return next;
    };
    this.lane = larger(this.lane, new Int32Array(size));
    this.x = larger(this.x, new Float64Array(size));
    this.width = larger(this.width, new Float64Array(size));
    this.from = larger(this.from, new Int32Array(size));
    this.to = larger(this.to, new Int32Array(size));
  }
}

/** Adds what is in view of a lane. @param rows by start, of which the first `count` count; none overlaps the next */
export function collectBars(
  into: BarList,
  lane: number,
  rows: Int32Array,
  count: number,
  times: RowTimes,
  window: TimeWindow,
): void {
  const { scale, range, widthPx } = window;
  const perMs = widthPx / (range.to - range.from);
  const fromMs = wallAt(scale, range.from);
  const toMs = wallAt(scale, range.to);
  const start = (index: number) => times.startMs[rows[index] ?? 0] ?? 0;
  const end = (index: number) => times.endMs[rows[index] ?? 0] ?? 0;
  const xOf = (ms: number) => (drawnAt(scale, ms) - range.from) * perMs;
  let index = firstEndingFrom(rows, count, times, fromMs);
  while (index < count) {
    const startMs = start(index);
    if (startMs > toMs) break;
    const left = xOf(startMs);
    const right = xOf(end(index));
    const nextLeft = index + 1 < count ? xOf(start(index + 1)) : Number.POSITIVE_INFINITY;
    if (right - left >= cellPx || nextLeft - left >= cellPx) {
      // The very rectangle that the row has in the tree, so that both agree.
      const bar = barRect(startMs, end(index), scale, range, widthPx);
      if (bar !== undefined) put(into, lane, bar.x, Math.min(bar.width, nextLeft - bar.x), index, index + 1);
      index++;
      continue;
    }
    const cellEndMs = wallAt(scale, range.from + (left + cellPx) / perMs);
    let next = firstStartingFrom(rows, index + 1, count, times, cellEndMs);
    // What begins in the cell and goes on beyond it is a bar of its own.
    if (next - 1 > index && xOf(end(next - 1)) - xOf(start(next - 1)) >= cellPx) next--;
    const after = next < count ? xOf(start(next)) : Number.POSITIVE_INFINITY;
    const cellRight = Math.min(after, Math.max(left + shortestBarPx, xOf(end(next - 1))));
    put(into, lane, left, cellRight - left, index, next);
    index = next;
  }
}

/** A bar that is moved in from the right edge so that it can be seen takes its px from the one before. */
function put(into: BarList, lane: number, x: number, width: number, from: number, to: number): void {
  const before = into.count - 1;
  const beforeX = into.x[before] ?? 0;
  if (before < 0 || into.lane[before] !== lane || x >= beforeX + (into.width[before] ?? 0)) {
    into.add(lane, x, width, from, to);
  } else if (x >= beforeX + cellPx) {
    into.width[before] = x - beforeX;
    into.add(lane, x, width, from, to);
  } else {
    into.to[before] = to;
    into.width[before] = Math.max(into.width[before] ?? 0, x + width - beforeX);
  }
}

/** Ends ascend within a lane, as its rows do not overlap. */
export function firstEndingFrom(rows: Int32Array, count: number, { endMs }: RowTimes, ms: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((endMs[rows[middle] ?? 0] ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first entry from `from` on that starts at `ms` or later. Gallops, because it is near. */
export function firstStartingFrom(
  rows: Int32Array,
  from: number,
  count: number,
  { startMs }: RowTimes,
  ms: number,
): number {
  let step = 1;
  let low = from;
  while (low + step < count && (startMs[rows[low + step] ?? 0] ?? 0) < ms) {
    low += step;
    step *= 2;
  }
  let high = Math.min(count, low + step);
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((startMs[rows[middle] ?? 0] ?? 0) < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
