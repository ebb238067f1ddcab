// Filters of the tree as chips: within one group any may hold, all groups must. Kept in the view state as they are.

import * as z from "zod/mini";
import { FLAG, kindCodes, statusCodes } from "../../src/trace/spanColumns";
import { lastsBetween } from "./rowDuration";
import type { TraceModel, TraceTimes } from "./traceModel";

export const outcomeFilters = ["failed", "recovered", "open", "interrupted", "ok"] as const;
export type OutcomeFilter = (typeof outcomeFilters)[number];

export const filterSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("kind"), kind: z.enum(kindCodes) }),
  z.object({ type: z.literal("status"), status: z.enum(outcomeFilters) }),
  z.object({ type: z.literal("name"), name: z.string().check(z.maxLength(10_000)) }),
  z.object({ type: z.literal("longerThan"), ms: z.number().check(z.nonnegative()) }),
  z.object({ type: z.literal("shorterThan"), ms: z.number().check(z.nonnegative()) }),
  /** Began in that stretch of time, its end not included. */
  z.object({ type: z.literal("within"), fromMs: z.number(), toMs: z.number() }),
]);
export type Filter = z.infer<typeof filterSchema>;
export const filtersSchema = z.array(filterSchema).check(z.maxLength(200));

const errorStatus = statusCodes.indexOf("error");

export function sameFilter(a: Filter, b: Filter): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * One byte a row; undefined where nothing is filtered.
 * @param within only rows of these may match, where given; it may lack rows that came since, which do.
 */
export function matchingRows(
  model: TraceModel,
  times: TraceTimes,
  filters: readonly Filter[],
  within: Uint8Array | undefined,
): Uint8Array | undefined {
  const { columns } = model;
  if (filters.length === 0) return within && withNewRows(within, columns.count);
  const kinds = new Set(filters.flatMap((filter) => (filter.type === "kind" ? [kindCodes.indexOf(filter.kind)] : [])));
  const statuses = filters.flatMap((filter) => (filter.type === "status" ? [filter.status] : []));
  const names = nameIndexes(columns.strings, filters);
  const leastMs = Math.max(0, ...filters.map((filter) => (filter.type === "longerThan" ? filter.ms : 0)));
  const mostMs = Math.min(...filters.map((filter) => (filter.type === "shorterThan" ? filter.ms : Infinity)));
  const stretches = filters.filter((filter) => filter.type === "within");
  const matches = new Uint8Array(columns.count);
  for (let row = 0; row < columns.count; row++) {
    if (within !== undefined && within[row] === 0) continue;
    if (kinds.size > 0 && !kinds.has(columns.kind[row] ?? 0)) continue;
    if (names !== undefined && !names.has(columns.name[row] ?? 0)) continue;
    if (statuses.length > 0 && !statuses.some((status) => hasStatus(columns.flags[row], columns.status[row], status))) {
      continue;
    }
    if (!lastsBetween(model, times, row, leastMs, mostMs)) continue;
    if (stretches.length > 0 && !beganWithin(stretches, times.startMs[row] ?? Number.NaN)) continue;
    matches[row] = 1;
  }
  return matches;
}

function beganWithin(stretches: readonly { fromMs: number; toMs: number }[], startMs: number): boolean {
  return stretches.some(({ fromMs, toMs }) => startMs >= fromMs && startMs < toMs);
}

function withNewRows(within: Uint8Array, count: number): Uint8Array {
  if (within.length >= count) return within;
  const all = new Uint8Array(count).fill(1, within.length);
  all.set(within);
  return all;
}

export function hasStatus(flags = 0, status = 0, wanted: OutcomeFilter): boolean {
  const interrupted = (flags & FLAG.interrupted) !== 0;
  switch (wanted) {
    case "failed":
      return (flags & FLAG.failure) !== 0 || (status === errorStatus && !interrupted && (flags & FLAG.recovered) === 0);
    case "recovered":
      return (flags & FLAG.recovered) !== 0;
    case "open":
      return (flags & FLAG.open) !== 0;
    case "interrupted":
      return interrupted;
    case "ok":
      return status !== errorStatus && !interrupted && (flags & FLAG.open) === 0;
  }
}

function nameIndexes(strings: readonly string[], filters: readonly Filter[]): Set<number> | undefined {
  const names = new Set(filters.flatMap((filter) => (filter.type === "name" ? [filter.name] : [])));
  if (names.size === 0) return undefined;
  const indexes = new Set<number>();
  for (const [index, text] of strings.entries()) if (names.has(text)) indexes.add(index);
  return indexes;
}
