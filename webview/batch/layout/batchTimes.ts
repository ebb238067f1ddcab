// The time of a batch as one picture: stretches in which nothing happened are drawn short, and how much was under way at
// each place of it.

import { openOutcome } from "../../../src/protocol/batchMessages";
import { attemptOutcomes } from "../../../src/trace/batch/batchRecord";
import { BusyTime } from "../../layout/busyTime";
import { buildTimeScale, drawnAt, shortestGapMs, type TimeScale, wallAt } from "../../layout/timeScale";
import type { RunTable } from "../model/runTable";

export interface BatchMoments {
  readonly createdMs: number;
  /** Now for a batch that goes on, else when the last thing happened. */
  readonly endMs: number;
  readonly isLive: boolean;
  /** What else happened, in no order. */
  readonly instants: readonly number[];
}

export function batchTimeScale(table: RunTable, moments: BatchMoments): TimeScale {
  const busy = new BusyTime(shortestGapMs);
  let first = moments.createdMs > 0 ? moments.createdMs : Number.POSITIVE_INFINITY;
  for (const at of moments.instants) {
    busy.add(at, at);
    if (at < first) first = at;
  }
  let last = moments.endMs;
  table.eachAttempt((_, startMs, endMs) => {
    const end = Number.isNaN(endMs) ? Math.max(startMs, moments.endMs) : Math.max(startMs, endMs);
    busy.add(startMs, end);
    if (startMs < first) first = startMs;
    if (end > last) last = end;
  });
  if (!Number.isFinite(first)) first = last;
  busy.add(first, first);
  if (moments.isLive) busy.add(last, last);
  return buildTimeScale(first, last, busy.idle(last));
}

export interface BatchActivity {
  /** Attempts under way in each column, on average over its time. */
  readonly underWay: Float64Array;
  /** Attempts that ended badly in each column. */
  readonly failed: Uint32Array;
  /** Those of them after which no other attempt of the run was made. */
  readonly failedLast: Uint32Array;
  readonly peak: number;
  readonly mostFailed: number;
}

const failedCodes = new Set([attemptOutcomes.indexOf("failed"), attemptOutcomes.indexOf("crashed")]);

export function batchActivity(table: RunTable, scale: TimeScale, columns: number): BatchActivity {
  const underWay = new Float64Array(columns + 1);
  const steps = new Float64Array(columns + 1);
  const failed = new Uint32Array(columns);
  const failedLast = new Uint32Array(columns);
  const perColumn = scale.drawnLength / columns;
  const columnOf = (wallMs: number) =>
    Math.max(0, Math.min(columns - 1, Math.floor(drawnAt(scale, wallMs) / perColumn)));
  const edges = Float64Array.from({ length: columns + 1 }, (_, at) => wallAt(scale, at * perColumn));
  table.eachAttempt((_, startMs, endMs, outcome, isLast) => {
    const end = Number.isNaN(endMs) ? (outcome === openOutcome ? scale.endMs : startMs) : endMs;
    const from = columnOf(startMs);
    const to = columnOf(end);
    if (from === to) underWay[from] = (underWay[from] ?? 0) + Math.max(0, end - startMs);
    else {
      underWay[from] = (underWay[from] ?? 0) + (edges[from + 1] ?? 0) - startMs;
      underWay[to] = (underWay[to] ?? 0) + end - (edges[to] ?? 0);
      steps[from + 1] = (steps[from + 1] ?? 0) + 1;
      steps[to] = (steps[to] ?? 0) - 1;
    }
    if (!failedCodes.has(outcome)) return;
    failed[to] = (failed[to] ?? 0) + 1;
    if (isLast) failedLast[to] = (failedLast[to] ?? 0) + 1;
  });
  let whole = 0;
  let peak = 0;
  let mostFailed = 0;
  for (let column = 0; column < columns; column++) {
    whole += steps[column] ?? 0;
    const ms = Math.max(1e-6, (edges[column + 1] ?? 0) - (edges[column] ?? 0));
    const value = whole + (underWay[column] ?? 0) / ms;
    underWay[column] = value;
    peak = Math.max(peak, value);
    mostFailed = Math.max(mostFailed, failed[column] ?? 0);
  }
  return { underWay: underWay.subarray(0, columns), failed, failedLast, peak, mostFailed };
}
