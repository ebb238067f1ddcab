// What the scanner has found, in columns that grow: a row for each span, and for each field of it that may be large where
// its bytes stand. A field takes 9 bytes, so that spans pay for what they have.

import { FLAG } from "./spanColumns";

/** Bytes of the file from `startBytes` up to, and not with, `endBytes`. */
export interface ByteRange {
  readonly startBytes: number;
  readonly endBytes: number;
}

/**
 * The bytes of a range of the file that is or was scanned, all of them. They stay as they are for whoever holds them.
 * @throws TraceReplacedError where the file is no longer that one
 */
export type ReadBytes = (range: ByteRange) => Uint8Array;

/** Fields whose bytes can be asked for. `other`: a long field that is none of these, or was written again later. */
export const rangedFields = ["statusMessage", "input", "output", "attributes", "events", "links", "other"] as const;
export type RangedField = (typeof rangedFields)[number];
export const otherField = rangedFields.indexOf("other");

/** What is read of one span; the scanner fills the same object again for each. */
export interface SpanRow {
  startMs: number;
  endMs: number;
  /** Number of the span's id; -1 where it has none. */
  id: number;
  /** Number of the parent's id; -1 at the top. */
  parentId: number;
  name: number;
  kind: number;
  status: number;
  flags: number;
  /** Bits of `MARK`. */
  marks: number;
  /** See `scanAim`. */
  aim: number;
}

export const MARK = {
  /** The span was mended: its fields are not all as they stand in the file. */
  mended: 1 << 0,
  /** An attribute may say what its tool is called. */
  namesTool: 1 << 1,
} as const;

/** All rows, as another thread can be given them; arrays may be longer than `count` and `fieldCount`. */
export interface RowsPart {
  readonly count: number;
  readonly longestBytes: number;
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  readonly id: Int32Array;
  readonly parent: Int32Array;
  readonly name: Uint32Array;
  readonly kind: Uint8Array;
  readonly status: Uint8Array;
  readonly flags: Uint32Array;
  readonly marks: Uint8Array;
  readonly aim: Int32Array;
  readonly spanStart: Float64Array;
  readonly spanLength: Uint32Array;
  readonly firstField: Uint32Array;
  readonly fieldCount: number;
  readonly fieldKind: Uint8Array;
  readonly fieldOffset: Uint32Array;
  readonly fieldLength: Uint32Array;
}

export class ScanRows {
  count = 0;
  /** Bytes of the longest span. */
  longestBytes = 0;
  startMs = new Float64Array(1024);
  endMs = new Float64Array(1024);
  id = new Int32Array(1024);
  /** While scanning the number of the parent's id, in the end its row. */
  parent = new Int32Array(1024);
  name = new Uint32Array(1024);
  kind = new Uint8Array(1024);
  status = new Uint8Array(1024);
  flags = new Uint32Array(1024);
  #marks = new Uint8Array(1024);
  #aim = new Int32Array(1024);
  /** For each id the row of its first span; -1 for one that only children name. */
  rowOfId = new Int32Array(1024).fill(-1);
  #spanStart = new Float64Array(1024);
  #spanLength = new Uint32Array(1024);
  #firstField = new Uint32Array(1024);
  #fieldCount = 0;
  #fieldKind = new Uint8Array(2048);
  #fieldOffset = new Uint32Array(2048);
  #fieldLength = new Uint32Array(2048);

