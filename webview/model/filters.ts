// Filters of the tree as chips: within one group any may hold, all groups must. Kept in the view state as they are.

import * as z from "zod/mini";
import { FLAG, kindCodes, type SpanColumns, statusCodes } from "../../src/trace/spanColumns";
import { grownLength, resized } from "./growing";
import { lastsBetween } from "./rowDuration";
import type { TraceTimes } from "./traceModel";

export const outcomeFilters = ["failed", "recovered", "open", "interrupted", "notRun", "ok"] as const;
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

/** What a test looks at: the rows as they are when it is asked. */
export interface Filtered {
  columns: SpanColumns;
  times: TraceTimes;
}

export type FilterTest = (row: number) => boolean;

/**
 * Whether a row matches; undefined where nothing is filtered. Allocates nothing for a row.
 * @param within only rows that are 1 here may match, where it is given; it may be shorter than the trace is long
 */
export function filterTest(
  rows: Filtered,
  filters: readonly Filter[],
  within: Uint8Array | undefined,
): FilterTest | undefined {
  if (filters.length === 0 && within === undefined) return undefined;
  const kinds = filters.flatMap((filter) => (filter.type === "kind" ? [kindCodes.indexOf(filter.kind)] : []));
  const statuses = filters.flatMap((filter) => (filter.type === "status" ? [filter.status] : []));
  const hasName = nameTest(rows, filters);
  const leastMs = Math.max(0, ...filters.map((filter) => (filter.type === "longerThan" ? filter.ms : 0)));
  const mostMs = Math.min(...filters.map((filter) => (filter.type === "shorterThan" ? filter.ms : Infinity)));
  const stretches = filters.filter((filter) => filter.type === "within");
  return (row) => {
    const { columns } = rows;
    if (within !== undefined && within[row] !== 1) return false;
    if (kinds.length > 0 && !kinds.includes(columns.kind[row] ?? 0)) return false;
    if (hasName !== undefined && !hasName(row)) return false;
    if (statuses.length > 0 && !statuses.some((status) => hasStatus(columns.flags[row], columns.status[row], status))) {
      return false;
    }
    if (stretches.length > 0 && !beganWithin(stretches, rows.times.startMs[row] ?? Number.NaN)) return false;
    return lastsBetween(columns, rows.times, row, leastMs, mostMs);
  };
}

/** Whether time alone may make an open row match. */
export function dependsOnTime(filters: readonly Filter[]): boolean {
  return filters.some(({ type }) => type === "longerThan");
}

function beganWithin(stretches: readonly { fromMs: number; toMs: number }[], startMs: number): boolean {
  return stretches.some(({ fromMs, toMs }) => startMs >= fromMs && startMs < toMs);
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
    case "notRun":
      return (flags & FLAG.notRun) !== 0;
    case "ok":
      return status !== errorStatus && !interrupted && (flags & (FLAG.open | FLAG.notRun)) === 0;
  }
}

/** A byte for each text, because names are compared for every row; texts that come later are looked at then. */
function nameTest(rows: Filtered, filters: readonly Filter[]): FilterTest | undefined {
  const names = new Set(filters.flatMap((filter) => (filter.type === "name" ? [filter.name] : [])));
  if (names.size === 0) return undefined;
  let isName = new Uint8Array(0);
  let known = 0;
  return (row) => {
    const { name, strings } = rows.columns;
    if (strings.length > isName.length) isName = resized(isName, grownLength(isName.length, strings.length));
    for (; known < strings.length; known++) if (names.has(strings[known] ?? "")) isName[known] = 1;
    return isName[name[row] ?? 0] === 1;
  };
}

/** How many steps there are of each kind, and of each outcome. */
export interface Facets {
  readonly kinds: Uint32Array;
  /** As `outcomeFilters` has them. */
  readonly outcomes: Uint32Array;
}

/** Flags on which an outcome depends, and one that is in no flag: the status. */
const outcomeFlags = FLAG.open | FLAG.interrupted | FLAG.failure | FLAG.recovered | FLAG.notRun;
const errorBit = 1 << 17;

/** One short pass over all rows; what the outcomes are is asked once for all rows of the same flags. */
export function countFacets(columns: SpanColumns | undefined): Facets {
  const kinds = new Uint32Array(kindCodes.length);
  const outcomes = new Uint32Array(outcomeFilters.length);
  const alike = new Uint32Array(errorBit << 1);
  if (columns === undefined) return { kinds, outcomes };
  const { count, flags, kind, status } = columns;
  for (let row = 0; row < count; row++) {
    const bits = flags[row] ?? 0;
    if ((bits & FLAG.synthetic) !== 0) continue;
    const code = kind[row] ?? 0;
    const key = (bits & outcomeFlags) | (status[row] === errorStatus ? errorBit : 0);
    kinds[code] = (kinds[code] ?? 0) + 1;
    alike[key] = (alike[key] ?? 0) + 1;
  }
  for (let key = 0; key < alike.length; key++) {
    const rows = alike[key] ?? 0;
    if (rows === 0) continue;
    const keyStatus = (key & errorBit) !== 0 ? errorStatus : 0;
    for (const [index, outcome] of outcomeFilters.entries()) {
      if (hasStatus(key & outcomeFlags, keyStatus, outcome)) outcomes[index] = (outcomes[index] ?? 0) + rows;
    }
  }
  return { kinds, outcomes };
}
