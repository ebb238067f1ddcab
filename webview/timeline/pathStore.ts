// The critical path: stretches by time without a hole, each with the row that was at work in it.

export class PathStore {
  #row: Int32Array = new Int32Array(0);
  #fromMs: Float64Array = new Float64Array(0);
  #toMs: Float64Array = new Float64Array(0);
  /** One byte a row. */
  #marks: Uint8Array | undefined;

  get count(): number {
    return this.#row.length;
  }

  append(row: Int32Array, fromMs: Float64Array, toMs: Float64Array): void {
    this.#row = joined(this.#row, row, new Int32Array(this.#row.length + row.length));
    this.#fromMs = joined(this.#fromMs, fromMs, new Float64Array(this.#fromMs.length + fromMs.length));
    this.#toMs = joined(this.#toMs, toMs, new Float64Array(this.#toMs.length + toMs.length));
    this.#marks = undefined;
  }

  /** -1 where no step was at work. */
  rowAt(index: number): number {
    return this.#row[index] ?? -1;
  }

  fromMs(index: number): number {
    return this.#fromMs[index] ?? 0;
  }

  toMs(index: number): number {
    return this.#toMs[index] ?? 0;
  }

  has(row: number): boolean {
    this.#marks ??= marksOf(this.#row);
    return this.#marks[row] === 1;
  }

  /** The first stretch that ends at `ms` or later. */
  indexAt(ms: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.toMs(middle) < ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function marksOf(rows: Int32Array): Uint8Array {
  let last = -1;
  for (const row of rows) if (row > last) last = row;
  const marks = new Uint8Array(last + 1);
  for (const row of rows) if (row >= 0) marks[row] = 1;
  return marks;
}

function joined<A extends Int32Array | Float64Array>(first: A, second: A, into: A): A {
  into.set(first);
  into.set(second, first.length);
  return into;
}
