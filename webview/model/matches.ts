// The rows that a search has found: a byte a row, and how many they are.

export class Matches {
  #rows: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  #count = 0;

  /** 1 for a match; may be shorter than the trace is long. */
  get rows(): Uint8Array<ArrayBuffer> {
    return this.#rows;
  }

  get count(): number {
    return this.#count;
  }

  has(row: number): boolean {
    return this.#rows[row] === 1;
  }

  set(row: number, isMatch: boolean): void {
    if (row >= this.#rows.length) {
      const larger = new Uint8Array(Math.max(row + 1, 2 * this.#rows.length));
      larger.set(this.#rows);
      this.#rows = larger;
    }
    const value = isMatch ? 1 : 0;
    this.#count += value - (this.#rows[row] ?? 0);
    this.#rows[row] = value;
  }

  /** How many there are among the first rows of an order. */
  countIn(order: Int32Array, end: number): number {
    const rows = this.#rows;
    let count = 0;
    for (let at = 0; at < end; at++) count += rows[order[at] ?? 0] ?? 0;
    return count;
  }

  /** The next one behind a place of an order, or the one before; -1 where there is none up to its end. */
  next(order: Int32Array, from: number, direction: 1 | -1): number {
    const rows = this.#rows;
    for (let at = from + direction; at >= 0 && at < order.length; at += direction) {
      const row = order[at] ?? 0;
      if (rows[row] === 1) return row;
    }
    return -1;
  }
}
