// Where the records of a journal stand, by sequence number: for a journal whose records are not in order, or are not all
// applied in its turn, and which is too long to be held.

import type { JournalEntry } from "./journalReading";

export interface PlacedRecord {
  readonly seq: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export class JournalIndex {
  #count = 0;
  #seq = new Float64Array(1024);
  #offset = new Float64Array(1024);
  #length = new Uint32Array(1024);
  #isInOrder = true;

  add({ seq, offsetBytes, endBytes }: JournalEntry): void {
    const index = this.#count++;
    if (index === this.#seq.length) this.#grow();
    if (index > 0 && seq < (this.#seq[index - 1] ?? 0)) this.#isInOrder = false;
    this.#seq[index] = seq;
    this.#offset[index] = offsetBytes;
    this.#length[index] = endBytes - offsetBytes;
  }

  /** All records, by sequence number. */
  *inOrder(): Generator<PlacedRecord> {
    const order = this.#isInOrder ? undefined : Uint32Array.from({ length: this.#count }, (_, index) => index);
    order?.sort((a, b) => (this.#seq[a] ?? 0) - (this.#seq[b] ?? 0));
    for (let at = 0; at < this.#count; at++) {
      const index = order?.[at] ?? at;
      yield {
        seq: this.#seq[index] ?? 0,
        offsetBytes: this.#offset[index] ?? 0,
        lengthBytes: this.#length[index] ?? 0,
      };
    }
  }

  #grow(): void {
    const length = this.#seq.length * 2;
    this.#seq = grown(this.#seq, new Float64Array(length));
    this.#offset = grown(this.#offset, new Float64Array(length));
    this.#length = grown(this.#length, new Uint32Array(length));
  }
}

function grown<T extends Uint32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}
