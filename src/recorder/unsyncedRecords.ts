// Copies of the records that are in the journal and not known to be on the disk. When a sync fails, nobody can say which
// of them the disk has: they are written again, into the next journal.

/** Beyond this the oldest are let go of; what is lost then is only what the disk lost as well. */
const mostBytes = 8 * 1024 * 1024;

const slabBytes = 256 * 1024;
const mostFree = mostBytes / slabBytes;

/** Memory that small pieces share, and use again: an allocation for each would be most of what recording costs. */
interface Slab {
  readonly bytes: Buffer;
  used: number;
  /** Chunks that are in it. */
  chunks: number;
}

interface Chunk {
  readonly bytes: Buffer;
  readonly slab: Slab | undefined;
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
  #slab: Slab | undefined;
  #free: Slab[] = [];

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
    this.#chunks.push(this.#copy(bytes, journalBytes));
    this.#bytes += bytes.length;
    let count = 0;
    while (this.#bytes > mostBytes && count < this.#chunks.length - 1) {
      this.#letGo(this.#chunks[count++]);
      this.#isComplete = false;
    }
    // Taken away together: one by one would move all the others each time.
    if (count > 0) this.#chunks.splice(0, count);
  }

  #copy(bytes: Uint8Array, endBytes: number): Chunk {
    if (bytes.length > slabBytes / 4) return { bytes: Buffer.from(bytes), slab: undefined, endBytes };
    let slab = this.#slab;
    if (!slab || slab.used + bytes.length > slabBytes) {
      slab = this.#free.pop() ?? { bytes: Buffer.allocUnsafeSlow(slabBytes), used: 0, chunks: 0 };
      this.#slab = slab;
    }
    const piece = slab.bytes.subarray(slab.used, slab.used + bytes.length);
    piece.set(bytes);
    slab.used += bytes.length;
    slab.chunks++;
    return { bytes: piece, slab, endBytes };
  }

  #letGo(chunk: Chunk | undefined): void {
    if (!chunk) return;
    this.#bytes -= chunk.bytes.length;
    const { slab } = chunk;
    if (!slab || --slab.chunks > 0) return;
    slab.used = 0;
    if (slab !== this.#slab && this.#free.length < mostFree) this.#free.push(slab);
  }

  /** The journal is on the disk up to here. */
  synced(journalBytes: number): void {
    let count = 0;
    for (const chunk of this.#chunks) {
      if (chunk.endBytes > journalBytes) break;
      this.#letGo(chunk);
      count++;
    }
    if (count > 0) this.#chunks.splice(0, count);
    this.#isComplete = true;
  }

  /** All of them, which are forgotten here. */
  take(): Buffer {
    const all = Buffer.concat(this.#chunks.map(({ bytes }) => bytes));
    this.#chunks = [];
    this.#slab = undefined;
    this.#free = [];
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
