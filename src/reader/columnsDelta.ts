// What changed between two readings of the same trace, and parts of columns to send. Rows keep their numbers as long as
// the spans that were there come first and in the same order; otherwise the two have nothing in common.

import { finish, rowsPerStep, type Steps } from "../base/steps";
import type { ColumnChunk } from "../protocol/panelMessages";
import type { SpanColumns } from "../trace/spanColumns";
import type { SpanSource } from "../trace/spanSource";

type Ids = Pick<SpanSource, "count" | "idOf">;

/** Whether every span of `before` is still at its place in `after`. */
export function keepsRows(before: Ids, after: Ids): boolean {
  return finish(keepsRowsInSteps(before, after));
}

/** The same, with pauses in which others can be served. */
export function* keepsRowsInSteps(before: Ids, after: Ids): Steps<boolean> {
  if (after.count < before.count) return false;
  for (let row = 0; row < before.count; row++) {
    if (row % rowsPerStep === 0) yield;
    if (before.idOf(row) !== after.idOf(row)) return false;
  }
  return true;
}

/** Columns of the given rows, in exact-size arrays of their own. */
export function pickRows(columns: SpanColumns, rows: ArrayLike<number>): ColumnChunk {
  const chunk = emptyChunk(rows.length);
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] ?? 0;
    chunk.startMs[index] = columns.startMs[row] ?? Number.NaN;
    chunk.endMs[index] = columns.endMs[row] ?? Number.NaN;
    chunk.parent[index] = columns.parent[row] ?? -1;
    chunk.kind[index] = columns.kind[row] ?? 0;
    chunk.status[index] = columns.status[row] ?? 0;
    chunk.flags[index] = columns.flags[row] ?? 0;
    chunk.name[index] = columns.name[row] ?? 0;
    chunk.label[index] = columns.label[row] ?? 0;
    chunk.outcome[index] = columns.outcome[row] ?? 0;
  }
  return chunk;
}

/** Rows `from` (included) to `to` (excluded), in exact-size arrays of their own: a view would send its whole buffer. */
export function sliceRows(columns: SpanColumns, from: number, to: number): ColumnChunk {
  return {
    startMs: columns.startMs.slice(from, to),
    endMs: columns.endMs.slice(from, to),
    parent: columns.parent.slice(from, to),
    kind: columns.kind.slice(from, to),
    status: columns.status.slice(from, to),
    flags: columns.flags.slice(from, to),
    name: columns.name.slice(from, to),
    label: columns.label.slice(from, to),
    outcome: columns.outcome.slice(from, to),
  };
}

/** Rows of both that are not the same in both, whose texts are of the same table. */
export function changedRows(before: SpanColumns, after: SpanColumns): Uint32Array<ArrayBuffer> {
  const changed: number[] = [];
  const shared = Math.min(before.count, after.count);
  for (let row = 0; row < shared; row++) if (differs(before, after, row)) changed.push(row);
  return Uint32Array.from(changed);
}

function differs(before: SpanColumns, after: SpanColumns, row: number): boolean {
  return (
    !Object.is(before.startMs[row], after.startMs[row]) ||
    !Object.is(before.endMs[row], after.endMs[row]) ||
    before.parent[row] !== after.parent[row] ||
    before.kind[row] !== after.kind[row] ||
    before.status[row] !== after.status[row] ||
    before.flags[row] !== after.flags[row] ||
    before.name[row] !== after.name[row] ||
    before.label[row] !== after.label[row] ||
    before.outcome[row] !== after.outcome[row]
  );
}

function emptyChunk(length: number) {
  return {
    startMs: new Float64Array(length),
    endMs: new Float64Array(length),
    parent: new Int32Array(length),
    kind: new Uint8Array(length),
    status: new Uint8Array(length),
    flags: new Uint32Array(length),
    name: new Uint32Array(length),
    label: new Uint32Array(length),
    outcome: new Uint32Array(length),
  };
}
