// Copies of the records that are in the journal and not known to be on the disk. When a sync fails, nobody can say which
// of them the disk has: they are written again, into the next journal.

/** Beyond this the oldest are let go of; what is lost then is only what the disk lost as well. */
const mostBytes = 8 * 1024 * 1024;

const slabBytes = 256 * 1024;

interface Chunk {
  readonly bytes: Buffer;
  /** Length of the journal when the chunk was in it. */
  readonly endBytes: number;
}

export interface WrittenRecord {
  readonly seq: number;
  readonly wallMs: number;
  readonly monoMs: number;
  /** The record's fields as JSON without the braces. */
  readonly body: string;
}

export class UnsyncedRecords {
  readonly #isKept: boolean;
  #chunks: Chunk[] = [];
  #bytes = 0;
  #isComplete = true;
  #slab = Buffer.alloc(0);
  #slabUsed = 0;

  /** @param isKept false where nothing is ever synced by itself */
  constructor(isKept: boolean) {
    this.#isKept = isKept;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False where the oldest had to be let go of. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  add(bytes: Uint8Array, journalBytes: number): void {
    if (!this.#isKept || bytes.length === 0) return;
    this.#chunks.push({ bytes: this.#copy(bytes), endBytes: journalBytes });
    this.#bytes += bytes.length;
    while (this.#bytes > mostBytes && this.#chunks.length > 1) {
      this.#bytes -= this.#chunks.shift()?.bytes.length ?? 0;
      this.#isComplete = false;
    }
  }

  /** Small pieces share a slab: one allocation for each would be most of what recording costs. */
  #copy(bytes: Uint8Array): Buffer {
    if (bytes.length > slabBytes / 4) return Buffer.from(bytes);
    if (this.#slabUsed + bytes.length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#slabUsed = 0;
    }
    const piece = this.#slab.subarray(this.#slabUsed, this.#slabUsed + bytes.length);
    piece.set(bytes);
    this.#slabUsed += bytes.length;
    return piece;
  }

  /** The journal is on the disk up to here. */
  synced(journalBytes: number): void {
    let count = 0;
    for (const { endBytes, bytes } of this.#chunks) {
      if (endBytes > journalBytes) break;
      this.#bytes -= bytes.length;
      count++;
    }
    if (count > 0) this.#chunks.splice(0, count);
    if (this.#chunks.length === 0) this.#slabUsed = 0;
    this.#isComplete = true;
  }

  /** All of them, which are forgotten here. */
  take(): Buffer {
    const all = Buffer.concat(this.#chunks.map(({ bytes }) => bytes));
    this.#chunks = [];
    this.#bytes = 0;
    this.#isComplete = true;
    return all;
  }

  /** The records in lines of our own making. */
  static *parse(lines: Uint8Array): Generator<WrittenRecord> {
    for (const line of Buffer.from(lines).toString("utf8").split("\n")) {
      const parts = /^\{ "s":(\d+),"w":([^,]+),"m":([^,]+),"i":"[^"]*",(.*),"c": "[0-9a-f]{8}"\}$/s.exec(line);
      if (!parts) continue;
      const [, seq, wallMs, monoMs, body = ""] = parts;
      yield { seq: Number(seq), wallMs: Number(wallMs), monoMs: Number(monoMs), body };
    }
  }
}
