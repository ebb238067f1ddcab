// The rows that a tree shows above and below one of them, found from row to row, before the order of all shown rows is known.

import type { SpanForest } from "./spanForest";

/**
 * The row, then up to `reach` rows above it from the bottom up, then up to `reach` below it.
 * @param row whose ancestors are expanded
 */
export function rowsAround(
  forest: SpanForest,
  row: number,
  reach: number,
  isExpanded: (row: number) => boolean,
): number[] {
  const above: number[] = [];
  for (let each = rowAbove(forest, row, isExpanded); each >= 0 && above.length < reach; ) {
    above.push(each);
    each = rowAbove(forest, each, isExpanded);
  }
  const below: number[] = [];
  for (let each = rowBelow(forest, row, isExpanded); each >= 0 && below.length < reach; ) {
    below.push(each);
    each = rowBelow(forest, each, isExpanded);
  }
  return [row, ...above, ...below];
}

function rowAbove(forest: SpanForest, row: number, isExpanded: (row: number) => boolean): number {
  let last = forest.previousSibling[row] ?? -1;
  if (last < 0) return forest.parentOf(row);
  for (let child = last; child >= 0; child = isExpanded(child) ? forest.lastChildOf(child) : -1) last = child;
  return last;
}

function rowBelow(forest: SpanForest, row: number, isExpanded: (row: number) => boolean): number {
  let next = isExpanded(row) ? forest.firstChildOf(row) : -1;
  for (let each = row; next < 0 && each >= 0; each = forest.parentOf(each)) next = forest.nextSibling[each] ?? -1;
  return next;
}
