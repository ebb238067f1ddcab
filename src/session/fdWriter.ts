// Writes bytes to open files one piece after the other, in the order in which they were given and in another thread: a
// terminal or a pipe that takes nothing for a while holds up neither this thread nor what it records.

import { write } from "node:fs";
import { errorCode } from "../base/errorCode";

interface Piece {
  readonly fd: number;
  readonly bytes: Uint8Array;
}

/** A descriptor that doesn't block and is full is tried again after so long, and later less often. */
const firstRetryMs = 1;
const lastRetryMs = 20;
/** Pieces that wait are put together up to so many bytes. */
const mostTogetherBytes = 64 * 1024;

export interface FdWriterEvents {
  /** Fewer bytes wait than before. */
  onWritten?(): void;
  /** Nothing more can be written to it: what waits for it is given up. */
  onClosed?(fd: number, error: Error): void;
}

export class FdWriter {
  readonly #events: FdWriterEvents;
  readonly #closed = new Set<number>();
  #waiting: Piece[] = [];
  #current: Piece | undefined;
  #queuedBytes = 0;
  #retryMs = firstRetryMs;
  #idle: (() => void)[] = [];

  constructor(events: FdWriterEvents = {}) {
    this.#events = events;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** The bytes must not change any more. */
  write(fd: number, bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#closed.has(fd)) return;
    this.#waiting.push({ fd, bytes });
    this.#queuedBytes += bytes.length;
    if (this.#current === undefined) this.#next();
  }

  /** Nothing more is written to it but what is under way. */
  close(fd: number): void {
    this.#closed.add(fd);
    for (const piece of this.#waiting) if (piece.fd === fd) this.#queuedBytes -= piece.bytes.length;
    this.#waiting = this.#waiting.filter((piece) => piece.fd !== fd);
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    if (this.#current !== undefined) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #next(): void {
    const first = this.#waiting[0];
    this.#current = undefined;
    if (first === undefined) {
      for (const tell of this.#idle.splice(0)) tell();
      return;
    }
    let count = 0;
    let bytes = 0;
    for (const piece of this.#waiting) {
      if (piece.fd !== first.fd || (count > 0 && bytes + piece.bytes.length > mostTogetherBytes)) break;
      count++;
      bytes += piece.bytes.length;
    }
    const pieces = this.#waiting.splice(0, count);
    this.#write(count === 1 ? first : { fd: first.fd, bytes: Buffer.concat(pieces.map((piece) => piece.bytes)) });
  }

  #write(piece: Piece): void {
    this.#current = piece;
    const { fd, bytes } = piece;
    writeSome(fd, bytes, (error, written) => {
      if (error !== null && errorCode(error) === "EAGAIN" && !this.#closed.has(fd)) {
        setTimeout(() => this.#write(piece), this.#retryMs);
        this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
        return;
      }
      this.#retryMs = firstRetryMs;
      if (error === null && written < bytes.length && !this.#closed.has(fd)) {
        this.#queuedBytes -= written;
        this.#events.onWritten?.();
        this.#write({ fd, bytes: bytes.subarray(written) });
        return;
      }
      this.#queuedBytes -= bytes.length;
      if (error !== null && !this.#closed.has(fd)) {
        this.close(fd);
        this.#events.onClosed?.(fd, error);
      }
      this.#next();
      this.#events.onWritten?.();
    });
  }
}

/** The console of Windows takes text through Node's own stream alone. */
function writeSome(fd: number, bytes: Uint8Array, done: (error: Error | null, written: number) => void): void {
  const stream = fd === 1 ? process.stdout : fd === 2 ? process.stderr : undefined;
  if (process.platform !== "win32" || stream === undefined) {
    write(fd, bytes, done);
    return;
  }
  stream.write(bytes, (error) => done(error ?? null, bytes.length));
}
