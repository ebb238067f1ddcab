// Reads a kept scan and believes nothing of it that was not checked: whose it is, its checksum, and then that every number
// in it points to where it may, so that not even a file made on purpose can lead anybody out of the trace or in circles.

import { Buffer } from "node:buffer";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { type ReadBytes, rangedFields } from "../trace/scanRows";
import type { ScannedField, ScannedTrace } from "../trace/scanTrace";
import { unreadModel } from "../trace/scanUsage";
import { tokenFields } from "../trace/soundSpan";
import { FLAG, kindCodes, statusCodes } from "../trace/spanColumns";
import { keptScan } from "./keptScan";
import {
  columnNames,
  columnTypes,
  decodeKey,
  endMark,
  isOfKey,
  type KeptColumns,
  mostKeyBytes,
  parseTable,
  type ScanKey,
  type ScanTable,
  tableSchema,
  trailerBytes,
} from "./keptScanFormat";

const summedBytes = 4 * 1024 * 1024;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Undefined for what is not a sound scan of this file.
 *
 * @param bytes at the start of a buffer, which the result keeps
 * @param read gives bytes of the trace
 * @throws what `read` throws, and the signal's reason
 */
export async function decodeScan(
  bytes: Uint8Array,
  key: ScanKey,
  read: ReadBytes,
  signal?: AbortSignal,
): Promise<ScannedTrace | undefined> {
  const decoded = decodeKey(bytes.subarray(0, mostKeyBytes));
  if (decoded === undefined || !isOfKey(decoded, key)) return undefined;
  const end = bytes.length - trailerBytes;
  if (bytes.byteOffset % 8 !== 0 || end < decoded.endBytes) return undefined;
  const trailer = Buffer.from(bytes.buffer, bytes.byteOffset + end, trailerBytes);
  if (!endMark.every((byte, index) => trailer[8 + index] === byte)) return undefined;
  if ((await sumOf(bytes.subarray(0, end + 4), signal)) !== trailer.readUInt32LE(4)) return undefined;
  const tableStart = end - trailer.readUInt32LE(0);
  if (tableStart < decoded.endBytes) return undefined;
  const table = parseTable(tableSchema, bytes.subarray(tableStart, end));
  if (table === undefined) return undefined;
  const columns = columnsOf(bytes.subarray(0, tableStart), table, decoded.endBytes);
  if (columns === undefined || !(await isSound(table, columns, key.version.sizeBytes, signal))) return undefined;
  const header = headerOf(table, read);
  return header && keptScan(table, columns, header, key.version.sizeBytes);
}

async function sumOf(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<number> {
  let sum = 0;
  for (let from = 0; from < bytes.length; from += summedBytes) {
    sum = crc32(bytes.subarray(from, from + summedBytes), sum);
    await nextTurn();
    signal?.throwIfAborted();
  }
  return sum;
}

/** Undefined where one is missing, misplaced or of another length than the others demand. */
function columnsOf(bytes: Uint8Array, table: ScanTable, from: number): KeptColumns | undefined {
  const columns: Partial<Record<string, ArrayBufferView>> = {};
  for (const name of columnNames) {
    const [start, length] = table.columns[name] ?? [-1, 0];
    const type = columnTypes[name];
    if (start < from || start % 8 !== 0 || start + length * type.BYTES_PER_ELEMENT > bytes.length) return undefined;
    columns[name] = new type(bytes.buffer as ArrayBuffer, bytes.byteOffset + start, length);
  }
  const made = columns as unknown as KeptColumns;
  const { rowCount, spanCount } = table;
  const ofRows = [made.startMs, made.endMs, made.parent, made.kind, made.status, made.flags, made.name];
  const ofSpans = [made.marks, made.aim, made.spanStart, made.spanLength];
  const ofFields = [made.fieldOffset, made.fieldLength];
  const uses = made.usageRow.length;
  const fits =
    (rowCount === spanCount || rowCount === spanCount + 1) &&
    ofRows.every(({ length }) => length === rowCount) &&
    ofSpans.every(({ length }) => length === spanCount) &&
    made.firstField.length === spanCount + 1 &&
    made.idStart.length === spanCount + 1 &&
    ofFields.every(({ length }) => length === made.fieldKind.length) &&
    made.usageModel.length === uses &&
    made.usageCost.length === uses &&
    made.usageTokens.length === uses * tokenFields.length &&
    made.reversedEnd.length === made.reversedRow.length &&
    made.latestEvent.length === 1;
  return fits ? made : undefined;
}

async function isSound(
  table: ScanTable,
  columns: KeptColumns,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const check of [areRowsSound, isForest, areRangesSound, areFieldsSound, areIdsSound, isUsageSound]) {
    if (!check(table, columns, sizeBytes)) return false;
    await nextTurn();
    signal?.throwIfAborted();
  }
  return true;
}

