// Makes the bytes of a kept scan, piece by piece: between two of them the thread turns to whatever else there is.

import { Buffer } from "node:buffer";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { rangedFields } from "../trace/scanRows";
import { bytesOfText } from "../trace/scanTexts";
import type { ScannedTrace } from "../trace/scanTrace";
import { tokenFields } from "../trace/soundSpan";
import { FLAG, type SpanColumns } from "../trace/spanColumns";
import {
  type ColumnName,
  columnNames,
  columnTypes,
  encodeKey,
  endMark,
  KEPT_MARK,
  type ScanKey,
  type ScanTable,
  trailerBytes,
} from "./keptScanFormat";

/** Rows between two turns of the event loop: a few milliseconds. */
const rowsOfTurn = 4096;
const pieceBytes = 1024 * 1024;
/** Set by who looks for failures, under a state that the next time may be another one. */
const foundLater = FLAG.failure | FLAG.recovered | FLAG.failingStep;
const most32 = 2 ** 32 - 1;

/** A scan that does not fit: a span of more than 4 GB, or as much of ids. */
export class UnkeepableScanError extends Error {
  override readonly name = "UnkeepableScanError";
}

/**
 * @param scanned is read at once as far as it may change later, and then bit by bit
 * @param signal rejects with its reason
 */
export function encodeScan(key: ScanKey, scanned: ScannedTrace, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const columns = copyOf(scanned.columns);
  return encode(key, scanned, columns, signal);
}

type CopiedColumns = Pick<SpanColumns, "startMs" | "endMs" | "parent" | "kind" | "status" | "flags" | "name">;

function copyOf({ count, startMs, endMs, parent, kind, status, flags, name }: SpanColumns): CopiedColumns {
  const copied = flags.slice(0, count);
  for (let row = 0; row < count; row++) copied[row] = (copied[row] ?? 0) & ~foundLater;
  return {
    startMs: startMs.slice(0, count),
    endMs: endMs.slice(0, count),
    parent: parent.slice(0, count),
    kind: kind.slice(0, count),
    status: status.slice(0, count),
    flags: copied,
    name: name.slice(0, count),
  };
}

