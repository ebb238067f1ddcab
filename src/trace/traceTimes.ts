// Where the time of a trace went: how long it lasted, when nothing ran, and which steps took longest by themselves.
// One pass over the rows in order of their start; no recursion.

import { rowsPerStep, type Steps } from "../base/steps";
import { sortInSteps } from "./sortInSteps";
import { FLAG, kindCodes, type SpanColumns } from "./spanColumns";

/** Shorter pauses are part of any run. */
export const shortestGapMs = 60_000;
const mostGaps = 20;
const mostSlowest = 10;

export interface IdleGap {
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface SlowStep {
  readonly row: number;
  /** Milliseconds from start to end. */
  readonly durationMs: number;
  /** Milliseconds in which the step ran and no step below it did. */
  readonly ownMs: number;
}

export interface TraceTimes {
  /** Milliseconds since the epoch; undefined for a trace without a usable time. */
  readonly startMs?: number | undefined;
  /** The latest time that any span names. */
  readonly endMs?: number | undefined;
  /** Milliseconds between the two; while the trace is open it is what is known so far. */
  readonly wallMs?: number | undefined;
  /** Milliseconds in which some step other than the session ran. */
  readonly busyMs: number;
  /** Pauses of a minute or more in which no step ran, the longest ones, in order of time. */
  readonly gaps: readonly IdleGap[];
  /** At most 10 ended steps, by their own time. */
  readonly slowest: readonly SlowStep[];
}

const session = kindCodes.indexOf("session");

/** With pauses in which others can be served. */
export function* timesInSteps(columns: SpanColumns): Steps<TraceTimes> {
  const rows = yield* rowsByStart(columns);
  const { startMs, endMs } = yield* bounds(columns);
  if (startMs === undefined || endMs === undefined) return { busyMs: 0, gaps: [], slowest: [] };
  const { busyMs, gaps } = yield* busyTimes(columns, rows, startMs, endMs);
  const slowest = yield* slowestSteps(columns, rows);
  return { startMs, endMs, wallMs: endMs - startMs, busyMs, gaps, slowest };
}

function* rowsByStart({ count, startMs, flags }: SpanColumns): Steps<Int32Array> {
  const rows = new Int32Array(count);
  let length = 0;
  let isSorted = true;
  let last = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < count; row++) {
    if (row % rowsPerStep === 0) yield;
    const start = startMs[row] ?? Number.NaN;
    if (Number.isNaN(start) || ((flags[row] ?? 0) & FLAG.synthetic) !== 0) continue;
    rows[length++] = row;
    if (start < last) isSorted = false;
    last = start;
  }
  const used = rows.subarray(0, length);
  if (!isSorted) yield* sortInSteps(used, (a, b) => (startMs[a] ?? 0) - (startMs[b] ?? 0) || a - b);
  return used;
}

function* bounds({ count, startMs, endMs }: SpanColumns): Steps<{ startMs?: number; endMs?: number }> {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < count; row++) {
    if (row % rowsPerStep === 0) yield;
    const start = startMs[row] ?? Number.NaN;
    const end = endMs[row] ?? Number.NaN;
    if (start < first) first = start;
    if (start > last) last = start;
    if (end > last) last = end;
  }
  return first <= last ? { startMs: first, endMs: last } : {};
}

function* busyTimes(
  columns: SpanColumns,
  rows: Int32Array,
  startMs: number,
  endMs: number,
): Steps<{ busyMs: number; gaps: IdleGap[] }> {
  const gaps: IdleGap[] = [];
  let busyMs = 0;
  let until = startMs;
  let done = 0;
  for (const row of rows) {
    if (++done % rowsPerStep === 0) yield;
    if (columns.kind[row] === session) continue;
    const start = columns.startMs[row] ?? startMs;
    const end = endOf(columns, row, endMs);
    if (start - until >= shortestGapMs) gaps.push({ startMs: until, endMs: start });
    busyMs += Math.max(0, end - Math.max(start, until));
    if (end > until) until = end;
  }
  if (endMs - until >= shortestGapMs) gaps.push({ startMs: until, endMs });
  const longest = gaps.sort((a, b) => b.endMs - b.startMs - (a.endMs - a.startMs)).slice(0, mostGaps);
  return { busyMs, gaps: longest.sort((a, b) => a.startMs - b.startMs) };
}

/** An open step counts as running to the end of what is known. */
function endOf(columns: SpanColumns, row: number, traceEndMs: number): number {
  const end = columns.endMs[row] ?? Number.NaN;
  if (!Number.isNaN(end)) return end;
  return ((columns.flags[row] ?? 0) & FLAG.open) === 0 ? (columns.startMs[row] ?? traceEndMs) : traceEndMs;
}

function* slowestSteps(columns: SpanColumns, rows: Int32Array): Steps<SlowStep[]> {
  const { count, parent } = columns;
  // Time of a row that its children cover, and up to when they cover it: children come in order of their start.
  const coveredMs = new Float64Array(count);
  const coveredUntil = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  let done = 0;
  for (const row of rows) {
    if (++done % rowsPerStep === 0) yield;
    const above = parent[row] ?? -1;
    if (above < 0) continue;
    const aboveStart = columns.startMs[above] ?? Number.NaN;
    const aboveEnd = columns.endMs[above] ?? Number.NaN;
    if (Number.isNaN(aboveStart) || Number.isNaN(aboveEnd)) continue;
    const from = Math.max(columns.startMs[row] ?? aboveStart, aboveStart, coveredUntil[above] ?? aboveStart);
    const to = Math.min(endOf(columns, row, aboveEnd), aboveEnd);
    if (to <= from) continue;
    coveredMs[above] = (coveredMs[above] ?? 0) + to - from;
    coveredUntil[above] = to;
  }
  const best: SlowStep[] = [];
  for (const row of rows) {
    if (++done % rowsPerStep === 0) yield;
    if (columns.kind[row] === session || ((columns.flags[row] ?? 0) & FLAG.elided) !== 0) continue;
    const durationMs = (columns.endMs[row] ?? Number.NaN) - (columns.startMs[row] ?? Number.NaN);
    if (Number.isNaN(durationMs) || durationMs <= 0) continue;
    const ownMs = Math.max(0, durationMs - (coveredMs[row] ?? 0));
    const last = best.at(-1);
    if (best.length === mostSlowest && last !== undefined && ownMs <= last.ownMs) continue;
    let at = best.length;
    while (at > 0 && (best[at - 1]?.ownMs ?? 0) < ownMs) at--;
    best.splice(at, 0, { row, durationMs, ownMs });
    if (best.length > mostSlowest) best.pop();
  }
  return best.filter((step) => step.ownMs > 0);
}
