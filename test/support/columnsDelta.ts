// Deltas between made-up columns, as a panel is sent them.
import type { ColumnChunk } from "../../src/protocol/panelMessages";
import { changedRows, pickRows, sliceRows } from "../../src/reader/columnsDelta";
import { MovedTexts } from "../../src/reader/movedTexts";
import type { StringTable } from "../../src/reader/stringTable";
import type { SpanColumns } from "../../src/trace/spanColumns";

export interface ColumnsDelta {
  readonly changedRows: Uint32Array<ArrayBuffer>;
  readonly changed: ColumnChunk;
  readonly appended: ColumnChunk;
}

/** The same columns with their text indexes taken from `table`, which takes in what it lacks. */
export function withSharedStrings(columns: SpanColumns, table: StringTable): SpanColumns {
  const moved = new MovedTexts(columns.strings, table);
  return {
    ...columns,
    name: moved.all(columns.name, columns.count),
    label: moved.all(columns.label, columns.count),
    outcome: moved.all(columns.outcome, columns.count),
    strings: table.list,
  };
}

/** Both must use the same string table. */
export function columnsDelta(before: SpanColumns, after: SpanColumns): ColumnsDelta {
  const rows = changedRows(before, after);
  return { changedRows: rows, changed: pickRows(after, rows), appended: sliceRows(after, before.count, after.count) };
}
