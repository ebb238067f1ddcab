// How long a row took, as far as anybody knows. A row without an end has no duration: while its session runs the time
// so far stands in for it and says so; afterwards there is no number at all.

import { FLAG, type SpanColumns } from "../../src/trace/spanColumns";
import type { TraceModel, TraceTimes } from "./traceModel";

export type RowDuration =
  | { readonly type: "known"; readonly ms: number }
  /** Still running; `ms` until now. */
  | { readonly type: "elapsed"; readonly ms: number }
  | { readonly type: "noEnd" }
  /** It was not run in this session. */
  | { readonly type: "notRun" }
  /** The trace names no usable times for it. */
  | { readonly type: "unknown" };

export function rowDuration({ columns }: Pick<TraceModel, "columns">, times: TraceTimes, row: number): RowDuration {
  const flags = columns.flags[row] ?? 0;
  if ((flags & FLAG.open) !== 0) {
    if (!isRunning(columns, times, row)) return { type: "noEnd" };
    const ms = (times.endMs[row] ?? Number.NaN) - (columns.startMs[row] ?? Number.NaN);
    return Number.isNaN(ms) ? { type: "unknown" } : { type: "elapsed", ms: Math.max(0, ms) };
  }
  if ((flags & FLAG.notRun) !== 0) return { type: "notRun" };
  const ms = (columns.endMs[row] ?? Number.NaN) - (columns.startMs[row] ?? Number.NaN);
  return Number.isNaN(ms) || (flags & FLAG.negativeDuration) !== 0 ? { type: "unknown" } : { type: "known", ms };
}

/**
 * Whether a row may be said to last between `leastMs` and `mostMs`. What still runs may be longer than that already, but
 * nobody can say that it will be shorter; what never ended is neither.
 */
export function lastsBetween(
  columns: SpanColumns,
  times: TraceTimes,
  row: number,
  leastMs: number,
  mostMs: number,
): boolean {
  if (leastMs <= 0 && mostMs === Number.POSITIVE_INFINITY) return true;
  const flags = columns.flags[row] ?? 0;
  // Without an object a row: this runs over every row of a trace.
  const isOpen = (flags & FLAG.open) !== 0;
  if (isOpen && (mostMs !== Number.POSITIVE_INFINITY || !isRunning(columns, times, row))) return false;
  if ((flags & FLAG.negativeDuration) !== 0) return false;
  const end = (isOpen ? times.endMs[row] : columns.endMs[row]) ?? Number.NaN;
  const ms = end - (columns.startMs[row] ?? Number.NaN);
  return ms >= leastMs && ms <= mostMs;
}

/** Open in a session that runs; one that failed or was interrupted does not go on, end or no end. */
function isRunning(columns: SpanColumns, times: TraceTimes, row: number): boolean {
  return times.isLive && columns.status[row] !== 1 && ((columns.flags[row] ?? 0) & FLAG.interrupted) === 0;
}
