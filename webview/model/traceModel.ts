// One picture of a trace: columns, the tree over them and what follows from both. A picture is made anew with every
// change, at no cost that depends on the size of the trace: what it holds is kept up to date by `LiveTrace`, so a picture
// is right until the next one. Every array is indexed by row.

import type { SpanColumns, SpanTree } from "../../src/trace/spanColumns";
import type { Activity } from "../layout/activityGrid";
import type { TimeScale } from "../layout/timeScale";
import type { RowOrder } from "./rowOrder";
import type { RowSet } from "./rowSet";
import type { RowTexts } from "./rowTexts";
import type { SpanForest } from "./spanForest";

export interface PanelColumns extends SpanColumns {
  /** Where labels and outcomes come from that are not in the columns. */
  readonly texts?: RowTexts | undefined;
}

export interface TraceModel {
  readonly columns: PanelColumns;
  readonly forest: SpanForest;
  readonly order: RowOrder;
  readonly tree: SpanTree;
  /** Index of a row in `tree.preorder`: a pass over all rows at its first use. `order.placeOf` asks for a single one. */
  readonly positionOf: Int32Array;
  /** Failures that count, in the row's subtree, itself not included. */
  readonly failuresBelow: Int32Array;
  /** Rows that failed, those that were recovered among them. */
  readonly failures: RowSet;
  readonly openCount: number;
}

/** What a tree of rows consists of. */
export type RowTree = Pick<TraceModel, "columns" | "forest" | "order">;

export interface TraceTimes {
  /** Rows without a start take their parent's; open rows end at `lastMs`. */
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  /** NaN where no row names a time. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly scale: TimeScale;
  /** The session runs: open rows last until now. Otherwise their ends are only where their bars are drawn to. */
  readonly isLive: boolean;
  /** Over the whole scale, in so many equal parts of the drawn time. */
  density(buckets: number): Activity;
}

/** One picture of one epoch. */
export interface Picture {
  readonly epoch: number;
  readonly model: TraceModel;
  readonly times: TraceTimes;
}

/** What has to be worked out for all rows is worked out when it is asked for. */
export function traceModel(
  columns: PanelColumns,
  forest: SpanForest,
  order: RowOrder,
  failuresBelow: Int32Array,
  failures: RowSet,
  openCount: number,
): TraceModel {
  const { count } = columns;
  let preorder: Int32Array | undefined;
  let subtreeSize: Int32Array | undefined;
  let positionOf: Int32Array | undefined;
  const tree: SpanTree = {
    firstRoot: forest.firstRoot,
    firstChild: forest.firstChild.subarray(0, count),
    nextSibling: forest.nextSibling.subarray(0, count),
    depth: forest.depth.subarray(0, count),
    get preorder() {
      preorder ??= order.toArray();
      return preorder;
    },
    get subtreeSize() {
      subtreeSize ??= subtreeSizes(tree.preorder, columns.parent);
      return subtreeSize;
    },
  };
  return {
    columns,
    forest,
    order,
    tree,
    failuresBelow,
    failures,
    openCount,
    get positionOf() {
      positionOf ??= inverse(tree.preorder);
      return positionOf;
    },
  };
}

function subtreeSizes(preorder: Int32Array, parent: Int32Array): Int32Array {
  const sizes = new Int32Array(preorder.length).fill(1);
  for (let index = preorder.length - 1; index >= 0; index--) {
    const row = preorder[index] ?? 0;
    const above = parent[row] ?? -1;
    if (above >= 0) sizes[above] = (sizes[above] ?? 0) + (sizes[row] ?? 0);
  }
  return sizes;
}

function inverse(preorder: Int32Array): Int32Array {
  const positions = new Int32Array(preorder.length);
  for (let index = 0; index < preorder.length; index++) positions[preorder[index] ?? 0] = index;
  return positions;
}

/** Rows of the ancestors, from the top down. */
export function ancestors(columns: SpanColumns, row: number): number[] {
  const found: number[] = [];
  for (let above = columns.parent[row] ?? -1; above >= 0; above = columns.parent[above] ?? -1) found.push(above);
  return found.reverse();
}

export function hasChildren(model: TraceModel, row: number): boolean {
  return model.forest.firstChildOf(row) >= 0;
}

/** Empty for a label or an outcome that is on its way; whoever shows it is drawn again when it is here. */
export function stringAt(columns: PanelColumns, column: "name" | "label" | "outcome", row: number): string {
  const { texts } = columns;
  if (texts !== undefined && column !== "name" && !texts.isInColumns(row)) return texts[column](row);
  return columns.strings[columns[column][row] ?? 0] ?? "";
}

/**
 * The row of `now` that is the same step as one of `then`, where row numbers lost their meaning: of the same name, start
 * and, as far as it is known, label; the nearest in number where there are several. -1 without one.
 */
export function findSameRow(then: PanelColumns, row: number, now: PanelColumns): number {
  if (row < 0) return -1;
  const start = then.startMs[row];
  const name = stringAt(then, "name", row);
  const label = knownLabel(then, row);
  let best = -1;
  for (let candidate = 0; candidate < now.count; candidate++) {
    if (!Object.is(now.startMs[candidate], start) || stringAt(now, "name", candidate) !== name) continue;
    const other = knownLabel(now, candidate);
    if (label !== undefined && other !== undefined && label !== other) continue;
    if (best < 0 || Math.abs(candidate - row) < Math.abs(best - row)) best = candidate;
  }
  return best;
}

/** Without asking for it. */
export function knownLabel(columns: PanelColumns, row: number): string | undefined {
  const { texts } = columns;
  if (texts === undefined || texts.isInColumns(row)) return stringAt(columns, "label", row);
  return texts.known(row)?.label;
}
