// How many steps were at work, at any zoom: exact means over stretches of time from sorted starts and ends and the sums of
// their first parts, so that a stretch costs two searches however many spans lie in it.

import { ROW, type WorkRows } from "./workRows";

export interface Density {
  /** The zero of the other times: sums of times since the epoch would lose their last digits. */
  readonly zeroMs: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** Sum of the first n starts, and of the first n ends. */
  readonly startSums: Float64Array;
  readonly endSums: Float64Array;
}

/** Of the steps; what a program printed does not count as work. */
export function buildDensity(work: WorkRows): Density {
  const rows = work.ordered.filter((row) => work.role[row] === ROW.work);
  const zeroMs = Number.isNaN(work.firstMs) ? 0 : work.firstMs;
  // Loops, because `from` goes through an iterator.
  const starts = new Float64Array(rows.length);
  const ends = new Float64Array(rows.length);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
    starts[index] = (work.startMs[row] ?? 0) - zeroMs;
    ends[index] = (work.endMs[row] ?? 0) - zeroMs;
  }
  ends.sort();
  return { zeroMs, starts, ends, startSums: sumsOf(starts), endSums: sumsOf(ends) };
}

/**
 * The mean number of steps at work between each two neighbours of `edgesMs`; at the instant itself where two are equal.
 * @param edgesMs ascending
 */
export function meanAtWork(density: Density, edgesMs: Float64Array): Float32Array {
  const means = new Float32Array(Math.max(0, edgesMs.length - 1));
  let before = work(density, (edgesMs[0] ?? 0) - density.zeroMs);
  for (let index = 0; index < means.length; index++) {
    const fromMs = (edgesMs[index] ?? 0) - density.zeroMs;
    const toMs = (edgesMs[index + 1] ?? 0) - density.zeroMs;
    const after = work(density, toMs);
    means[index] = toMs > fromMs ? Math.max(0, (after - before) / (toMs - fromMs)) : atWork(density, fromMs);
    before = after;
  }
  return means;
}

/** How many calls began between each two neighbours of `edgesMs`, the later edge not included. */
export function begunBetween(density: Density, edgesMs: Float64Array): Uint32Array {
  const counts = new Uint32Array(Math.max(0, edgesMs.length - 1));
  let before = countBelow(density.starts, (edgesMs[0] ?? 0) - density.zeroMs);
  for (let index = 0; index < counts.length; index++) {
    const after = countBelow(density.starts, (edgesMs[index + 1] ?? 0) - density.zeroMs);
    counts[index] = after - before;
    before = after;
  }
  return counts;
}

/** Time worked by all steps together up to an instant. */
function work({ starts, ends, startSums, endSums }: Density, atMs: number): number {
  const begun = countUpTo(starts, atMs);
  const ended = countUpTo(ends, atMs);
  return (begun - ended) * atMs - (startSums[begun] ?? 0) + (endSums[ended] ?? 0);
}

function atWork({ starts, ends }: Density, atMs: number): number {
  return countUpTo(starts, atMs) - countBelow(ends, atMs);
}

function sumsOf(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let index = 0; index < values.length; index++) sums[index + 1] = (sums[index] ?? 0) + (values[index] ?? 0);
  return sums;
}

/** How many of the ascending values are at most `value`. */
export function countUpTo(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of the ascending values are less than `value`. */
export function countBelow(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
