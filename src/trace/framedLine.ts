// One line of a journal -> the sound records in it and the bytes between them. Normally a line is one record; a damaged one
// may hold others, of which each whose checksum holds is found.

import type { Crc32 } from "./crc32";
import { checkFrame, findRecordEnd, findRecordStart } from "./journalFrame";

const lineFeed = 0x0a;

/** What is found comes in the order of the file. */
export interface FramedLineSink {
  addRecord(bytes: Uint8Array, offsetBytes: number, checksum: number): void;
  /** @param isTail these bytes are the end of the file, without a line feed */
  addDamage(bytes: Uint8Array, offsetBytes: number, isTail: boolean): void;
}

/** @param line without its line feed */
export function readFramedLine(
  line: Uint8Array,
  offsetBytes: number,
  isTerminated: boolean,
  crc32: Crc32,
  sink: FramedLineSink,
): void {
  const checksum = checkFrame(line, 0, line.length, crc32);
  if (checksum >= 0) {
    sink.addRecord(line, offsetBytes, checksum);
    return;
  }
  let damagedFrom = 0;
  for (let start = findRecordStart(line, 0, line.length); start < line.length; ) {
    const next = findRecordStart(line, start + 1, line.length);
    const end = findRecordEnd(line, start, next);
    const sound = end < 0 ? -1 : checkFrame(line, start, end, crc32);
    if (sound >= 0) {
      if (start > damagedFrom) sink.addDamage(line.subarray(damagedFrom, start), offsetBytes + damagedFrom, false);
      sink.addRecord(line.subarray(start, end), offsetBytes + start, sound);
      damagedFrom = end;
    }
    start = next;
  }
  // A line feed belongs to the line's damage, so that damaged lines in a row are one region.
  const rest = line.subarray(damagedFrom);
  if (rest.length > 0 || (damagedFrom === 0 && isTerminated)) {
    sink.addDamage(rest, offsetBytes + damagedFrom, !isTerminated);
  }
}

/** Cuts bytes that come in pieces into lines and reads each. What stands after the last line feed is kept as a copy. */
export class FramedLineReader {
  readonly #crc32: Crc32;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #lineStart = 0;
  /** A last line without a line feed was taken; the line feed may still come. */
  #isTailTaken = false;

  constructor(crc32: Crc32) {
    this.#crc32 = crc32;
  }

  /** Bytes taken so far. */
  get lengthBytes(): number {
    return this.#lineStart + this.#pendingBytes;
  }

  /** There are bytes after the last line feed. */
  get isTailOpen(): boolean {
    return this.#pendingBytes > 0 || this.#isTailTaken;
  }

  feed(bytes: Uint8Array, sink: FramedLineSink): void {
    let from = 0;
    if (this.#isTailTaken && bytes.length > 0) {
      this.#isTailTaken = false;
      if (bytes[0] === lineFeed) {
        from = 1;
        this.#lineStart++;
      }
    }
    for (let end = bytes.indexOf(lineFeed, from); end >= 0; end = bytes.indexOf(lineFeed, from)) {
      this.#readLine(bytes.subarray(from, end), true, sink);
      this.#lineStart++;
      from = end + 1;
    }
    if (from < bytes.length) {
      this.#pending.push(bytes.slice(from));
      this.#pendingBytes += bytes.length - from;
    }
  }

  /** Takes a last line without a line feed for good. For files that nobody is just writing to. */
  takeTail(sink: FramedLineSink): void {
    if (this.#pendingBytes === 0) return;
    this.#readLine(new Uint8Array(), false, sink);
    this.#isTailTaken = true;
  }

  /** The bytes after the last line feed. */
  get tail(): Uint8Array {
    return this.#join(new Uint8Array());
  }

  #readLine(end: Uint8Array, isTerminated: boolean, sink: FramedLineSink): void {
    const line = this.#pendingBytes === 0 ? end : this.#join(end);
    readFramedLine(line, this.#lineStart, isTerminated, this.#crc32, sink);
    this.#lineStart += line.length;
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  #join(last: Uint8Array): Uint8Array {
    const line = new Uint8Array(this.#pendingBytes + last.length);
    let at = 0;
    for (const piece of this.#pending) {
      line.set(piece, at);
      at += piece.length;
    }
    line.set(last, at);
    return line;
  }
}
