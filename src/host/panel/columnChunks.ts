// Splits columns into messages of at most about 1 MB, because one large message would block the connection for all.

import type { ColumnChunk } from "../../protocol/panelMessages";
import type { SpanColumns } from "../../trace/spanColumns";
import { sliceRows } from "./columnsDelta";

/** Bytes of one row over all columns: 2 x 8 + 4 x 4 + 2 + 2 x 1. */
const rowBytes = 36;

export interface ColumnsMessage {
  readonly fromRow: number;
  readonly columns: ColumnChunk;
  readonly strings: readonly string[];
  readonly last: boolean;
}

/** Yields at least one message, in row order. Texts are spread by size; a panel draws after the last message. */
export function* columnChunks(columns: SpanColumns, maxBytes = 1_000_000): Generator<ColumnsMessage> {
  let row = 0;
  let text = 0;
  do {
    let bytes = 0;
    const firstText = text;
    while (text < columns.strings.length && bytes < maxBytes / 2)
      bytes += 2 * (columns.strings[text++]?.length ?? 0) + 4;
    const rows = Math.max(1, Math.floor((maxBytes - bytes) / rowBytes));
    const to = Math.min(columns.count, row + rows);
    yield {
      fromRow: row,
      columns: sliceRows(columns, row, to),
      strings: columns.strings.slice(firstText, text),
      last: to >= columns.count && text >= columns.strings.length,
    };
    row = to;
  } while (row < columns.count || text < columns.strings.length);
}
