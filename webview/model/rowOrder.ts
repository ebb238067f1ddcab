// All rows in the order in which a fully expanded tree shows them, each with the number of reasons that hide it: collapsed
// ancestors, and a filter. Rows lie in chunks, so that a row that comes, a subtree that goes and a row that is collapsed
// touch a chunk or two and a number for each of the others, however many rows there are.

import { grownLength, resized } from "./growing";
import { RowChunk } from "./rowChunk";
import { type SpanForest, stepRows } from "./spanForest";

/** A filter does not keep the row: a bit of its own beside the number of collapsed ancestors. */
export const notKept = 1 << 30;

/** With chunks of about this many rows both a chunk and the list of chunks are gone through in microseconds. */
const defaultChunkRows = 1024;

export class RowOrder {
  readonly #chunks: RowChunk[] = [];
  /** By id. Chunks come rarely, so ids are not used again. */
  readonly #byId: (RowChunk | undefined)[] = [];
  /** Id of the chunk of a row; -1: the row is not in the order. */
  #chunkOf: Int32Array<ArrayBuffer>;
  /** Reasons by row, without what hides its whole chunk. */
  #hidden: Int32Array<ArrayBuffer>;
  /** The numbers before chunks are right below this index. */
  #counted = 0;

  readonly #chunkRows: number;
  /** Rows of a chunk that is made full: some more fit. */
  readonly #filledRows: number;

  private constructor(capacity: number, chunkRows: number) {
    this.#chunkRows = chunkRows;
    this.#filledRows = Math.ceil(0.75 * chunkRows);
    this.#chunkOf = new Int32Array(capacity).fill(-1);
    this.#hidden = new Int32Array(capacity);
  }

