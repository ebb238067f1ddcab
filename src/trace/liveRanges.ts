// Which records made each span: for every row the places of its records, in the order in which they were applied. A record
// takes 22 bytes and a row 9, so that a finished span need not be held to be there again.

/** A record's place: `part` tells whose bytes they are and how the record is applied. */
export interface RecordRange {
  readonly part: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

const first = 1024;

export class LiveRanges {
  #count = 0;
  #part = new Uint16Array(first);
  #offset = new Float64Array(first);
  #length = new Uint32Array(first);
  #row = new Uint32Array(first);
  /** Index of the next record of the same row and one more; 0 for the last. */
  #next = new Uint32Array(first);
  /** By row, each and one more. */
  #firstOf = new Uint32Array(first);
  #lastOf = new Uint32Array(first);
  #marks = new Uint8Array(first);

  get count(): number {
    return this.#count;
  }

  /** Adds the latest record of a row and returns its index. */
  add(row: number, part: number, offsetBytes: number, lengthBytes: number): number {
    const index = this.#count++;
    if (index === this.#part.length) this.#growRecords();
    if (row >= this.#firstOf.length) this.#growRows(row);
    this.#part[index] = part;
    this.#offset[index] = offsetBytes;
    this.#length[index] = lengthBytes;
    this.#row[index] = row;
    const last = this.#lastOf[row] ?? 0;
    if (last === 0) this.#firstOf[row] = index + 1;
    else this.#next[last - 1] = index + 1;
    this.#lastOf[row] = index + 1;
    return index;
  }

  has(row: number): boolean {
    return (this.#firstOf[row] ?? 0) !== 0;
  }

  /** Indexes of a row's records, in the order in which they were applied. */
  *of(row: number): Generator<number> {
    for (let at = this.#firstOf[row] ?? 0; at !== 0; at = this.#next[at - 1] ?? 0) yield at - 1;
  }

  /** Index of a row's first record; -1 where it has none. */
  firstOf(row: number): number {
    return (this.#firstOf[row] ?? 0) - 1;
  }

  rowOf(index: number): number {
    return this.#row[index] ?? 0;
  }

  partOf(index: number): number {
    return this.#part[index] ?? 0;
  }

  startBytes(index: number): number {
    return this.#offset[index] ?? 0;
  }

  endBytes(index: number): number {
    return (this.#offset[index] ?? 0) + (this.#length[index] ?? 0);
  }

  /** See `RECORD_MARK`. */
  marksOf(row: number): number {
    return this.#marks[row] ?? 0;
  }

  /** Of a row that has records. */
  setMarks(row: number, marks: number): void {
    this.#marks[row] = marks;
  }

  range(index: number): RecordRange {
    return {
      part: this.#part[index] ?? 0,
      offsetBytes: this.#offset[index] ?? 0,
      lengthBytes: this.#length[index] ?? 0,
    };
  }

  #growRecords(): void {
    const length = this.#part.length * 2;
    this.#part = grown(this.#part, new Uint16Array(length));
    this.#offset = grown(this.#offset, new Float64Array(length));
    this.#length = grown(this.#length, new Uint32Array(length));
    this.#row = grown(this.#row, new Uint32Array(length));
    this.#next = grown(this.#next, new Uint32Array(length));
  }

  #growRows(row: number): void {
    const length = Math.max(this.#firstOf.length * 2, row + 1);
    this.#firstOf = grown(this.#firstOf, new Uint32Array(length));
    this.#lastOf = grown(this.#lastOf, new Uint32Array(length));
    this.#marks = grown(this.#marks, new Uint8Array(length));
  }
}

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
