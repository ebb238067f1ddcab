// Brings forest and order up to date with columns that have changed: rows that came are put in, rows whose parent or start
// changed are moved with all that hangs below them, and nothing else is touched.

import type { RowOrder } from "./rowOrder";
import type { SpanForest } from "./spanForest";

/** Who counts over the forest, and knows what hides a row. */
export interface ForestFollower {
  /** After the row was linked (1), or before it is unlinked (-1). */
  relinked(row: number, by: 1 | -1): void;
  /** The siblings from a row on stand elsewhere; -1: none. */
  siblingsMoved(row: number): void;
  /** Reasons that hide a row, given those of its parent. */
  reasonsOf(row: number, parentReasons: number): number;
}

/**
 * @param moved rows that are linked and stand where they do not belong any more
 * @param appended rows that are not linked yet
 */
export function moveRows(
  forest: SpanForest,
  order: RowOrder,
  moved: readonly number[],
  appended: readonly number[],
  follower: ForestFollower,
): void {
  for (const row of moved) {
    // A row below one that moves is out of the order already.
    if (order.has(row)) order.remove(row, forest.lastOf(row));
    const next = forest.nextSibling[row] ?? -1;
    follower.relinked(row, -1);
    forest.unlink(row);
    follower.siblingsMoved(next);
  }
  const placed = [...moved, ...appended];
  for (const row of placed) {
    forest.link(row);
    follower.relinked(row, 1);
    follower.siblingsMoved(row);
  }
  for (const row of placed) {
    const above = forest.parentOf(row);
    // Below a row that is not there yet it comes with that one.
    if (!order.has(row) && (above < 0 || order.has(above))) insertSubtree(forest, order, row, follower);
  }
}

function insertSubtree(forest: SpanForest, order: RowOrder, root: number, follower: ForestFollower): void {
  const above = forest.parentOf(root);
  const rows: number[] = [];
  const reasons: number[] = [];
  // Of the row and its ancestors within the subtree, the innermost last.
  const path: number[] = [above < 0 ? 0 : order.hiddenBy(above)];
  let depth = above < 0 ? 0 : (forest.depth[above] ?? 0) + 1;
  for (let row = root; ; ) {
    forest.depth[row] = depth;
    const own = follower.reasonsOf(row, path.at(-1) ?? 0);
    rows.push(row);
    reasons.push(own);
    let next = forest.firstChildOf(row);
    if (next >= 0) {
      path.push(own);
      depth++;
    }
    while (next < 0 && row !== root) {
      next = forest.nextSibling[row] ?? -1;
      if (next >= 0) break;
      row = forest.parentOf(row);
      path.pop();
      depth--;
    }
    if (next < 0) break;
    row = next;
  }
  order.insertAfter(previousInOrder(forest, order, root), Int32Array.from(rows), Int32Array.from(reasons));
}

/** The row of the order after which a linked row belongs; -1: before all. */
function previousInOrder(forest: SpanForest, order: RowOrder, row: number): number {
  const sibling = lastPlaced(forest, order, forest.previousSibling[row] ?? -1);
  if (sibling < 0) return Math.max(-1, forest.parentOf(row));
  let last = sibling;
  for (;;) {
    const child = lastPlaced(forest, order, forest.lastChildOf(last));
    if (child < 0) return last;
    last = child;
  }
}

/** The row, or the nearest sibling before it that is in the order; -1: none. */
function lastPlaced(forest: SpanForest, order: RowOrder, row: number): number {
  let placed = row;
  while (placed >= 0 && !order.has(placed)) placed = forest.previousSibling[placed] ?? -1;
  return placed;
}