  /** Walks the forest, whose depths it writes. Nothing is hidden at first. */
  static *build(forest: SpanForest, chunkRows = defaultChunkRows): Generator<void, RowOrder> {
    const order = new RowOrder(forest.capacity, chunkRows);
    let chunk = order.#insertChunk(0);
    let walked = 0;
    for (let row = forest.firstRoot, depth = 0; row >= 0; ) {
      if (chunk.length === order.#filledRows) chunk = order.#insertChunk(order.#chunks.length);
      chunk.rows[chunk.length++] = row;
      order.#chunkOf[row] = chunk.id;
      forest.depth[row] = depth;
      if (++walked % stepRows === 0) yield;
      let next = forest.firstChildOf(row);
      if (next >= 0) depth++;
      while (next < 0) {
        next = forest.nextSibling[row] ?? -1;
        if (next >= 0) break;
        row = forest.parentOf(row);
        if (row < 0) break;
        depth--;
      }
      row = next;
    }
    for (const each of order.#chunks) each.reset(each.length, order.#hidden);
    return order;
  }

  /** Rows of the order, shown or hidden. */
  get count(): number {
    const last = this.#count();
    return last === undefined ? 0 : last.before + last.length;
  }

  get shownCount(): number {
    const last = this.#count();
    return last === undefined ? 0 : last.shownBefore + last.shown;
  }

  has(row: number): boolean {
    return (this.#chunkOf[row] ?? -1) >= 0;
  }

  isShown(row: number): boolean {
    return this.hiddenBy(row) === 0;
  }

  /** How many reasons hide the row: collapsed ancestors, and `notKept`. Of a row that is not in the order more than 0. */
  hiddenBy(row: number): number {
    return this.#byId[this.#chunkOf[row] ?? -1]?.hiddenBy(row, this.#hidden) ?? 1;
  }

  /** Place among the rows that are shown; -1 where it is not. */
  positionOf(row: number): number {
    if (!this.isShown(row)) return -1;
    this.#count();
    const chunk = this.#chunkOfRow(row);
    return chunk.shownBefore + chunk.shownBeforeRow(row, this.#hidden);
  }

  /** Place among all rows, as far as it goes: for comparing. -1 where it is not in the order. */
  placeOf(row: number): number {
    if (!this.has(row)) return -1;
    this.#count();
    const chunk = this.#chunkOfRow(row);
    return chunk.before + chunk.rows.indexOf(row);
  }

  /** The row at a place among those shown, -1 beyond them. */
  rowAt(position: number): number {
    return position < 0 ? -1 : (this.shownRows(position, position + 1)[0] ?? -1);
  }

  /** Rows at the places from `first` to before `end` among those shown; fewer where there are not so many. */
  shownRows(first: number, end: number): number[] {
    this.#count();
    const found: number[] = [];
    const from = Math.max(0, first);
    let index = this.#chunkAt(from);
    let skip = from - (this.#chunks[index]?.shownBefore ?? 0);
    for (let chunk = this.#chunks[index]; chunk !== undefined && found.length < end - from; ) {
      skip = chunk.collect(skip, end - from, found, this.#hidden);
      chunk = this.#chunks[++index];
    }
    return found;
  }

  /** All rows in order, in one array. */
  toArray(): Int32Array<ArrayBuffer> {
    const all = new Int32Array(this.count);
    for (const { rows, length, before } of this.#chunks) all.set(rows.subarray(0, length), before);
    return all;
  }

  /** One reason more (1) or less (-1) for the rows from `first` to `last`, both included. */
  hide(first: number, last: number, by: 1 | -1): void {
    const from = this.#chunkOfRow(first);
    const to = this.#chunkOfRow(last);
    for (let index = from.index; index <= to.index; index++) {
      const chunk = this.#chunks[index];
      if (chunk === undefined) continue;
      const begin = chunk === from ? chunk.rows.indexOf(first) : 0;
      const end = chunk === to ? chunk.rows.indexOf(last) + 1 : chunk.length;
      chunk.hide(begin, end, by, this.#hidden);
    }
    this.#changedFrom(from.index);
  }

  /** Whether a filter keeps the row. */
  setKept(row: number, isKept: boolean): void {
    const chunk = this.#chunkOfRow(row);
    const reasons = chunk.hiddenBy(row, this.#hidden);
    chunk.setReasons(row, isKept ? reasons & ~notKept : reasons | notKept, this.#hidden);
    this.#changedFrom(chunk.index);
  }

  /**
   * Finds all reasons anew and takes them over at the end; until then nothing has changed.
   * @param reasonsOf asked for every row in the order, so for parents before their children
   */
  *hideAnew(reasonsOf: (row: number) => number): Generator<void, void> {
    const hidden = new Int32Array(this.#hidden.length);
    const shown = new Int32Array(this.#chunks.length);
    let walked = 0;
    for (const { rows, length, index } of this.#chunks) {
      let count = 0;
      for (let offset = 0; offset < length; offset++) {
        const row = rows[offset] ?? 0;
        const reasons = reasonsOf(row);
        hidden[row] = reasons;
        if (reasons === 0) count++;
      }
      shown[index] = count;
      walked += length;
      if (walked < stepRows) continue;
      walked = 0;
      yield;
    }
    this.#hidden = hidden;
    for (const chunk of this.#chunks) chunk.reset(shown[chunk.index] ?? 0, hidden);
    this.#changedFrom(0);
  }

  /**
   * Puts rows that belong together after a row of the order, or before all of them for -1.
   * @param reasons that hide each of them, in the same order
   */
  insertAfter(previous: number, rows: Int32Array, reasons: Int32Array): void {
    const chunk = previous < 0 ? (this.#chunks[0] ?? this.#insertChunk(0)) : this.#chunkOfRow(previous);
    const at = previous < 0 ? 0 : chunk.rows.indexOf(previous) + 1;
    this.#reserve(rows);
    const { index } = chunk;
    if (chunk.length + rows.length <= this.#chunkRows) this.#put(chunk, at, rows, reasons);
    else {
      const tail = chunk.cut(at, chunk.length, this.#hidden);
      const last = this.#append(chunk, rows, reasons);
      this.#append(
        last,
        tail,
        tail.map((row) => this.#hidden[row] ?? 0),
      );
    }
    this.#changedFrom(index);
  }

  /** Takes out the rows from `first` to `last`, both included. */
  remove(first: number, last: number): void {
    const from = this.#chunkOfRow(first);
    const to = this.#chunkOfRow(last);
    const begin = from.rows.indexOf(first);
    const end = to.rows.indexOf(last) + 1;
    const { index } = from;
    for (let at = to.index; at >= index; at--) {
      const chunk = this.#chunks[at];
      if (chunk === undefined) continue;
      const cut = chunk.cut(chunk === from ? begin : 0, chunk === to ? end : chunk.length, this.#hidden);
      for (const row of cut) this.#chunkOf[row] = -1;
      if (chunk.length > 0) continue;
      this.#byId[chunk.id] = undefined;
      this.#chunks.splice(at, 1);
    }
    this.#renumber(index);
  }

  /** Adds rows behind the last of a chunk, in chunks of their own where they do not fit; gives the last chunk. */
  #append(first: RowChunk, rows: Int32Array, reasons: Int32Array): RowChunk {
    let chunk = first;
    for (let from = 0; from < rows.length; ) {
      if (chunk.length >= this.#filledRows) chunk = this.#insertChunk(chunk.index + 1);
      const to = Math.min(rows.length, from + this.#filledRows - chunk.length);
      this.#put(chunk, chunk.length, rows.subarray(from, to), reasons.subarray(from, to));
      from = to;
    }
    return chunk;
  }

  #put(chunk: RowChunk, at: number, rows: Int32Array, reasons: Int32Array): void {
    chunk.insert(at, rows, reasons, this.#hidden);
    for (const row of rows) this.#chunkOf[row] = chunk.id;
  }

  #insertChunk(index: number): RowChunk {
    const chunk = new RowChunk(this.#byId.length, this.#chunkRows);
    this.#byId.push(chunk);
    this.#chunks.splice(index, 0, chunk);
    this.#renumber(index);
    return chunk;
  }

  #renumber(from: number): void {
    for (let index = from; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index];
      if (chunk !== undefined) chunk.index = index;
    }
    this.#changedFrom(from);
  }

  #changedFrom(index: number): void {
    if (index < this.#counted) this.#counted = index;
  }

  /** Brings the numbers before chunks up to date; gives the last chunk. */
  #count(): RowChunk | undefined {
    for (let index = this.#counted; index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index];
      const previous = this.#chunks[index - 1];
      if (chunk === undefined) continue;
      chunk.before = previous === undefined ? 0 : previous.before + previous.length;
      chunk.shownBefore = previous === undefined ? 0 : previous.shownBefore + previous.shown;
    }
    this.#counted = this.#chunks.length;
    return this.#chunks.at(-1);
  }

  /** Index of the last chunk that begins at or before a place among the rows shown. */
  #chunkAt(position: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle]?.shownBefore ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #chunkOfRow(row: number): RowChunk {
    const chunk = this.#byId[this.#chunkOf[row] ?? -1];
    if (chunk === undefined) throw new Error(`Row ${row} is not in the order`);
    return chunk;
  }

  #reserve(rows: Int32Array): void {
    let needed = 0;
    for (const row of rows) if (row >= needed) needed = row + 1;
    const length = grownLength(this.#hidden.length, needed);
    if (length === this.#hidden.length) return;
    this.#hidden = resized(this.#hidden, length);
    this.#chunkOf = resized(this.#chunkOf, length, -1);
  }
}
