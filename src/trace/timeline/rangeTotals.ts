// What happened in a stretch of time. A step counts where it began, so that neighbouring stretches add up to the whole;
// what was under way already is counted apart.

import { FLAG, kindCodes, type SpanColumns } from "../spanColumns";
import { LanePacker } from "./packLanes";
import { ROW, type WorkRows } from "./workRows";

export interface RangeTotals {
  /** Steps that began in the range: all rows that stand for a span but what the program printed. */
  readonly spans: number;
  /** Of these, by index of `kindCodes`. */
  readonly byKind: readonly number[];
  /** Steps that began before and were under way when the range began. */
  readonly running: number;
  /** Of those that began: their failure counts; it was recovered; they have no end. */
  readonly failures: number;
  readonly recovered: number;
  readonly open: number;
  /** Of those that began and reported any; undefined where none did. */
  readonly tokens?: number | undefined;
  /** US dollars. */
  readonly cost?: number | undefined;
  /** How many reported these. What has a report below it is not counted: instrumentation tells usage twice. */
  readonly tokenReports: number;
  readonly costReports: number;
  /** Most steps at work at once in the range, and the time that all of them took within it. */
  readonly peak: number;
  readonly busyMs: number;
}

/** By row; NaN where nothing was reported. */
interface Usage {
  readonly tokens: Float64Array;
  readonly cost: Float64Array;
}

/** @param toMs included where it is the end of the trace, otherwise not */
export function rangeTotals(
  columns: SpanColumns,
  work: WorkRows,
  usage: Usage,
  fromMs: number,
  toMs: number,
): RangeTotals {
  const byKind = kindCodes.map(() => 0);
  const hasTokensBelow = reportsBelow(columns, usage.tokens);
  const hasCostBelow = reportsBelow(columns, usage.cost);
  let [spans, running, failures, recovered, open, busyMs] = [0, 0, 0, 0, 0, 0];
  let [tokens, cost, tokenReports, costReports] = [0, 0, 0, 0];
  const isIn = (start: number) => start >= fromMs && (start < toMs || (start === toMs && toMs >= work.lastMs));
  for (let row = 0; row < columns.count; row++) {
    const flags = columns.flags[row] ?? 0;
    if ((flags & (FLAG.synthetic | FLAG.output)) !== 0) continue;
    const start = work.startMs[row] ?? Number.NaN;
    const end = work.endMs[row] ?? Number.NaN;
    if (work.role[row] === ROW.work && end > fromMs && start < toMs) {
      busyMs += Math.min(end, toMs) - Math.max(start, fromMs);
    }
    if (!isIn(start)) {
      if (start < fromMs && end > fromMs) running++;
      continue;
    }
    spans++;
    const kind = columns.kind[row] ?? 0;
    byKind[kind] = (byKind[kind] ?? 0) + 1;
    if ((flags & FLAG.failure) !== 0) failures++;
    if ((flags & FLAG.recovered) !== 0) recovered++;
    if ((flags & FLAG.open) !== 0) open++;
    const used = hasTokensBelow[row] === 1 ? Number.NaN : (usage.tokens[row] ?? Number.NaN);
    const paid = hasCostBelow[row] === 1 ? Number.NaN : (usage.cost[row] ?? Number.NaN);
    if (!Number.isNaN(used)) {
      tokens += used;
      tokenReports++;
    }
    if (!Number.isNaN(paid)) {
      cost += paid;
      costReports++;
    }
  }
  return {
    spans,
    byKind,
    running,
    failures,
    recovered,
    open,
    tokens: tokenReports > 0 ? tokens : undefined,
    cost: costReports > 0 ? cost : undefined,
    tokenReports,
    costReports,
    peak: peakWithin(work, fromMs, toMs),
    busyMs,
  };
}

function reportsBelow({ count, parent }: SpanColumns, reported: Float64Array): Uint8Array {
  const marks = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    if (Number.isNaN(reported[row] ?? Number.NaN)) continue;
    // Stops at the first marked row, whose ancestors are marked: all walks together visit each row once.
    for (let above = parent[row] ?? -1; above >= 0 && marks[above] === 0; above = parent[above] ?? -1) marks[above] = 1;
  }
  return marks;
}

function peakWithin({ ordered, role, startMs, endMs }: WorkRows, fromMs: number, toMs: number): number {
  const packer = new LanePacker();
  for (const row of ordered) {
    const start = startMs[row] ?? 0;
    const end = endMs[row] ?? 0;
    if (start > toMs) break;
    if (role[row] !== ROW.work || end < fromMs || (end === fromMs && start < fromMs)) continue;
    packer.add(Math.max(start, fromMs), end);
  }
  return packer.laneCount;
}
