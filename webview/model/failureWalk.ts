// F8: from one failure to the next in the order of time, beginning at the selected row. Looks at the failures alone, once,
// however many rows there are beside them.

import { FLAG } from "../../src/trace/spanColumns";
import type { TraceModel } from "./traceModel";

export interface FailureStep {
  readonly row: number;
  /** The search passed the last (or first) failure and began again at the other end. */
  readonly wrapped: boolean;
}

/** @param from the selected row, -1 for none. Undefined where there is no failure at all. */
export function stepToFailure(
  model: TraceModel,
  startMs: Float64Array,
  from: number,
  direction: 1 | -1,
  includeRecovered: boolean,
): FailureStep | undefined {
  const isBefore = (a: number, b: number) => direction * compareInTime(model, startMs, a, b) < 0;
  let edge = -1;
  let next = -1;
  forEachFailure(model, includeRecovered, (row) => {
    if (edge < 0 || isBefore(row, edge)) edge = row;
    if (from >= 0 && isBefore(from, row) && (next < 0 || isBefore(row, next))) next = row;
  });
  if (edge < 0) return undefined;
  return next >= 0 ? { row: next, wrapped: false } : { row: edge, wrapped: from >= 0 };
}

/** From 0 among the failures that count; -1 where the row is none of them. */
export function failureOrdinal(model: TraceModel, startMs: Float64Array, row: number): number {
  if (row < 0 || ((model.columns.flags[row] ?? 0) & FLAG.failure) === 0) return -1;
  let ordinal = 0;
  forEachFailure(model, false, (other) => {
    if (compareInTime(model, startMs, other, row) < 0) ordinal++;
  });
  return ordinal;
}

function forEachFailure(model: TraceModel, includeRecovered: boolean, visit: (row: number) => void): void {
  const wanted = includeRecovered ? FLAG.failure | FLAG.recovered : FLAG.failure;
  const { flags } = model.columns;
  model.failures.forEach((row) => {
    if (((flags[row] ?? 0) & wanted) !== 0) visit(row);
  });
}

/** By start, then by place in the tree. */
function compareInTime({ order }: TraceModel, startMs: Float64Array, a: number, b: number): number {
  if (a === b) return 0;
  const difference = (startMs[a] ?? 0) - (startMs[b] ?? 0);
  return difference || order.placeOf(a) - order.placeOf(b);
}
