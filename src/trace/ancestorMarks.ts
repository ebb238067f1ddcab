// Marks that rows get for what is below them.

/** Bits of rows that have marked ones below them; the memory is used again. */
export class AncestorMarks {
  #bits = new Uint8Array(1024);
  #marked: number[] = [];

  reach(rows: number): void {
    if (rows > this.#bits.length) this.#bits = new Uint8Array(Math.max(rows, this.#bits.length * 2));
  }

  of(row: number): number {
    return this.#bits[row] ?? 0;
  }

  /** Marks all ancestors, up to the first that has the bits: those above it have them as well. */
  add(row: number, bits: number, parent: Int32Array): void {
    for (let above = parent[row] ?? -1; above >= 0; above = parent[above] ?? -1) {
      const known = this.of(above);
      if ((known & bits) === bits) break;
      if (known === 0) this.#marked.push(above);
      this.#bits[above] = known | bits;
    }
  }

  clear(): void {
    for (const row of this.#marked) this.#bits[row] = 0;
    this.#marked = [];
  }
}
