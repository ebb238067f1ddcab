// One picture of a trace: columns, the tree over them and what follows from both. Made anew when rows change, read only
// afterwards; every array is indexed by row.

import { FLAG, type SpanColumns, type SpanTree } from "../../src/trace/spanColumns";
import { buildTree } from "../../src/trace/spanTree";
import { type EffectiveTimes, effectiveTimes, idleStretches } from "../layout/activity";
import { buildTimeScale, type TimeScale } from "../layout/timeScale";

export interface TraceModel {
  readonly columns: SpanColumns;
  readonly tree: SpanTree;
  /** Index of a row in `tree.preorder`. */
  readonly positionOf: Int32Array;
  /** From 1, among the children of its parent, and how many there are. */
  readonly posInSet: Int32Array;
  readonly setSize: Int32Array;
  /** Failures that count, in the row's subtree, itself not included. */
  readonly failuresBelow: Int32Array;
  readonly openCount: number;
}

export function buildTraceModel(columns: SpanColumns): TraceModel {
  const tree = buildTree(columns);
  const { count, parent, flags } = columns;
  const positionOf = new Int32Array(count);
  const failuresBelow = new Int32Array(count);
  const posInSet = new Int32Array(count);
  const setSize = new Int32Array(count);
  // Index `count` stands for the top.
  const children = new Int32Array(count + 1);
  let openCount = 0;
  for (let position = 0; position < count; position++) {
    const row = tree.preorder[position] ?? 0;
    const above = parent[row] ?? -1;
    const slot = above < 0 ? count : above;
    const ordinal = (children[slot] ?? 0) + 1;
    positionOf[row] = position;
    children[slot] = ordinal;
    posInSet[row] = ordinal;
    if (((flags[row] ?? 0) & FLAG.open) !== 0) openCount++;
  }
  for (let position = count - 1; position >= 0; position--) {
    const row = tree.preorder[position] ?? 0;
    const above = parent[row] ?? -1;
    setSize[row] = children[above < 0 ? count : above] ?? 0;
    if (above < 0) continue;
    const own = ((flags[row] ?? 0) & FLAG.failure) !== 0 ? 1 : 0;
    failuresBelow[above] = (failuresBelow[above] ?? 0) + (failuresBelow[row] ?? 0) + own;
  }
  return { columns, tree, positionOf, posInSet, setSize, failuresBelow, openCount };
}

export interface TraceTimes extends EffectiveTimes {
  readonly scale: TimeScale;
  /** The session runs: open rows last until now. Otherwise their ends are only where their bars are drawn to. */
  readonly isLive: boolean;
}

/** One picture of one epoch. */
export interface Picture {
  readonly epoch: number;
  readonly model: TraceModel;
  readonly times: TraceTimes;
}

/** @param openEndMs where the bars of open rows end: now, for a session that still runs. */
export function buildTimes(model: TraceModel, openEndMs: number | undefined, isLive = false): TraceTimes {
  const times = effectiveTimes(model.columns, model.tree, openEndMs);
  const idle = idleStretches(model.columns, model.tree, times);
  const first = Number.isNaN(times.firstMs) ? 0 : times.firstMs;
  const last = Number.isNaN(times.lastMs) ? first : times.lastMs;
  return { ...times, scale: buildTimeScale(first, last, idle), isLive };
}

/** Rows of the ancestors, from the top down. */
export function ancestors(columns: SpanColumns, row: number): number[] {
  const found: number[] = [];
  for (let above = columns.parent[row] ?? -1; above >= 0; above = columns.parent[above] ?? -1) found.push(above);
  return found.reverse();
}

export function hasChildren(model: TraceModel, row: number): boolean {
  return (model.tree.firstChild[row] ?? -1) >= 0;
}

export function stringAt(columns: SpanColumns, column: "name" | "label" | "outcome", row: number): string {
  return columns.strings[columns[column][row] ?? 0] ?? "";
}

/**
 * A row of `now` with the same name, label and start as one of `then`: the same step, where row numbers lost their
 * meaning; -1 without one.
 */
export function findSameRow(then: SpanColumns, row: number, now: SpanColumns): number {
  if (row < 0) return -1;
  const start = then.startMs[row];
  const name = stringAt(then, "name", row);
  const label = stringAt(then, "label", row);
  for (let candidate = 0; candidate < now.count; candidate++) {
    if (!Object.is(now.startMs[candidate], start)) continue;
    if (stringAt(now, "name", candidate) === name && stringAt(now, "label", candidate) === label) return candidate;
  }
  return -1;
}