async function* encode(
  key: ScanKey,
  scanned: ScannedTrace,
  copied: CopiedColumns,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const { spanCount } = scanned;
  const turn = async () => {
    await nextTurn();
    signal?.throwIfAborted();
  };
  const strings = scanned.columns.strings.slice(0, lastOf(copied.name) + 1);
  const places: Record<string, [number, number]> = {};
  let length = 0;
  let sum = 0;
  const add = (bytes: Uint8Array): Uint8Array => {
    length += bytes.length;
    sum = crc32(bytes, sum);
    return bytes;
  };
  async function* column(name: ColumnName, values: ArrayBufferView & { readonly length: number }) {
    if (!(values instanceof columnTypes[name])) throw new TypeError(`${name} is made of something else`);
    places[name] = [length, values.length];
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let from = 0; from < bytes.length; from += pieceBytes) {
      yield add(bytes.subarray(from, from + pieceBytes));
      await turn();
    }
    // The next column begins where a value of eight bytes may stand.
    yield add(new Uint8Array(-length & 7));
  }

  yield add(encodeKey(key));
  for (const name of columnNames) {
    const values = (copied as Partial<Record<ColumnName, CopiedColumns[keyof CopiedColumns]>>)[name];
    if (values !== undefined) yield* column(name, values);
  }

  const marks = new Uint8Array(spanCount);
  const aim = new Int32Array(spanCount);
  const spanStart = new Float64Array(spanCount);
  const spanLength = new Uint32Array(spanCount);
  const firstField = new Uint32Array(spanCount + 1);
  const fields = new GrowingFields();
  const idStart = new Uint32Array(spanCount + 1);
  const ids = new GrowingBytes();
  for (let row = 0; row < spanCount; row++) {
    if (row % rowsOfTurn === 0) await turn();
    const { startBytes, endBytes } = scanned.spanRange(row);
    marks[row] =
      (scanned.isMended(row) ? KEPT_MARK.mended : 0) | (scanned.mayNameTool(row) ? KEPT_MARK.mayNameTool : 0);
    aim[row] = scanned.aimOf(row);
    spanStart[row] = startBytes;
    spanLength[row] = fitting(endBytes - startBytes);
    for (const field of scanned.fieldRanges(row)) {
      fields.add(rangedFields.indexOf(field.field), field.startBytes - startBytes, field.endBytes - field.startBytes);
    }
    firstField[row + 1] = fields.count;
    ids.add(bytesOfText(scanned.idOf(row)));
    idStart[row + 1] = fitting(ids.length);
  }
  yield* column("marks", marks);
  yield* column("aim", aim);
  yield* column("spanStart", spanStart);
  yield* column("spanLength", spanLength);
  yield* column("firstField", firstField);
  yield* column("fieldKind", fields.kind.subarray(0, fields.count));
  yield* column("fieldOffset", fields.offset.subarray(0, fields.count));
  yield* column("fieldLength", fields.lengths.subarray(0, fields.count));
  yield* column("idStart", idStart);
  yield* column("ids", ids.bytes.subarray(0, ids.length));

  const { usage } = scanned;
  const parts = tokenFields.length;
  const usageRow = new Uint32Array(usage.count);
  const usageModel = new Int32Array(usage.count);
  const usageCost = new Float64Array(usage.count);
  const usageTokens = new Float64Array(usage.count * parts);
  let models = 0;
  for (let index = 0; index < usage.count; index++) {
    if (index % rowsOfTurn === 0) await turn();
    usageRow[index] = usage.rowAt(index);
    const model = usage.modelAt(index);
    usageModel[index] = model;
    models = Math.max(models, model + 1);
    usageCost[index] = usage.costAt(index);
    const tokens = usage.tokensAt(index);
    for (const [part, field] of tokenFields.entries())
      usageTokens[index * parts + part] = tokens?.[field] ?? Number.NaN;
  }
  yield* column("usageRow", usageRow);
  yield* column("usageModel", usageModel);
  yield* column("usageCost", usageCost);
  yield* column("usageTokens", usageTokens);

  const reversed = reversedEnds(scanned, copied.flags);
  yield* column(
    "reversedRow",
    Uint32Array.from(reversed, ([row]) => row),
  );
  yield* column(
    "reversedEnd",
    Float64Array.from(reversed, ([, endMs]) => endMs),
  );
  yield* column("latestEvent", Float64Array.of(scanned.latestEventMs));

  const { spanProblems, cutMarkProblems, cutTextProblems, treeProblems } = scanned;
  const table: ScanTable = {
    columns: places,
    rowCount: copied.name.length,
    spanCount,
    strings: [...strings],
    header: [...scanned.header].map(([name, { startBytes, endBytes, value }]) => [
      name,
      startBytes,
      endBytes,
      value !== undefined,
    ]),
    spanProblems,
    cutMarkProblems,
    cutTextProblems,
    treeProblems,
    models: Array.from({ length: models }, (_, model) => scanned.modelText(model)),
  };
  const tableBytes = Buffer.from(JSON.stringify(table));
  await turn();
  for (let from = 0; from < tableBytes.length; from += pieceBytes) {
    yield add(tableBytes.subarray(from, from + pieceBytes));
    await turn();
  }
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeUInt32LE(tableBytes.length, 0);
  sum = crc32(trailer.subarray(0, 4), sum);
  trailer.writeUInt32LE(sum, 4);
  trailer.set(endMark, 8);
  yield trailer;
}

function reversedEnds(scanned: ScannedTrace, flags: Uint32Array): (readonly [row: number, endMs: number])[] {
  const ends: (readonly [row: number, endMs: number])[] = [];
  for (let row = 0; row < scanned.spanCount; row++) {
    if (((flags[row] ?? 0) & FLAG.negativeDuration) === 0) continue;
    const endMs = scanned.reversedEndMs(row);
    if (endMs !== undefined) ends.push([row, endMs]);
  }
  return ends;
}

function lastOf(numbers: Uint32Array): number {
  let last = -1;
  for (const number of numbers) if (number > last) last = number;
  return last;
}

function fitting(value: number): number {
  if (value > most32) throw new UnkeepableScanError("A number does not fit into 32 bits");
  return value;
}

class GrowingFields {
  count = 0;
  kind = new Uint8Array(4096);
  offset = new Uint32Array(4096);
  lengths = new Uint32Array(4096);

  add(kind: number, offsetBytes: number, lengthBytes: number): void {
    if (this.count === this.kind.length) {
      const length = this.count * 2;
      const [kinds, offsets, lengths] = [new Uint8Array(length), new Uint32Array(length), new Uint32Array(length)];
      kinds.set(this.kind);
      offsets.set(this.offset);
      lengths.set(this.lengths);
      [this.kind, this.offset, this.lengths] = [kinds, offsets, lengths];
    }
    this.kind[this.count] = kind;
    this.offset[this.count] = fitting(offsetBytes);
    this.lengths[this.count++] = fitting(lengthBytes);
  }
}

class GrowingBytes {
  bytes = new Uint8Array(64 * 1024);
  length = 0;

  add(more: Uint8Array): void {
    if (this.length + more.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more.length));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
    this.bytes.set(more, this.length);
    this.length += more.length;
  }
}
