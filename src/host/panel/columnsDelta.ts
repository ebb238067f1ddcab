// What changed between two pictures of the same trace, as columns. Rows keep their numbers as long as the spans that
// were there come first and in the same order; otherwise the pictures have nothing in common and all is sent again.

import type { ColumnChunk } from "../../protocol/panelMessages";
import type { SpanColumns } from "../../trace/spanColumns";
import type { StringTable } from "./stringTable";

export interface ColumnsDelta {
  readonly changedRows: Uint32Array<ArrayBuffer>;
  readonly changed: ColumnChunk;
  readonly appended: ColumnChunk;
}

/** The same columns with their text indexes taken from `table`, which takes in what it lacks. */
export function withSharedStrings(columns: SpanColumns, table: StringTable): SpanColumns {
  const moved = new Int32Array(columns.strings.length).fill(-1);
  const move = (index: number): number => {
    let to = moved[index] ?? -1;
    if (to < 0) {
      to = table.add(columns.strings[index] ?? "");
      if (index < moved.length) moved[index] = to;
    }
    return to;
  };
  const name = new Uint32Array(columns.count);
  const label = new Uint32Array(columns.count);
  const outcome = new Uint32Array(columns.count);
  for (let row = 0; row < columns.count; row++) {
    name[row] = move(columns.name[row] ?? 0);
    label[row] = move(columns.label[row] ?? 0);
    outcome[row] = move(columns.outcome[row] ?? 0);
  }
  return { ...columns, name, label, outcome, strings: table.list };
}

/** Whether every span of `before` is still at its place in `after`. */
export function keepsRows(before: readonly string[], after: readonly string[]): boolean {
  if (after.length < before.length) return false;
  for (let row = 0; row < before.length; row++) if (before[row] !== after[row]) return false;
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

/** Both must use the same string table. */
export function columnsDelta(before: SpanColumns, after: SpanColumns): ColumnsDelta {
  const shared = Math.min(before.count, after.count);
  const changedRows: number[] = [];
  for (let row = 0; row < shared; row++) if (differs(before, after, row)) changedRows.push(row);
  const rows = Uint32Array.from(changedRows);
  return { changedRows: rows, changed: pickRows(after, rows), appended: sliceRows(after, shared, after.count) };
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
    flags: new Uint16Array(length),
    name: new Uint32Array(length),
    label: new Uint32Array(length),
    outcome: new Uint32Array(length),
  };
}
