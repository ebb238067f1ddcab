// A set of rows as bits: a whole trace costs an eighth of a byte a row, and nothing is allocated for a row that comes.

export class RowSet {
  #words = new Uint32Array(0);
  #size = 0;

  constructor(rows: Iterable<number> = []) {
    for (const row of rows) this.add(row);
  }

  get size(): number {
    return this.#size;
  }

  has(row: number): boolean {
    return (((this.#words[row >>> 5] ?? 0) >>> (row & 31)) & 1) !== 0;
  }

  add(row: number): void {
    if (this.has(row)) return;
    const index = row >>> 5;
    if (index >= this.#words.length) this.#grow(index + 1);
    this.#words[index] = (this.#words[index] ?? 0) | (1 << (row & 31));
    this.#size++;
  }

  delete(row: number): void {
    if (!this.has(row)) return;
    this.#words[row >>> 5] = (this.#words[row >>> 5] ?? 0) & ~(1 << (row & 31));
    this.#size--;
  }

  clear(): void {
    this.#words = new Uint32Array(0);
    this.#size = 0;
  }

  /** Ascending. The set must not grow meanwhile. */
  forEach(visit: (row: number) => void): void {
    if (this.#size === 0) return;
    for (let index = 0; index < this.#words.length; index++) {
      for (let word = this.#words[index] ?? 0; word !== 0; word &= word - 1) {
        visit(32 * index + 31 - Math.clz32(word & -word));
      }
    }
  }

  toArray(): number[] {
    const rows: number[] = [];
    this.forEach((row) => {
      rows.push(row);
    });
    return rows;
  }

  #grow(words: number): void {
    const larger = new Uint32Array(Math.max(words, 2 * this.#words.length));
    larger.set(this.#words);
    this.#words = larger;
  }
}
