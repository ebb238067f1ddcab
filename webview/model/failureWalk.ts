// F8: from one failure to the next in the order of time, beginning at the selected row.

import { FLAG } from "../../src/trace/spanColumns";
import type { TraceModel } from "./traceModel";

export interface FailureStep {
  readonly row: number;
  /** The search passed the last (or first) failure and began again at the other end. */
  readonly wrapped: boolean;
}

export function failureRows(model: TraceModel, includeRecovered: boolean, startMs: Float64Array): number[] {
  const wanted = includeRecovered ? FLAG.failure | FLAG.recovered : FLAG.failure;
  const rows: number[] = [];
  const { flags, count } = model.columns;
  for (let row = 0; row < count; row++) if (((flags[row] ?? 0) & wanted) !== 0) rows.push(row);
  return rows.sort((a, b) => compareInTime(model, startMs, a, b));
}

/** @param from the selected row, -1 for none. Undefined where there is no failure at all. */
export function stepToFailure(
  model: TraceModel,
  startMs: Float64Array,
  from: number,
  direction: 1 | -1,
  includeRecovered: boolean,
): FailureStep | undefined {
  const rows = failureRows(model, includeRecovered, startMs);
  const edge = direction === 1 ? rows[0] : rows.at(-1);
  if (edge === undefined) return undefined;
  if (from < 0) return { row: edge, wrapped: false };
  const later = (row: number) => direction * compareInTime(model, startMs, row, from) > 0;
  const next = direction === 1 ? rows.find(later) : rows.findLast(later);
  return next === undefined ? { row: edge, wrapped: true } : { row: next, wrapped: false };
}

/** By start, then by place in the tree. Never 0 for two rows. */
function compareInTime(model: TraceModel, startMs: Float64Array, a: number, b: number): number {
  const difference = (startMs[a] ?? 0) - (startMs[b] ?? 0);
  return difference || (model.positionOf[a] ?? 0) - (model.positionOf[b] ?? 0);
}
