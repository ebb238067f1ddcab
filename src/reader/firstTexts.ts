// Labels and outcomes of the rows that a panel most likely shows first, so that it need not ask for them: those around the
// row that it selects, in a tree that is expanded as that of a large trace is at first. What it lacks it asks for.

import type { FirstTexts } from "../protocol/panelMessages";
import type { TracePicture } from "./picture";
import { rowTexts } from "./rowTexts";

/** No view shows many more rows above or below the selected one. */
const rowsInView = 64;
/** So many levels show their children, and the path to the selected row. */
const expandedLevels = 2;
/** Collapsed rows that are passed over at most. */
const mostPassed = 50_000;

/** Undefined where the columns have the texts, or the row is not there. */
export function firstTexts(picture: TracePicture, row: number): FirstTexts | undefined {
  const { columns, tree, hasTexts } = picture;
  if (hasTexts || row < 0 || row >= columns.count) return undefined;
  const { parent } = columns;
  const path = new Set<number>();
  for (let each = parent[row] ?? -1; each >= 0; each = parent[each] ?? -1) path.add(each);
  const isShown = (each: number) => (tree.depth[each] ?? 0) <= expandedLevels || path.has(parent[each] ?? -1);
  const place = tree.preorder.indexOf(row);
  const rows = [row];
  for (const by of [-1, 1]) {
    const wanted = rows.length + rowsInView;
    for (let at = place + by; rows.length < wanted && Math.abs(at - place) < mostPassed; at += by) {
      const each = tree.preorder[at];
      if (each === undefined) break;
      if (isShown(each)) rows.push(each);
    }
  }
  const texts = rows.map((each) => rowTexts(picture, each));
  return { rows, labels: texts.map(({ label }) => label), outcomes: texts.map(({ outcome }) => outcome) };
}
