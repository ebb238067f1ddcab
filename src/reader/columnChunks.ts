// Splits columns into messages of at most about 1 MB, because one large message would block the connection for all.

import type { ColumnChunk } from "../protocol/panelMessages";
import type { SpanColumns } from "../trace/spanColumns";
import { sliceRows } from "./columnsDelta";
import { withinRows } from "./deltaParts";

/** Bytes of one row over all columns: 2 x 8 + 5 x 4 + 2 x 1. */
const rowBytes = 38;
/** Of these, those of label and outcome. */
const textBytes = 8;

/** Where a chunk begins: rows and texts before it were sent. */
export interface ChunkStart {
  readonly row: number;
  readonly text: number;
}

/** How far all chunks together reach; what came behind that is the matter of a delta. */
export interface ChunkEnd {
  readonly rows: number;
  readonly texts: number;
}

export interface ColumnsMessage {
  readonly fromRow: number;
  readonly columns: ColumnChunk;
  readonly strings: string[];
  readonly last: boolean;
  readonly next: ChunkStart;
}

export interface ChunkOptions {
  readonly maxBytes?: number | undefined;
  /** The panel asks for the texts of the rows that it shows: of labels and outcomes nothing is sent. */
  readonly lacksTexts?: boolean | undefined;
}

/** Rows come in their order, and texts beside them by size; a panel draws after the last chunk. */
export function columnChunk(
  columns: SpanColumns,
  { row, text }: ChunkStart,
  end: ChunkEnd,
  { maxBytes = 1_000_000, lacksTexts = false }: ChunkOptions = {},
): ColumnsMessage {
  let bytes = 0;
  let nextText = text;
  while (nextText < end.texts && bytes < maxBytes / 2) bytes += 2 * (columns.strings[nextText++]?.length ?? 0) + 4;
  const sentBytes = lacksTexts ? rowBytes - textBytes : rowBytes;
  const nextRow = Math.min(end.rows, row + Math.max(1, Math.floor((maxBytes - bytes) / sentBytes)));
  const rows = lacksTexts ? { ...columns, label: noTexts, outcome: noTexts } : columns;
  return {
    fromRow: row,
    // A row may have moved under a later one since the first chunk: the delta that follows says so.
    columns: withinRows(sliceRows(rows, row, nextRow), end.rows),
    strings: columns.strings.slice(text, nextText),
    last: nextRow >= end.rows && nextText >= end.texts,
    next: { row: nextRow, text: nextText },
  };
}

const noTexts = new Uint32Array();

/** All chunks, at least one. */
export function* columnChunks(columns: SpanColumns, options?: ChunkOptions): Generator<ColumnsMessage> {
  const end = { rows: columns.count, texts: columns.strings.length };
  let chunk: ColumnsMessage | undefined;
  do {
    chunk = columnChunk(columns, chunk?.next ?? { row: 0, text: 0 }, end, options);
    yield chunk;
  } while (!chunk.last);
}