function areRowsSound({ rowCount, spanCount, strings }: ScanTable, columns: KeptColumns): boolean {
  const { startMs, endMs, kind, status, flags, name } = columns;
  for (let row = 0; row < rowCount; row++) {
    const start = startMs[row] ?? 0;
    const end = endMs[row] ?? 0;
    const isTimed = (Number.isFinite(start) || Number.isNaN(start)) && (Number.isFinite(end) || Number.isNaN(end));
    if (!isTimed || end < start) return false;
    if ((kind[row] ?? 0) >= kindCodes.length || (status[row] ?? 0) >= statusCodes.length) return false;
    if ((name[row] ?? 0) >= strings.length) return false;
    if ((((flags[row] ?? 0) & FLAG.synthetic) !== 0) !== row >= spanCount) return false;
  }
  return columns.reversedRow.every((row) => row < spanCount);
}

/** Every row hangs from one that is there, and none from itself by however many others. */
function isForest({ rowCount }: ScanTable, { parent }: KeptColumns): boolean {
  /** By row, from which row it was first walked over, and one more. */
  const seenFrom = new Int32Array(rowCount);
  for (let first = 0; first < rowCount; first++) {
    for (let row = first; row !== -1 && seenFrom[row] === 0; ) {
      seenFrom[row] = first + 1;
      row = parent[row] ?? -1;
      if (row < -1 || row >= rowCount || seenFrom[row] === first + 1) return false;
    }
  }
  return true;
}

function areRangesSound(
  { spanCount, header }: ScanTable,
  { spanStart, spanLength }: KeptColumns,
  sizeBytes: number,
): boolean {
  let end = 0;
  for (let row = 0; row < spanCount; row++) {
    const start = spanStart[row] ?? -1;
    // Spans stand in the file in the order of their rows.
    if (!Number.isInteger(start) || start < end) return false;
    end = start + (spanLength[row] ?? 0);
  }
  return end <= sizeBytes && header.every(([, from, to]) => from <= to && to <= sizeBytes);
}

function areFieldsSound({ spanCount }: ScanTable, columns: KeptColumns): boolean {
  const { firstField, fieldKind, fieldOffset, fieldLength, spanLength } = columns;
  if (firstField[0] !== 0 || firstField[spanCount] !== fieldKind.length) return false;
  for (let row = 0; row < spanCount; row++) {
    const end = firstField[row + 1] ?? 0;
    const length = spanLength[row] ?? 0;
    if (end < (firstField[row] ?? 0) || end > fieldKind.length) return false;
    for (let index = firstField[row] ?? 0; index < end; index++) {
      if ((fieldKind[index] ?? 0) >= rangedFields.length) return false;
      if ((fieldOffset[index] ?? 0) + (fieldLength[index] ?? 0) > length) return false;
    }
  }
  return true;
}

function areIdsSound({ spanCount }: ScanTable, { idStart, ids }: KeptColumns): boolean {
  if (idStart[0] !== 0 || idStart[spanCount] !== ids.length) return false;
  for (let row = 0; row < spanCount; row++) if ((idStart[row + 1] ?? 0) < (idStart[row] ?? 0)) return false;
  return true;
}

function isUsageSound({ spanCount, models }: ScanTable, { usageRow, usageModel }: KeptColumns): boolean {
  let before = -1;
  for (let index = 0; index < usageRow.length; index++) {
    const row = usageRow[index] ?? 0;
    const model = usageModel[index] ?? 0;
    if (row <= before || row >= spanCount || model < unreadModel || model >= models.length) return false;
    before = row;
  }
  return models.every((text) => isJson(text));
}

/** What stands beside the spans is read where it stands: that is what the scan has read, to the last number. */
function headerOf({ header }: ScanTable, read: ReadBytes): Map<string, ScannedField> | undefined {
  const fields = new Map<string, ScannedField>();
  for (const [name, startBytes, endBytes, isHeld] of header) {
    const range = { startBytes, endBytes };
    if (!isHeld) {
      fields.set(name, range);
      continue;
    }
    try {
      fields.set(name, { ...range, value: JSON.parse(decoder.decode(read(range))) as unknown });
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
  return fields;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
