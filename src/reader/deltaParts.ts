// Splits what came between two revisions into messages of about 1 MB: the texts, then rows that came, then rows that
// changed. Each part leaves a sound picture, so that a panel may draw after each.

import type { ColumnChunk } from "../protocol/panelMessages";
import type { SpanColumns } from "../trace/spanColumns";
import type { Changes } from "./changeLog";
import { pickRows, sliceRows } from "./columnsDelta";

/** Bytes of one row over all columns, and of its number. */
const rowBytes = 42;

/** Where a part begins. */
export interface DeltaStart {
  readonly text: number;
  readonly row: number;
}

export interface DeltaPart {
  readonly changedRows: Uint32Array;
  readonly changed: ColumnChunk;
  readonly appended: ColumnChunk;
  readonly strings: string[];
  /** Undefined after the last part. */
  readonly next?: DeltaStart | undefined;
}

/**
 * Rows that changed come all at once with the last part: with some of their new parents and some of their old ones rows
 * could go round in circles.
 *
 * @param columns as they are now, which may be later than `changes` ends
 */
export function deltaPart(columns: SpanColumns, changes: Changes, start?: DeltaStart, maxBytes = 1_000_000): DeltaPart {
  const { from, to } = changes;
  const { text, row } = start ?? { text: from.strings, row: from.rows };
  let bytes = 0;
  let nextText = text;
  while (nextText < to.strings && bytes < maxBytes) bytes += 2 * (columns.strings[nextText++]?.length ?? 0) + 4;
  const strings = columns.strings.slice(text, nextText);
  // Rows name texts, so all of these come first.
  const room = nextText < to.strings ? 0 : Math.max(1, Math.floor((maxBytes - bytes) / rowBytes));
  const nextRow = Math.min(to.rows, row + room);
  const isLast = nextText >= to.strings && nextRow >= to.rows;
  const changedRows = isLast ? withCutOff(columns, changes, row) : new Uint32Array();
  return {
    changedRows,
    changed: withinRows(pickRows(columns, changedRows), nextRow),
    appended: withinRows(sliceRows(columns, row, nextRow), nextRow),
    strings,
    ...(isLast ? {} : { next: { text: nextText, row: nextRow } }),
  };
}

/** A row whose parent is not there yet is at the top, until that parent comes. */
export function withinRows(chunk: ColumnChunk, rows: number): ColumnChunk {
  const { parent } = chunk;
  for (let index = 0; index < parent.length; index++) if ((parent[index] ?? -1) >= rows) parent[index] = -1;
  return chunk;
}

/** The changed rows, and those of earlier parts that came before their parent. */
function withCutOff({ parent }: SpanColumns, { from, changedRows }: Changes, sent: number): Uint32Array {
  const cutOff: number[] = [];
  for (let row = from.rows; row < sent; row++) if ((parent[row] ?? -1) > row) cutOff.push(row);
  return cutOff.length === 0 ? changedRows : Uint32Array.from([...changedRows, ...cutOff]);
}
