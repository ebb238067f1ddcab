// Which rows a timeline draws, and when they happened. What has steps below it is a place for others to happen in and is
// left out, but for generations, which work all the time. Times are made complete by the rule that the tree draws by.

import { FLAG, kindCodes, type SpanColumns, type SpanTree } from "../spanColumns";

const generation = kindCodes.indexOf("generation");

/** What a row is to the timeline. */
export const ROW = {
  /** A place for others, or nothing that has a time. */
  none: 0,
  work: 1,
  /** A piece of a program's output. */
  output: 2,
} as const;

export interface WorkRows {
  /** By row: one of `ROW`. */
  readonly role: Uint8Array;
  /** Rows that are drawn, by start, then by row. */
  readonly ordered: Int32Array;
  /** By row; the parent's where a row names none. NaN only where no row of the trace names a time. */
  readonly startMs: Float64Array;
  /** By row; `openEndMs` for what is open, the start for what has no end all the same. Never before the start. */
  readonly endMs: Float64Array;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** @param openEndMs where open rows end; the last time that any row names where that is later, or where left out */
export function workRows(columns: SpanColumns, tree: SpanTree, openEndMs?: number): WorkRows {
  const { count, flags, parent } = columns;
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
  if (openEndMs !== undefined && openEndMs > lastMs) lastMs = openEndMs;
  for (let position = 0; position < count; position++) {
    const row = tree.preorder[position] ?? 0;
    const above = parent[row] ?? -1;
    if (Number.isNaN(startMs[row])) startMs[row] = (above >= 0 ? startMs[above] : undefined) ?? firstMs;
    const start = startMs[row] ?? firstMs;
    if (Number.isNaN(endMs[row])) endMs[row] = ((flags[row] ?? 0) & FLAG.open) !== 0 ? Math.max(lastMs, start) : start;
    else if ((endMs[row] ?? 0) < start) endMs[row] = start;
  }
  const role = rolesOf(columns, tree);
  return { role, ordered: orderByStart(role, startMs), startMs, endMs, firstMs, lastMs };
}

function rolesOf({ count, flags, kind, parent }: SpanColumns, tree: SpanTree): Uint8Array {
  const role = new Uint8Array(count);
  const hasStepsBelow = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const above = parent[row] ?? -1;
    if (above >= 0 && ((flags[row] ?? 0) & FLAG.output) === 0) hasStepsBelow[above] = 1;
  }
  for (let row = 0; row < count; row++) {
    const bits = flags[row] ?? 0;
    if ((bits & FLAG.output) !== 0) role[row] = (tree.firstChild[row] ?? -1) < 0 ? ROW.output : ROW.none;
    else if ((bits & FLAG.synthetic) !== 0) role[row] = ROW.none;
    else role[row] = hasStepsBelow[row] === 0 || kind[row] === generation ? ROW.work : ROW.none;
  }
  return role;
}

function orderByStart(role: Uint8Array, startMs: Float64Array): Int32Array {
  let size = 0;
  for (let row = 0; row < role.length; row++) if (role[row] !== ROW.none && !Number.isNaN(startMs[row])) size++;
  const ordered = new Int32Array(size);
  let isSorted = true;
  let last = Number.NEGATIVE_INFINITY;
  let at = 0;
  for (let row = 0; row < role.length; row++) {
    const start = startMs[row] ?? Number.NaN;
    if (role[row] === ROW.none || Number.isNaN(start)) continue;
    ordered[at++] = row;
    if (start < last) isSorted = false;
    last = start;
  }
  if (!isSorted) ordered.sort((a, b) => (startMs[a] ?? 0) - (startMs[b] ?? 0) || a - b);
  return ordered;
}
