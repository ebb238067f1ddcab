// A run of rows of a `RowOrder`, with how many of them are shown. What hides or uncovers all of them is held once.

export class RowChunk {
  readonly id: number;
  readonly rows: Int32Array;
  length = 0;
  /** Reasons that all rows of the chunk have beside their own; less than 0 where all have lost some. */
  #lifted = 0;
  /** The fewest reasons of their own that any rows have, and how many rows have so few. */
  #fewest = 0;
  #count = 0;
  /** Place among the chunks, and the numbers of rows before it: all, and those shown. Kept by the order. */
  index = 0;
  before = 0;
  shownBefore = 0;

  constructor(id: number, capacity: number) {
    this.id = id;
    this.rows = new Int32Array(capacity);
  }

  /** A row is shown when no reason is left; so rows are shown only where the fewest reasons are none. */
  get shown(): number {
    return this.#fewest + this.#lifted === 0 ? this.#count : 0;
  }

  /** @param hidden reasons of their own by row, as for every method */
  hiddenBy(row: number, hidden: Int32Array): number {
    return (hidden[row] ?? 0) + this.#lifted;
  }

  /** Rows shown before one that is shown. */
  shownBeforeRow(row: number, hidden: Int32Array): number {
    let count = 0;
    for (let offset = 0; this.rows[offset] !== row; offset++) {
      if (this.hiddenBy(this.rows[offset] ?? 0, hidden) === 0) count++;
    }
    return count;
  }

  /** Adds shown rows to a list until it has as many as are wanted. @returns how many are still to be skipped */
  collect(skip: number, wanted: number, found: number[], hidden: Int32Array): number {
    if (skip >= this.shown) return skip - this.shown;
    let left = skip;
    for (let offset = 0; offset < this.length && found.length < wanted; offset++) {
      const row = this.rows[offset] ?? 0;
      if (this.hiddenBy(row, hidden) !== 0) continue;
      if (left > 0) left--;
      else found.push(row);
    }
    return 0;
  }

  /** One reason more or less for the rows from `begin` to before `end`. */
  hide(begin: number, end: number, by: number, hidden: Int32Array): void {
    if (begin === 0 && end === this.length) {
      this.#lifted += by;
      return;
    }
    for (let offset = begin; offset < end; offset++) {
      const row = this.rows[offset] ?? 0;
      hidden[row] = (hidden[row] ?? 0) + by;
    }
    this.recount(hidden);
  }

  /** @param reasons all of the row's */
  setReasons(row: number, reasons: number, hidden: Int32Array): void {
    hidden[row] = reasons - this.#lifted;
    this.recount(hidden);
  }

  /** Takes over that so many rows are shown, and that all reasons are the rows' own. */
  reset(shown: number, hidden: Int32Array): void {
    this.#lifted = 0;
    this.#fewest = 0;
    this.#count = shown;
    if (shown === 0) this.recount(hidden);
  }

  /** Puts rows in whose reasons are `reasons`; there must be room. */
  insert(offset: number, rows: Int32Array, reasons: Int32Array, hidden: Int32Array): void {
    this.rows.copyWithin(offset + rows.length, offset, this.length);
    this.rows.set(rows, offset);
    this.length += rows.length;
    for (let index = 0; index < rows.length; index++) {
      hidden[rows[index] ?? 0] = (reasons[index] ?? 0) - this.#lifted;
    }
    this.recount(hidden);
  }

  /** Takes rows out, whose entries hold all of their reasons then. */
  cut(begin: number, end: number, hidden: Int32Array): Int32Array {
    const rows = this.rows.slice(begin, end);
    for (const row of rows) hidden[row] = this.hiddenBy(row, hidden);
    this.rows.copyWithin(begin, end, this.length);
    this.length -= rows.length;
    this.recount(hidden);
    return rows;
  }

  recount(hidden: Int32Array): void {
    let fewest = Number.POSITIVE_INFINITY;
    let count = 0;
    for (let offset = 0; offset < this.length; offset++) {
      const own = hidden[this.rows[offset] ?? 0] ?? 0;
      if (own < fewest) {
        fewest = own;
        count = 1;
      } else if (own === fewest) count++;
    }
    this.#fewest = fewest;
    this.#count = count;
  }
}