  /** Adds a field of the row that `add` adds next; `offsetBytes` counts from the start of its span. */
  addField(kind: number, offsetBytes: number, lengthBytes: number): void {
    if (this.#fieldCount === this.#fieldKind.length) this.#growFields(this.#fieldCount * 2);
    const index = this.#fieldCount++;
    this.#fieldKind[index] = kind;
    this.#fieldOffset[index] = offsetBytes;
    this.#fieldLength[index] = lengthBytes;
  }

  add(row: SpanRow, startBytes: number, endBytes: number): void {
    const index = this.count++;
    if (index + 1 >= this.startMs.length) this.#grow(this.startMs.length * 2);
    let flags = row.flags;
    if (row.id >= 0) {
      if (this.rowOf(row.id) < 0) this.setRowOf(row.id, index);
      else flags |= FLAG.duplicateId;
    }
    this.startMs[index] = row.startMs;
    this.endMs[index] = row.endMs;
    this.id[index] = row.id;
    this.parent[index] = row.parentId;
    this.name[index] = row.name;
    this.kind[index] = row.kind;
    this.status[index] = row.status;
    this.flags[index] = flags;
    this.#marks[index] = row.marks;
    this.#aim[index] = row.aim;
    this.#spanStart[index] = startBytes;
    this.#spanLength[index] = endBytes - startBytes;
    if (endBytes - startBytes > this.longestBytes) this.longestBytes = endBytes - startBytes;
    this.#firstField[index + 1] = this.#fieldCount;
  }

  /** Not a copy: nothing is to be added afterwards. */
  toPart(): RowsPart {
    const { count, longestBytes, startMs, endMs, id, parent, name, kind, status, flags } = this;
    return {
      ...{ count, longestBytes, startMs, endMs, id, parent, name, kind, status, flags },
      marks: this.#marks,
      aim: this.#aim,
      spanStart: this.#spanStart,
      spanLength: this.#spanLength,
      firstField: this.#firstField,
      fieldCount: this.#fieldCount,
      fieldKind: this.#fieldKind,
      fieldOffset: this.#fieldOffset,
      fieldLength: this.#fieldLength,
    };
  }

  /**
   * Adds the rows of later spans.
   * @param ids by number of an id there the number here
   * @param names by number of a name there the number here
   */
  append(part: RowsPart, ids: Int32Array, names: Int32Array): void {
    const from = this.count;
    const count = from + part.count;
    const fieldsFrom = this.#fieldCount;
    let room = this.startMs.length;
    while (count + 1 >= room) room *= 2;
    if (room > this.startMs.length) this.#grow(room);
    let fieldRoom = this.#fieldKind.length;
    while (fieldsFrom + part.fieldCount > fieldRoom) fieldRoom *= 2;
    if (fieldRoom > this.#fieldKind.length) this.#growFields(fieldRoom);
    const rows = <T extends Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>(to: T, column: T) =>
      to.set(column.subarray(0, part.count), from);
    rows(this.startMs, part.startMs);
    rows(this.endMs, part.endMs);
    rows(this.kind, part.kind);
    rows(this.status, part.status);
    rows(this.flags, part.flags);
    rows(this.#marks, part.marks);
    rows(this.#aim, part.aim);
    rows(this.#spanStart, part.spanStart);
    rows(this.#spanLength, part.spanLength);
    for (let index = 0; index < part.count; index++) {
      const row = from + index;
      const id = part.id[index] ?? -1;
      const parent = part.parent[index] ?? -1;
      const here = id < 0 ? -1 : (ids[id] ?? -1);
      this.id[row] = here;
      this.parent[row] = parent < 0 ? -1 : (ids[parent] ?? -1);
      this.name[row] = names[part.name[index] ?? 0] ?? 0;
      this.#firstField[row + 1] = fieldsFrom + (part.firstField[index + 1] ?? 0);
      if (here < 0) continue;
      if (this.rowOf(here) < 0) this.setRowOf(here, row);
      else this.flags[row] = (this.flags[row] ?? 0) | FLAG.duplicateId;
    }
    this.#fieldKind.set(part.fieldKind.subarray(0, part.fieldCount), fieldsFrom);
    this.#fieldOffset.set(part.fieldOffset.subarray(0, part.fieldCount), fieldsFrom);
    this.#fieldLength.set(part.fieldLength.subarray(0, part.fieldCount), fieldsFrom);
    this.#fieldCount += part.fieldCount;
    this.count = count;
    this.longestBytes = Math.max(this.longestBytes, part.longestBytes);
  }

  /** The row of the first span with this id; -1 where there is none. */
  rowOf(id: number): number {
    return id >= 0 && id < this.rowOfId.length ? (this.rowOfId[id] ?? -1) : -1;
  }

  setRowOf(id: number, row: number): void {
    while (id >= this.rowOfId.length) {
      this.rowOfId = grown(this.rowOfId, new Int32Array(this.rowOfId.length * 2).fill(-1));
    }
    this.rowOfId[id] = row;
  }

  spanRange(row: number): ByteRange {
    const startBytes = this.#spanStart[row] ?? 0;
    return { startBytes, endBytes: startBytes + (this.#spanLength[row] ?? 0) };
  }

  aimOf(row: number): number {
    return this.#aim[row] ?? 0;
  }

  hasMark(row: number, mark: number): boolean {
    return ((this.#marks[row] ?? 0) & mark) !== 0;
  }

  fieldRange(row: number, field: RangedField): (ByteRange & { readonly field: RangedField }) | undefined {
    const kind = rangedFields.indexOf(field);
    for (let index = (this.#firstField[row + 1] ?? 0) - 1; index >= (this.#firstField[row] ?? 0); index--) {
      if (this.#fieldKind[index] !== kind) continue;
      const startBytes = (this.#spanStart[row] ?? 0) + (this.#fieldOffset[index] ?? 0);
      return { field, startBytes, endBytes: startBytes + (this.#fieldLength[index] ?? 0) };
    }
    return undefined;
  }

  fieldRanges(row: number): (ByteRange & { readonly field: RangedField })[] {
    const ranges: (ByteRange & { readonly field: RangedField })[] = [];
    const spanStart = this.#spanStart[row] ?? 0;
    for (let index = this.#firstField[row] ?? 0; index < (this.#firstField[row + 1] ?? 0); index++) {
      const startBytes = spanStart + (this.#fieldOffset[index] ?? 0);
      const endBytes = startBytes + (this.#fieldLength[index] ?? 0);
      ranges.push({ field: rangedFields[this.#fieldKind[index] ?? 0] ?? "other", startBytes, endBytes });
    }
    return ranges;
  }

  /** Lets go of the columns that a caller has copied, and of the room for more rows; ids and ranges stay. */
  releaseColumns(): void {
    this.startMs = this.endMs = new Float64Array();
    this.parent = new Int32Array();
    this.name = new Uint32Array();
    this.kind = this.status = new Uint8Array();
    this.flags = new Uint32Array();
    const { count } = this;
    this.id = this.id.slice(0, count);
    this.#marks = this.#marks.slice(0, count);
    this.#aim = this.#aim.slice(0, count);
    this.#spanStart = this.#spanStart.slice(0, count);
    this.#spanLength = this.#spanLength.slice(0, count);
    this.#firstField = this.#firstField.slice(0, count + 1);
    this.#fieldKind = this.#fieldKind.slice(0, this.#fieldCount);
    this.#fieldOffset = this.#fieldOffset.slice(0, this.#fieldCount);
    this.#fieldLength = this.#fieldLength.slice(0, this.#fieldCount);
  }

  #growFields(length: number): void {
    this.#fieldKind = grown(this.#fieldKind, new Uint8Array(length));
    this.#fieldOffset = grown(this.#fieldOffset, new Uint32Array(length));
    this.#fieldLength = grown(this.#fieldLength, new Uint32Array(length));
  }

  #grow(length: number): void {
    this.startMs = grown(this.startMs, new Float64Array(length));
    this.endMs = grown(this.endMs, new Float64Array(length));
    this.id = grown(this.id, new Int32Array(length));
    this.parent = grown(this.parent, new Int32Array(length));
    this.name = grown(this.name, new Uint32Array(length));
    this.kind = grown(this.kind, new Uint8Array(length));
    this.status = grown(this.status, new Uint8Array(length));
    this.flags = grown(this.flags, new Uint32Array(length));
    this.#marks = grown(this.#marks, new Uint8Array(length));
    this.#aim = grown(this.#aim, new Int32Array(length));
    this.#spanStart = grown(this.#spanStart, new Float64Array(length));
    this.#spanLength = grown(this.#spanLength, new Uint32Array(length));
    this.#firstField = grown(this.#firstField, new Uint32Array(length));
  }
}

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
