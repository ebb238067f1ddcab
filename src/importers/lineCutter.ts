// Bytes in pieces of any size -> lines. A line may span many pieces and is put together once, at its end, so that the work
// is linear however the bytes come. Whether they come whole or one by one makes no difference to the lines.

const lineFeed = 0x0a;
const nul = 0x00;

export interface CutLine {
  /** Where it begins in the file. */
  readonly offsetBytes: number;
  /** From 1 on. */
  readonly number: number;
  /** Without its line feed, and without NUL bytes around it. */
  readonly bytes: Buffer;
  /** NUL bytes that were left out: a full disk or a power cut leaves them. */
  readonly nulBytes: number;
  /** Bytes of a line that is too long to be held; `bytes` is empty then. */
  readonly tooLongBytes: number;
}

/** Text of more UTF-16 units than this can't be made by the engine. */
export const longestLineBytes = 256 * 1024 * 1024;

export class LineCutter {
  readonly #longest: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #skippedBytes = 0;
  #lineStart = 0;
  #lines = 0;

  constructor(longest = longestLineBytes) {
    this.#longest = longest;
  }

  /** The lines that end in these bytes. The bytes may be changed afterwards. */
  *push(bytes: Uint8Array): Generator<CutLine> {
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let from = 0;
    for (let at = piece.indexOf(lineFeed); at >= 0; at = piece.indexOf(lineFeed, from)) {
      this.#hold(piece.subarray(from, at), false);
      const line = this.#line();
      this.#lineStart += this.#pendingBytes + this.#skippedBytes + 1;
      this.#lines++;
      this.#pending = [];
      this.#pendingBytes = 0;
      this.#skippedBytes = 0;
      from = at + 1;
      yield line;
    }
    this.#hold(piece.subarray(from), true);
  }

  /** What follows the last line feed, as a line; undefined where nothing does. */
  get rest(): CutLine | undefined {
    return this.#pendingBytes + this.#skippedBytes === 0 ? undefined : this.#line();
  }

  #hold(part: Buffer, isKept: boolean): void {
    if (part.length === 0) return;
    if (this.#pendingBytes + this.#skippedBytes + part.length > this.#longest) {
      this.#skippedBytes += this.#pendingBytes + part.length;
      this.#pending = [];
      this.#pendingBytes = 0;
      return;
    }
    this.#pending.push(isKept ? Buffer.from(part) : part);
    this.#pendingBytes += part.length;
  }

  #line(): CutLine {
    if (this.#pending.length > 1) this.#pending = [Buffer.concat(this.#pending, this.#pendingBytes)];
    const all = this.#pending[0] ?? Buffer.alloc(0);
    let start = 0;
    let end = all.length;
    while (start < end && all[start] === nul) start++;
    while (end > start && all[end - 1] === nul) end--;
    return {
      offsetBytes: this.#lineStart + start,
      number: this.#lines + 1,
      bytes: all.subarray(start, end),
      nulBytes: all.length - (end - start),
      tooLongBytes: this.#skippedBytes,
    };
  }
}
