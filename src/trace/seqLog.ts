// Which sequence numbers of a journal have been seen, with what checksum, and which are missing between them.

/** A run of missing sequence numbers, both ends included. */
export interface MissingSeqs {
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Offset of the record that showed the gap. */
  readonly offsetBytes: number;
}

/** How many of the missing numbers are above `seq`. */
export function countMissingAfter(missing: readonly MissingSeqs[], seq: number): number {
  let count = 0;
  for (const { fromSeq, toSeq } of missing) count += Math.max(0, toSeq - Math.max(fromSeq, seq + 1) + 1);
  return count;
}

export type Arrival = "new" | "duplicate" | "conflict";

export class SeqLog {
  readonly #base: SeqLog | undefined;
  /** Checksums by sequence number, for the dense run from 0; the rest is in `#sparse`. */
  #dense = new Float64Array(0);
  #sparse = new Map<number, number>();
  #missing: MissingSeqs[];
  #last: number;

  constructor(base?: SeqLog) {
    this.#base = base;
    this.#missing = base ? base.#missing.slice() : [];
    this.#last = base ? base.#last : -1;
  }

  /** Highest sequence number seen, -1 for none. */
  get lastSeq(): number {
    return this.#last;
  }

  get missing(): readonly MissingSeqs[] {
    return this.#missing;
  }

  /** A log that goes on from this one without changing it. This one must not change while the copy is in use. */
  fork(): SeqLog {
    return new SeqLog(this);
  }

  add(seq: number, checksum: number, offsetBytes: number): Arrival {
    const known = this.#checksumOf(seq);
    if (known !== undefined) return known === checksum ? "duplicate" : "conflict";
    if (seq > this.#last + 1) this.#missing.push({ fromSeq: this.#last + 1, toSeq: seq - 1, offsetBytes });
    else if (seq <= this.#last) this.#fill(seq);
    this.#last = Math.max(this.#last, seq);
    this.#remember(seq, checksum);
    return "new";
  }

  #checksumOf(seq: number): number | undefined {
    const dense = this.#dense[seq] ?? 0;
    // Stored plus one, so that 0 means "not seen".
    if (dense !== 0) return dense - 1;
    return this.#sparse.get(seq) ?? (this.#base === undefined ? undefined : this.#base.#checksumOf(seq));
  }

  #remember(seq: number, checksum: number): void {
    // A copy lives for a few records only. Far ahead of what was seen, an array would be mostly empty.
    if (this.#base !== undefined || seq > 2 * this.#dense.length + 1024) {
      this.#sparse.set(seq, checksum);
      return;
    }
    if (seq >= this.#dense.length) {
      const grown = new Float64Array(Math.max(1024, 2 * (seq + 1)));
      grown.set(this.#dense);
      this.#dense = grown;
    }
    this.#dense[seq] = checksum + 1;
  }

  /** A number that was missing arrived late. */
  #fill(seq: number): void {
    for (let index = this.#missing.length - 1; index >= 0; index--) {
      const gap = this.#missing[index];
      if (gap === undefined || seq < gap.fromSeq || seq > gap.toSeq) continue;
      const rest: MissingSeqs[] = [];
      if (gap.fromSeq < seq) rest.push({ ...gap, toSeq: seq - 1 });
      if (seq < gap.toSeq) rest.push({ ...gap, fromSeq: seq + 1 });
      this.#missing.splice(index, 1, ...rest);
      return;
    }
  }
}
