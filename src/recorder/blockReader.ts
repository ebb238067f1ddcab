// Reads pieces of a file through a few large blocks. Spans end long after they began, so two or three places of the file
// are read in turns; each stays in a block of its own.

import { readFully } from "./fileTasks";
import type { Io } from "./recorderFs";

const blockBytes = 256 * 1024;
const mostBlocks = 16;

/** Gives pieces of a file. */
export interface JournalBytes {
  /** True where `view` can give the piece without reading. */
  holds(at: number, length: number): boolean;
  /** A piece that it holds; good until the next `read`. */
  view(at: number, length: number): Uint8Array;
  /** The start of the piece, at least one byte of it; good until the next `read`. */
  read(at: number, length: number): Io<Uint8Array>;
}

/** A file that is in memory as a whole. */
export class HeldBytes implements JournalBytes {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  holds(at: number, length: number): boolean {
    return at + length <= this.#bytes.length;
  }

  view(at: number, length: number): Uint8Array {
    return this.#bytes.subarray(at, at + length);
  }

  // biome-ignore lint/correctness/useYield: nothing need be read.
  *read(at: number, length: number): Io<Uint8Array> {
    return this.view(at, length);
  }
}

interface Block {
  readonly index: number;
  readonly bytes: Buffer;
  length: number;
}

export class BlockReader implements JournalBytes {
  readonly #fd: number;
  readonly #lengthBytes: number;
  /** By index, the one used longest ago first. */
  readonly #blocks = new Map<number, Block>();
  #last: Block | undefined;

  constructor(fd: number, lengthBytes: number) {
    this.#fd = fd;
    this.#lengthBytes = lengthBytes;
  }

  /** True where `view` can give the piece without reading. */
  holds(at: number, length: number): boolean {
    const block = this.#last;
    if (!block) return false;
    const start = block.index * blockBytes;
    return at >= start && at + length <= start + block.length;
  }

  /** A piece that the block read last `holds`; good until the next `read`. */
  view(at: number, length: number): Uint8Array {
    const start = (this.#last?.index ?? 0) * blockBytes;
    return this.#last?.bytes.subarray(at - start, at - start + length) ?? new Uint8Array();
  }

  /** As much of the piece as stands in its first block, at least one byte; good until the next `read`. */
  *read(at: number, length: number): Io<Uint8Array> {
    const index = Math.floor(at / blockBytes);
    const block = this.#last?.index === index ? this.#last : yield* this.#load(index);
    const start = at - index * blockBytes;
    if (start >= block.length) throw new Error(`The journal ends before byte ${at}`);
    return block.bytes.subarray(start, Math.min(start + length, block.length));
  }

  *#load(index: number): Io<Block> {
    const known = this.#blocks.get(index);
    if (known) {
      this.#blocks.delete(index);
      this.#blocks.set(index, known);
      this.#last = known;
      return known;
    }
    let bytes: Buffer | undefined;
    if (this.#blocks.size >= mostBlocks) {
      const [oldest] = this.#blocks.values();
      if (oldest) {
        this.#blocks.delete(oldest.index);
        bytes = oldest.bytes;
      }
    }
    const block: Block = { index, bytes: bytes ?? Buffer.allocUnsafe(blockBytes), length: 0 };
    const wanted = Math.min(blockBytes, this.#lengthBytes - index * blockBytes);
    block.length = yield* readFully(this.#fd, block.bytes.subarray(0, Math.max(0, wanted)), index * blockBytes);
    this.#blocks.set(index, block);
    this.#last = block;
    return block;
  }
}
