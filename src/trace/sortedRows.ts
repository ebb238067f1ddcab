// Rows in an order that somebody else knows. Coming and going costs a search and a move of memory.

export class SortedRows {
  readonly #compare: (one: number, other: number) => number;
  #rows = new Int32Array(64);
  #count = 0;

  /** @param compare never 0 for two rows, and the same for a row as long as it is here */
  constructor(compare: (one: number, other: number) => number) {
    this.#compare = compare;
  }

  get count(): number {
    return this.#count;
  }

  /** The row at a place; undefined where there is none. */
  at(index: number): number | undefined {
    return index >= 0 && index < this.#count ? this.#rows[index] : undefined;
  }

  toArray(): Int32Array<ArrayBuffer> {
    return this.#rows.slice(0, this.#count);
  }

  add(row: number): void {
    const at = this.#placeOf(row);
    if (this.#count === this.#rows.length) {
      const larger = new Int32Array(this.#count * 2);
      larger.set(this.#rows);
      this.#rows = larger;
    }
    this.#rows.copyWithin(at + 1, at, this.#count);
    this.#rows[at] = row;
    this.#count++;
  }

  delete(row: number): void {
    const at = this.#placeOf(row);
    if (this.#rows[at] !== row || at >= this.#count) return;
    this.#rows.copyWithin(at, at + 1, this.#count);
    this.#count--;
  }

  clear(): void {
    this.#count = 0;
  }

  #placeOf(row: number): number {
    // Most rows come last.
    let low = 0;
    let high = this.#count;
    if (high > 0 && this.#compare(this.#rows[high - 1] ?? 0, row) < 0) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(this.#rows[middle] ?? 0, row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
