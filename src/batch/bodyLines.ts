// Bytes of a body -> its lines, however they are cut into pieces. A line that is too long takes no more memory than the
// longest allowed one: its beginning is kept, and the rest is counted.

export interface BodyLine {
  /** From 1 on, blank lines counted. */
  readonly line: number;
  /** Without the line feed; of a line that is too long its beginning. */
  readonly bytes: Uint8Array;
  readonly sizeBytes: number;
  readonly isTooLong: boolean;
}

const lineFeed = 0x0a;
const firstBytes = 4 * 1024;
const mostIdleBytes = 64 * 1024;

/** @param mostBytes of a line; @param keptBytes of one that has more */
export async function* readBodyLines(
  body: AsyncIterable<Uint8Array>,
  mostBytes: number,
  keptBytes: number,
): AsyncGenerator<BodyLine> {
  const open = new OpenLine(mostBytes, keptBytes);
  for await (const piece of body) {
    let from = 0;
    for (let end = piece.indexOf(lineFeed); end >= 0; end = piece.indexOf(lineFeed, from)) {
      open.add(piece.subarray(from, end));
      yield open.take();
      from = end + 1;
    }
    open.add(piece.subarray(from));
  }
  if (open.sizeBytes > 0) yield open.take();
}

/** One piece of memory, however small the pieces are in which a line comes. */
class OpenLine {
  readonly #mostBytes: number;
  readonly #keptBytes: number;
  #line = 1;
  #bytes = new Uint8Array(firstBytes);
  #keptSize = 0;
  sizeBytes = 0;

  constructor(mostBytes: number, keptBytes: number) {
    this.#mostBytes = mostBytes;
    this.#keptBytes = keptBytes;
  }

  add(piece: Uint8Array): void {
    this.sizeBytes += piece.length;
    if (this.sizeBytes > this.#mostBytes) {
      // Of what was kept of it before the beginning is enough.
      this.#keptSize = Math.min(this.#keptSize, this.#keptBytes);
      this.#keep(piece.subarray(0, this.#keptBytes - this.#keptSize));
    } else this.#keep(piece);
  }

  take(): BodyLine {
    const { sizeBytes } = this;
    const bytes = this.#bytes.slice(0, this.#keptSize);
    this.#keptSize = 0;
    this.sizeBytes = 0;
    // One long line among short ones keeps no memory.
    if (this.#bytes.length > mostIdleBytes) this.#bytes = new Uint8Array(firstBytes);
    return { line: this.#line++, bytes, sizeBytes, isTooLong: sizeBytes > this.#mostBytes };
  }

  /** Whoever reads the body may use its buffers again. */
  #keep(piece: Uint8Array): void {
    const size = this.#keptSize + piece.length;
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#keptSize));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#keptSize);
    this.#keptSize = size;
  }
}
