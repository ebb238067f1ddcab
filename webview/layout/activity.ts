// When something happened: idle stretches and the density of activity. A span with children is a place for others to
// happen in, so only its two ends count; a generation works all the time, with or without tool calls in it.

import { FLAG, kindCodes, type SpanColumns, type SpanTree } from "../../src/trace/spanColumns";
import { drawnAt, type TimeScale, type TimeSpan } from "./timeScale";

const generation = kindCodes.indexOf("generation");

/** Start and end of every row with what is missing filled in; see `effectiveTimes`. */
export interface EffectiveTimes {
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Rows without a start take their parent's; open rows end at `openEndMs`, or at the last time that any row names.
 * `firstMs` and `lastMs` are NaN where no row names a time.
 */
export function effectiveTimes(columns: SpanColumns, tree: SpanTree, openEndMs: number | undefined): EffectiveTimes {
  const { count } = columns;
  const startMs = columns.startMs.slice(0, count);
  const endMs = columns.endMs.slice(0, count);
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < count; row++) {
    const start = startMs[row] ?? Number.NaN;
    const end = endMs[row] ?? Number.NaN;
    if (start < firstMs) firstMs = start;
    if (start > lastMs) lastMs = start;
    if (end > lastMs) lastMs = end;
  }
  if (firstMs === Number.POSITIVE_INFINITY) {
    firstMs = Number.isFinite(lastMs) ? lastMs : Number.NaN;
    lastMs = firstMs;
  }
  const openEnd = openEndMs !== undefined && openEndMs > lastMs ? openEndMs : lastMs;
  for (let position = 0; position < count; position++) {
    const row = tree.preorder[position] ?? 0;
    const parent = columns.parent[row] ?? -1;
    if (Number.isNaN(startMs[row])) startMs[row] = (parent >= 0 ? startMs[parent] : undefined) ?? firstMs;
    if (Number.isNaN(endMs[row])) {
      const isOpen = ((columns.flags[row] ?? 0) & FLAG.open) !== 0;
      endMs[row] = isOpen ? openEnd : (startMs[row] ?? firstMs);
    }
  }
  return { startMs, endMs, firstMs, lastMs: openEnd };
}

/** One byte a row: whether the whole of the row is activity, rather than its two ends. */
function isActive(columns: SpanColumns, tree: SpanTree, row: number): boolean {
  return (tree.firstChild[row] ?? -1) < 0 || columns.kind[row] === generation;
}

/** Stretches in which no row was active, ascending. */
export function idleStretches(columns: SpanColumns, tree: SpanTree, times: EffectiveTimes): TimeSpan[] {
  const { count } = columns;
  // The union of intervals has a gap exactly where the k-th smallest end lies before the (k+1)-th smallest start.
  const starts = new Float64Array(2 * count);
  const ends = new Float64Array(2 * count);
  let intervals = 0;
  const add = (start: number, end: number) => {
    starts[intervals] = start;
    ends[intervals] = end;
    intervals++;
  };
  for (let row = 0; row < count; row++) {
    const start = times.startMs[row] ?? Number.NaN;
    const end = times.endMs[row] ?? Number.NaN;
    if (Number.isNaN(start)) continue;
    if (isActive(columns, tree, row)) add(start, end);
    else {
      add(start, start);
      add(end, end);
    }
  }
  const sortedStarts = starts.subarray(0, intervals).sort();
  const sortedEnds = ends.subarray(0, intervals).sort();
  const idle: TimeSpan[] = [];
  for (let index = 0; index + 1 < intervals; index++) {
    const startMs = sortedEnds[index] ?? 0;
    const endMs = sortedStarts[index + 1] ?? 0;
    // Shorter ones are never drawn short, and a trace may have millions of them.
    if (endMs - startMs >= 1_000) idle.push({ startMs, endMs });
  }
  return idle;
}

export interface Activity {
  /** For each bucket the mean number of rows of this group that were active in it. */
  readonly generations: Float64Array;
  readonly others: Float64Array;
  /** For each bucket 0, 1 (a recovered failure) or 2 (a failure). */
  readonly failures: Uint8Array;
  /** The largest sum of both groups. */
  readonly peak: number;
}

/** Density of activity over the whole scale in `buckets` equal parts of the drawn time. */
export function activity(
  columns: SpanColumns,
  tree: SpanTree,
  times: EffectiveTimes,
  scale: TimeScale,
  buckets: number,
): Activity {
  const generations = new Float64Array(buckets);
  const others = new Float64Array(buckets);
  const failures = new Uint8Array(buckets);
  // Buckets that lie wholly within a span are counted by differences, so that a long span costs no more than a short one.
  const inner = [new Float64Array(buckets + 1), new Float64Array(buckets + 1)] as const;
  const perMs = buckets / scale.drawnLength;
  for (let row = 0; row < columns.count; row++) {
    const start = times.startMs[row] ?? Number.NaN;
    if (Number.isNaN(start)) continue;
    const from = Math.min(buckets, Math.max(0, drawnAt(scale, start) * perMs));
    const to = Math.min(buckets, Math.max(from, drawnAt(scale, times.endMs[row] ?? start) * perMs));
    const flags = columns.flags[row] ?? 0;
    if ((flags & (FLAG.failure | FLAG.recovered)) !== 0) {
      const bucket = Math.min(buckets - 1, Math.floor(to));
      failures[bucket] = Math.max(failures[bucket] ?? 0, (flags & FLAG.failure) !== 0 ? 2 : 1);
    }
    if (!isActive(columns, tree, row)) continue;
    const group = columns.kind[row] === generation ? 0 : 1;
    addCoverage(group === 0 ? generations : others, inner[group], from, to);
  }
  let peak = 0;
  let runningGenerations = 0;
  let runningOthers = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    runningGenerations += inner[0][bucket] ?? 0;
    runningOthers += inner[1][bucket] ?? 0;
    generations[bucket] = (generations[bucket] ?? 0) + runningGenerations;
    others[bucket] = (others[bucket] ?? 0) + runningOthers;
    peak = Math.max(peak, (generations[bucket] ?? 0) + (others[bucket] ?? 0));
  }
  return { generations, others, failures, peak };
}

/** An instant counts as a fifth of a bucket, so that it can be seen. */
const leastCoverage = 0.2;

function addCoverage(sums: Float64Array, inner: Float64Array, from: number, to: number): void {
  const first = Math.min(sums.length - 1, Math.floor(from));
  const last = Math.min(sums.length - 1, Math.floor(to));
  if (first === last) {
    sums[first] = (sums[first] ?? 0) + Math.max(leastCoverage, to - from);
    return;
  }
  sums[first] = (sums[first] ?? 0) + (first + 1 - from);
  sums[last] = (sums[last] ?? 0) + (to - last);
  inner[first + 1] = (inner[first + 1] ?? 0) + 1;
  inner[last] = (inner[last] ?? 0) - 1;
}
