// A scan that was kept, as it stands in its file: nothing of it is copied, and of a row only what is asked for is made.

import { unknownAim } from "../trace/scanAim";
import { type ByteRange, type RangedField, rangedFields } from "../trace/scanRows";
import { bytesOfText, textOfBytes } from "../trace/scanTexts";
import type { ScannedField, ScannedTrace } from "../trace/scanTrace";
import { ScanUsage } from "../trace/scanUsage";
import { tokenFields } from "../trace/soundSpan";
import { KEPT_MARK, type KeptColumns, type ScanTable } from "./keptScanFormat";

/** @param columns as `soundColumns` has checked them */
export function keptScan(
  table: ScanTable,
  columns: KeptColumns,
  header: ReadonlyMap<string, ScannedField>,
  lengthBytes: number,
): ScannedTrace {
  const { rowCount, spanCount, strings, models } = table;
  const { startMs, endMs, parent, kind, status, flags, name, marks, aim, spanStart, spanLength } = columns;
  const { firstField, fieldKind, fieldOffset, fieldLength } = columns;
  const ids = new KeptIds(columns.ids, columns.idStart, spanCount);
  const reversed = new Map(Array.from(columns.reversedRow, (row, index) => [row, columns.reversedEnd[index]]));
  const hasMark = (row: number, mark: number) => ((marks[row] ?? 0) & mark) !== 0;
  const fieldRanges = (row: number) => {
    const ranges: (ByteRange & { readonly field: RangedField })[] = [];
    for (let index = firstField[row] ?? 0; index < (firstField[row + 1] ?? 0); index++) {
      const startBytes = (spanStart[row] ?? 0) + (fieldOffset[index] ?? 0);
      const endBytes = startBytes + (fieldLength[index] ?? 0);
      ranges.push({ field: rangedFields[fieldKind[index] ?? 0] ?? "other", startBytes, endBytes });
    }
    return ranges;
  };
  return {
    type: "sound",
    columns: {
      count: rowCount,
      startMs,
      endMs,
      parent,
      kind,
      status,
      flags,
      name,
      label: new Uint32Array(rowCount),
      outcome: new Uint32Array(rowCount),
      strings,
    },
    spanCount,
    header,
    spanProblems: table.spanProblems,
    cutMarkProblems: table.cutMarkProblems,
    cutTextProblems: table.cutTextProblems,
    treeProblems: table.treeProblems,
    lengthBytes,
    longestSpanBytes: mostOf(spanLength),
    latestEventMs: columns.latestEvent[0] ?? Number.NEGATIVE_INFINITY,
    usage: usageOf(columns),
    idOf: (row) => ids.text(row),
    rowOf: (spanId) => ids.rowOf(spanId),
    spanRange: (row) => {
      const startBytes = spanStart[row] ?? 0;
      return { startBytes, endBytes: startBytes + (spanLength[row] ?? 0) };
    },
    modelText: (model) => models[model] ?? "",
    reversedEndMs: (row) => reversed.get(row),
    aimOf: (row) => aim[row] ?? unknownAim,
    mayNameTool: (row) => hasMark(row, KEPT_MARK.mayNameTool),
    isMended: (row) => hasMark(row, KEPT_MARK.mended),
    fieldRange: (row, field) => fieldRanges(row).findLast((range) => range.field === field),
    fieldRanges,
  };
}

function mostOf(numbers: Uint32Array): number {
  let most = 0;
  for (const number of numbers) if (number > most) most = number;
  return most;
}

function usageOf({ usageRow, usageModel, usageCost, usageTokens }: KeptColumns): ScanUsage {
  const usage = new ScanUsage();
  const parts = tokenFields.length;
  for (let index = 0; index < usageRow.length; index++) {
    const tokens = usageTokens.subarray(index * parts, (index + 1) * parts);
    usage.add(usageRow[index] ?? 0, usageModel[index] ?? 0, usageCost[index] ?? Number.NaN, tokens);
  }
  usage.trim();
  return usage;
}

/** Ids by row, and rows by id once somebody asks for one. */
class KeptIds {
  readonly #bytes: Uint8Array;
  readonly #starts: Uint32Array;
  readonly #count: number;
  /** Row and one more; 0 is free. */
  #slots: Int32Array | undefined;

  constructor(bytes: Uint8Array, starts: Uint32Array, count: number) {
    this.#bytes = bytes;
    this.#starts = starts;
    this.#count = count;
  }

  text(row: number): string {
    return textOfBytes(this.#bytes.subarray(this.#starts[row] ?? 0, this.#starts[row + 1] ?? 0));
  }

  rowOf(spanId: string): number {
    this.#slots ??= this.#makeSlots();
    const bytes = bytesOfText(spanId);
    return (this.#slots[this.#slotOf(this.#slots, bytes, 0, bytes.length)] ?? 0) - 1;
  }

  #makeSlots(): Int32Array {
    let length = 16;
    while (length < this.#count * 2) length *= 2;
    const slots = new Int32Array(length);
    for (let row = 0; row < this.#count; row++) {
      const slot = this.#slotOf(slots, this.#bytes, this.#starts[row] ?? 0, this.#starts[row + 1] ?? 0);
      // Of several rows with one id the first is meant.
      if (slots[slot] === 0) slots[slot] = row + 1;
    }
    return slots;
  }

  #slotOf(slots: Int32Array, bytes: Uint8Array, from: number, to: number): number {
    const mask = slots.length - 1;
    for (let slot = hashOf(bytes, from, to) & mask; ; slot = (slot + 1) & mask) {
      const row = (slots[slot] ?? 0) - 1;
      if (row < 0 || this.#isEqual(row, bytes, from, to)) return slot;
    }
  }

  #isEqual(row: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#starts[row] ?? 0;
    if ((this.#starts[row + 1] ?? 0) - start !== to - from) return false;
    for (let at = from, own = start; at < to; at++, own++) if (this.#bytes[own] !== bytes[at]) return false;
    return true;
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
