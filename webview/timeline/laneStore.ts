// Which rows lie in which lane, as the reader laid them out. Entries come in the order of their starts and are only ever
// cut off behind or appended, so that of a session that grows no more than what is new has to be put in.

import { FLAG, type SpanColumns } from "../../src/trace/spanColumns";

interface Growing {
  rows: Int32Array;
  count: number;
  /** Entries of rows that failed, of these columns and up to this count. */
  failures: { readonly of: SpanColumns; readonly count: number; readonly entries: Int32Array } | undefined;
}

export class LaneStore {
  readonly #lanes: Growing[] = [];
  /** Lane of each entry. */
  #sequence = new Int32Array(1024);
  #count = 0;
  #laneOfRow = new Int32Array(1024).fill(-1);

  /** Entries so far. */
  get count(): number {
    return this.#count;
  }

  /** Rows of a lane by start; the first `rowCount(lane)` are set. */
  rowsOf(lane: number): Int32Array {
    return this.#lanes[lane]?.rows ?? none;
  }

  rowCount(lane: number): number {
    return this.#lanes[lane]?.count ?? 0;
  }

  /** Entries of a lane whose failure counts, ascending. Found once for columns that do not change. */
  failuresIn(number: number, columns: SpanColumns): Int32Array {
    const lane = this.#lanes[number];
    if (lane === undefined) return none;
    const known = lane.failures;
    if (known?.of === columns && known.count === lane.count) return known.entries;
    const found: number[] = [];
    for (let index = 0; index < lane.count; index++) {
      if (((columns.flags[lane.rows[index] ?? 0] ?? 0) & FLAG.failure) !== 0) found.push(index);
    }
    const entries = Int32Array.from(found);
    lane.failures = { of: columns, count: lane.count, entries };
    return entries;
  }

  /** -1 for a row that lies in no lane. */
  laneOf(row: number): number {
    return this.#laneOfRow[row] ?? -1;
  }

  clear(): void {
    this.cutTo(0);
    this.#lanes.length = 0;
    this.#sequence = new Int32Array(1024);
    this.#laneOfRow = new Int32Array(1024).fill(-1);
  }

  /** Takes out all entries from the `count`-th on. */
  cutTo(count: number): void {
    while (this.#count > count) {
      const lane = this.#lanes[this.#sequence[--this.#count] ?? 0];
      if (lane === undefined) continue;
      const row = lane.rows[--lane.count] ?? 0;
      this.#laneOfRow[row] = -1;
    }
  }

  append(rows: Int32Array, lanes: Int32Array): void {
    const count = Math.min(rows.length, lanes.length);
    if (this.#count + count > this.#sequence.length) {
      this.#sequence = grown(this.#sequence, this.#count + count, 0);
    }
    for (let index = 0; index < count; index++) {
      const row = rows[index] ?? 0;
      const lane = lanes[index] ?? 0;
      if (row >= this.#laneOfRow.length) this.#laneOfRow = grown(this.#laneOfRow, row + 1, -1);
      this.#sequence[this.#count++] = lane;
      this.#laneOfRow[row] = lane;
      this.#put(lane, row);
    }
  }

  #put(number: number, row: number): void {
    while (this.#lanes.length <= number) this.#lanes.push({ rows: new Int32Array(8), count: 0, failures: undefined });
    const lane = this.#lanes[number];
    if (lane === undefined) return;
    if (lane.count === lane.rows.length) lane.rows = grown(lane.rows, lane.count + 1, 0);
    lane.rows[lane.count++] = row;
  }
}

const none = new Int32Array(0);

function grown(array: Int32Array, least: number, fill: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(least, 2 * array.length));
  larger.set(array);
  if (fill !== 0) larger.fill(fill, array.length);
  return larger;
}
