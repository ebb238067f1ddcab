// What the panel keeps up to date row by row, found anew from all rows by plain definition: times with what is missing
// filled in, idle stretches, and the mean number of active rows in each column.

import { FLAG, kindCodes, type SpanColumns, type SpanTree } from "../../../src/trace/spanColumns";
import { drawnAt, shortestGapMs, type TimeScale, type TimeSpan } from "../../../webview/layout/timeScale";

const generation = kindCodes.indexOf("generation");

export interface EffectiveTimes {
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Rows without a start take their parent's; open rows end at `openEndMs`, or at the last time that any row names. */
export function effectiveTimes(columns: SpanColumns, tree: SpanTree, openEndMs: number | undefined): EffectiveTimes {
  const startMs = columns.startMs.slice();
  const endMs = columns.endMs.slice();
  const starts = [...startMs].filter((start) => !Number.isNaN(start));
  const ends = [...endMs].filter((end) => !Number.isNaN(end));
  const latest = [...starts, ...ends].reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const onlyMs = Number.isFinite(latest) ? latest : Number.NaN;
  const firstMs = starts.length === 0 ? onlyMs : starts.reduce((a, b) => Math.min(a, b));
  const lastMs = starts.length === 0 ? onlyMs : latest;
  const openEnd = openEndMs !== undefined && openEndMs > lastMs ? openEndMs : lastMs;
  for (const row of tree.preorder) {
    const parent = columns.parent[row] ?? -1;
    if (Number.isNaN(startMs[row])) startMs[row] = (parent >= 0 ? startMs[parent] : undefined) ?? firstMs;
    if (!Number.isNaN(endMs[row])) continue;
    endMs[row] = ((columns.flags[row] ?? 0) & FLAG.open) !== 0 ? openEnd : (startMs[row] ?? firstMs);
  }
  return { startMs, endMs, firstMs, lastMs: starts.length === 0 ? onlyMs : openEnd };
}

/** Whether the whole of the row is activity, rather than its two ends: a span with children is a place for others. */
export function isActive(columns: SpanColumns, tree: SpanTree, row: number): boolean {
  return (tree.firstChild[row] ?? -1) < 0 || columns.kind[row] === generation;
}

/** Stretches in which no row was active, long enough to be drawn short. */
export function idleStretches(columns: SpanColumns, tree: SpanTree, times: EffectiveTimes): TimeSpan[] {
  const intervals: [number, number][] = [];
  for (let row = 0; row < columns.count; row++) {
    const start = times.startMs[row] ?? Number.NaN;
    const end = times.endMs[row] ?? Number.NaN;
    if (Number.isNaN(start)) continue;
    if (isActive(columns, tree, row)) intervals.push([start, end]);
    else intervals.push([start, start], [end, end]);
  }
  intervals.sort((a, b) => a[0] - b[0]);
  const idle: TimeSpan[] = [];
  let until = intervals[0]?.[0] ?? 0;
  for (const [start, end] of [...intervals, [times.lastMs, times.lastMs] as const]) {
    if (start - until >= shortestGapMs) idle.push({ startMs: until, endMs: start });
    until = Math.max(until, end);
  }
  return idle;
}

export interface Density {
  readonly generations: number[];
  readonly others: number[];
  readonly failures: number[];
}

/** Mean number of active rows in each of equal parts of the drawn time, and which of them holds the end of a failure. */
export function density(
  columns: SpanColumns,
  tree: SpanTree,
  times: EffectiveTimes,
  scale: TimeScale,
  buckets: number,
): Density {
  const zeros = () => new Array<number>(buckets).fill(0);
  const found = { generations: zeros(), others: zeros(), failures: zeros() };
  const perMs = buckets / scale.drawnLength;
  for (let row = 0; row < columns.count; row++) {
    const start = times.startMs[row] ?? Number.NaN;
    if (Number.isNaN(start)) continue;
    const from = drawnAt(scale, start) * perMs;
    const flags = columns.flags[row] ?? 0;
    // What is open lasts to the end, also where all happens at one instant and the scale is longer than that.
    const isOpen = (flags & FLAG.open) !== 0 && Number.isNaN(columns.endMs[row]);
    const to = drawnAt(scale, isOpen ? scale.endMs : (times.endMs[row] ?? start)) * perMs;
    const mark = (flags & FLAG.failure) !== 0 ? 2 : (flags & FLAG.recovered) !== 0 ? 1 : 0;
    const last = Math.min(buckets - 1, Math.floor(to));
    found.failures[last] = Math.max(found.failures[last] ?? 0, mark);
    if (!isActive(columns, tree, row)) continue;
    const sums = columns.kind[row] === generation ? found.generations : found.others;
    for (let bucket = Math.floor(from); bucket < Math.min(to, buckets); bucket++) {
      sums[bucket] = (sums[bucket] ?? 0) + Math.min(to, bucket + 1) - Math.max(from, bucket);
    }
  }
  return found;
}
