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

class OpenLine {
  readonly #mostBytes: number;
  readonly #keptBytes: number;
  #line = 1;
  #pieces: Uint8Array[] = [];
  #keptSize = 0;
  sizeBytes = 0;

  constructor(mostBytes: number, keptBytes: number) {
    this.#mostBytes = mostBytes;
    this.#keptBytes = keptBytes;
  }

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.sizeBytes += bytes.length;
    const isTooLong = this.sizeBytes > this.#mostBytes;
    const room = isTooLong ? Math.max(0, this.#keptBytes - this.#keptSize) : bytes.length;
    if (room > 0) this.#keep(bytes.subarray(0, room));
    if (isTooLong && this.#keptSize > this.#keptBytes) {
      const start = Buffer.concat(this.#pieces).subarray(0, this.#keptBytes);
      this.#pieces = [];
      this.#keptSize = 0;
      this.#keep(start);
    }
  }

  take(): BodyLine {
    const [only] = this.#pieces;
    const bytes = this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces);
    const { sizeBytes } = this;
    const taken = { line: this.#line++, bytes, sizeBytes, isTooLong: sizeBytes > this.#mostBytes };
    this.#pieces = [];
    this.#keptSize = 0;
    this.sizeBytes = 0;
    return taken;
  }

  /** Whoever reads the body may use its buffers again. */
  #keep(bytes: Uint8Array): void {
    this.#pieces.push(Uint8Array.prototype.slice.call(bytes));
    this.#keptSize += bytes.length;
  }
}
