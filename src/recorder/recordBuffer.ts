// Encodes records into one growing buffer of bytes, so that a burst becomes a single append. Byte for byte what
// `encodeRecord` makes, but from texts and without an object for each record.

import * as zlib from "node:zlib";
import { type Crc32, crc32 as plainCrc32 } from "../trace/crc32";

const initialBytes = 64 * 1024;
/** A buffer that one huge record has made large is given back when it is empty. */
const keptBytes = 4 * 1024 * 1024;
/** `,"c": "`, eight digits, `"}` and the line feed. */
const endBytes = 18;
const hexDigits = Buffer.from("0123456789abcdef");

/** CRC-32 of a whole array. Node has its own since 20.15 and 22.2. */
export const crc32Of: (bytes: Uint8Array) => number =
  typeof zlib.crc32 === "function" ? (bytes) => zlib.crc32(bytes) : (bytes) => plainCrc32(bytes, 0, bytes.length);

/** The same of a part. */
export const nativeCrc32: Crc32 = (bytes, start, end) => crc32Of(bytes.subarray(start, end));

export interface PendingRecords {
  /** Whole lines; the receiver's own. */
  readonly bytes: Buffer;
  readonly lastSeq: number;
  readonly count: number;
}

export class RecordBuffer {
  #bytes = Buffer.allocUnsafe(initialBytes);
  #length = 0;
  #count = 0;
  #lastSeq = -1;
  readonly #tag: string;

  /** @param tag `writerTag` of the instance */
  constructor(tag: string) {
    this.#tag = JSON.stringify(tag);
  }

  get lengthBytes(): number {
    return this.#length;
  }

  /** @param body the record's fields as JSON without the braces, `"t"` first */
  add(seq: number, wallMs: number, monoMs: number, body: string): void {
    const line = `{ "s":${seq},"w":${wallMs},"m":${Math.round(monoMs * 1000) / 1000},"i":${this.#tag},${body},"c": "`;
    const start = this.#length;
    // Most texts are ASCII; a long one is measured rather than given three bytes for each character.
    this.#reserve(line.length > 16_384 ? Buffer.byteLength(line) + endBytes : line.length * 3 + endBytes);
    const bytes = this.#bytes;
    let at = start + bytes.write(line, start);
    const checksum = crc32Of(bytes.subarray(start, at - 7));
    for (let shift = 28; shift >= 0; shift -= 4) bytes[at++] = hexDigits[(checksum >>> shift) & 0xf] as number;
    bytes[at++] = 0x22;
    bytes[at++] = 0x7d;
    bytes[at++] = 0x0a;
    this.#length = at;
    this.#lastSeq = seq;
    this.#count++;
  }

  /** What is pending, as a view that is good until the next `add`; `clear` once it is written. */
  peek(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    this.#count = 0;
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafe(initialBytes);
  }

  /** Keeps no memory, as long as nothing is added. */
  giveBack(): void {
    if (this.#length === 0) this.#bytes = Buffer.alloc(0);
  }

  /** Hands over what is pending and begins anew. */
  take(): PendingRecords {
    const taken = { bytes: Buffer.from(this.peek()), lastSeq: this.#lastSeq, count: this.#count };
    this.clear();
    return taken;
  }

  #reserve(moreBytes: number): void {
    const needed = this.#length + moreBytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2, initialBytes));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
