// Columns -> tree: children in order of start time, then of row, and the order in which a fully expanded tree shows its
// rows. Iterative; O(n) for spans in order of time, O(n log n) otherwise.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import { sortInSteps } from "./sortInSteps";
import type { SpanColumns, SpanTree } from "./spanColumns";

/**
 * `columns.parent` must hold no cycle, as `buildColumns` guarantees.
 * A row without a start time counts as starting with its parent, so it comes first among its siblings.
 */
export function buildTree(columns: Pick<SpanColumns, "count" | "parent" | "startMs">): SpanTree {
  return finish(treeInSteps(columns));
}

/** The same, with pauses in which others can be served. */
export function* treeInSteps(columns: Pick<SpanColumns, "count" | "parent" | "startMs">): Steps<SpanTree> {
  const { count } = columns;
  const { first, rows } = yield* childrenInOrder(columns);
  const firstChild = new Int32Array(count).fill(-1);
  const nextSibling = new Int32Array(count).fill(-1);
  for (let slot = 0; slot <= count; slot++) {
    if (slot % rowsPerStep === 0) yield;
    const begin = first[slot] ?? 0;
    const end = first[slot + 1] ?? 0;
    // The last slot is that of the rows at the top.
    if (slot < count && begin < end) firstChild[slot] = rows[begin] ?? -1;
    for (let index = begin; index + 1 < end; index++) nextSibling[rows[index] ?? 0] = rows[index + 1] ?? -1;
  }
  const topBegin = first[count] ?? 0;
  const firstRoot = topBegin < count ? (rows[topBegin] ?? -1) : -1;
  return { firstRoot, firstChild, nextSibling, ...(yield* walk(columns, firstRoot, firstChild, nextSibling)) };
}

/** Rows grouped by parent (`first[parent]` to `first[parent + 1]`), each group sorted; the top is group `count`. */
function* childrenInOrder(
  columns: Pick<SpanColumns, "count" | "parent" | "startMs">,
): Steps<{ first: Int32Array; rows: Int32Array }> {
  const { count, parent, startMs } = columns;
  const first = new Int32Array(count + 2);
  const slotOf = (row: number) => {
    const above = parent[row] ?? -1;
    return above < 0 ? count : above;
  };
  for (let row = 0; row < count; row++) first[slotOf(row) + 1] = (first[slotOf(row) + 1] ?? 0) + 1;
  for (let slot = 0; slot <= count; slot++) first[slot + 1] = (first[slot + 1] ?? 0) + (first[slot] ?? 0);
  yield;
  const next = first.slice();
  const rows = new Int32Array(count);
  for (let row = 0; row < count; row++) {
    const slot = slotOf(row);
    const index = next[slot] ?? 0;
    rows[index] = row;
    next[slot] = index + 1;
  }
  const startOf = (row: number) => {
    const start = startMs[row] ?? Number.NaN;
    return Number.isNaN(start) ? Number.NEGATIVE_INFINITY : start;
  };
  const compare = (left: number, right: number) => {
    const a = startOf(left);
    const b = startOf(right);
    // Not a subtraction: two infinities would give NaN.
    return a < b ? -1 : a > b ? 1 : left - right;
  };
  for (let slot = 0; slot <= count; slot++) {
    if (slot % rowsPerStep === 0) yield;
    const begin = first[slot] ?? 0;
    const end = first[slot + 1] ?? 0;
    for (let index = begin + 1; index < end; index++) {
      if (compare(rows[index - 1] ?? 0, rows[index] ?? 0) > 0) {
        const group = rows.subarray(begin, end);
        if (group.length > rowsPerStep) yield* sortInSteps(group, compare);
        else group.sort(compare);
        break;
      }
    }
  }
  return { first, rows };
}

function* walk(
  columns: Pick<SpanColumns, "count" | "parent">,
  firstRoot: number,
  firstChild: Int32Array,
  nextSibling: Int32Array,
): Steps<Pick<SpanTree, "depth" | "preorder" | "subtreeSize">> {
  const { count, parent } = columns;
  const depth = new Int32Array(count);
  const preorder = new Int32Array(count);
  let row = firstRoot;
  let level = 0;
  for (let position = 0; position < count && row >= 0; position++) {
    if (position % rowsPerStep === 0) yield;
    preorder[position] = row;
    depth[row] = level;
    let next = firstChild[row] ?? -1;
    if (next >= 0) level++;
    while (next < 0 && row >= 0) {
      next = nextSibling[row] ?? -1;
      if (next >= 0) break;
      row = parent[row] ?? -1;
      level--;
    }
    row = next;
  }
  yield;
  const subtreeSize = new Int32Array(count).fill(1);
  for (let position = count - 1; position >= 0; position--) {
    const child = preorder[position] ?? 0;
    const above = parent[child] ?? -1;
    if (above >= 0) subtreeSize[above] = (subtreeSize[above] ?? 0) + (subtreeSize[child] ?? 0);
  }
  return { depth, preorder, subtreeSize };
}
