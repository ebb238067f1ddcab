// The failures of columns that are there as a whole, and which rows they changed.

import type { Steps } from "../base/steps";
import { type ActionKeys, failuresInSteps } from "../trace/failures";
import type { SpanColumns, SpanTree } from "../trace/spanColumns";
import type { SessionState } from "../trace/state";
import type { FoundFailures } from "./sessionSource";

/** @param actionKeys see `findFailures` */
export function* failuresOfColumns(
  columns: SpanColumns,
  tree: SpanTree,
  actionKeys: ActionKeys | ((row: number) => string),
  state: SessionState,
): Steps<FoundFailures> {
  const before = columns.flags.slice(0, columns.count);
  const failures = yield* failuresInSteps(columns, tree, actionKeys, state);
  const changedRows: number[] = [];
  for (let row = 0; row < before.length; row++) if (before[row] !== columns.flags[row]) changedRows.push(row);
  return { failures, changedRows: Uint32Array.from(changedRows) };
}
