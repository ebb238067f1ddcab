// Which rows of a tree a panel shows, from top to bottom, by plain definition: one pass over the whole preorder. What the
// panel keeps up to date is held against this.

import type { SpanTree } from "../../../src/trace/spanColumns";

/** Whether a row's children are shown: a question, or one byte a row where any value but 0 means yes. */
export type Expansion = ((row: number) => boolean) | Uint8Array;

/**
 * @param filter one byte a row; where given, only rows with a value other than 0 and their ancestors are kept. It does
 * not expand anything: a match within a collapsed row stays hidden, and the collapsed row is shown.
 * @returns rows in the order shown, in an array of exactly their number.
 */
export function visibleRows(
  tree: Pick<SpanTree, "preorder" | "subtreeSize">,
  isExpanded: Expansion,
  filter?: Uint8Array,
): Int32Array {
  const { preorder, subtreeSize } = tree;
  const expanded = typeof isExpanded === "function" ? isExpanded : (row: number) => isExpanded[row] !== 0;
  const rows = new Int32Array(preorder.length);
  let shown = 0;
  // The first position at or after the current one whose row matches.
  let nextMatch = 0;
  for (let position = 0; position < preorder.length; ) {
    const row = preorder[position] ?? 0;
    const size = subtreeSize[row] ?? 1;
    if (filter !== undefined) {
      if (nextMatch < position) nextMatch = position;
      while (nextMatch < preorder.length && !filter[preorder[nextMatch] ?? 0]) nextMatch++;
      if (nextMatch >= position + size) {
        position += size;
        continue;
      }
    }
    rows[shown++] = row;
    position += expanded(row) ? 1 : size;
  }
  return rows.slice(0, shown);
}
