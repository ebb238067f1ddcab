// The payloads of a batch's items, one after the other in a file that is only appended to. Where one stands, and its
// checksum, are in the batch's log, which is written afterwards: what no record names was never acknowledged.

import { errorCode } from "../base/errorCode";
import { syncEntryOf } from "../recorder/durableDirectory";
import { closeQuietly, readFully } from "../recorder/fileTasks";
import { JournalFile } from "../recorder/journalFile";
import { crc32Of } from "../recorder/recordBuffer";
import { type Io, io, type RecorderFs, runAsync } from "../recorder/recorderFs";
import { inSyncQueue } from "../recorder/syncQueue";
import type { PayloadPlace } from "../trace/batch/batchRecord";

/** So many bytes go into one append, unless one payload alone is longer. */
const mostAppendBytes = 4 * 1024 * 1024;
const lineFeed = new Uint8Array([0x0a]);

interface Waiting {
  readonly bytes: Uint8Array;
  resolve(place: PayloadPlace): void;
  reject(error: unknown): void;
}

export class PayloadFile {
  readonly #fs: RecorderFs;
  readonly #path: string;
  #file: JournalFile | undefined;
  #waiting: Waiting[] = [];
  #isWorking = false;
  #isSynced = true;
  /** So far it is on the disk, or doubtful. */
  #safeBytes = 0;
  readonly #doubtful: { readonly from: number; readonly to: number }[] = [];
  /** Whoever made the file may have died before its name was on the disk. */
  #isEntrySynced = false;

  constructor(fs: RecorderFs, path: string) {
    this.#fs = fs;
    this.#path = path;
  }

  /** Resolves once the bytes are in the file. Rejects with the system's error. */
  append(bytes: Uint8Array): Promise<PayloadPlace> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject });
      if (this.#isWorking) return;
      this.#isWorking = true;
      void this.#work();
    });
  }

  /** What was appended before is on the disk. */
  async sync(): Promise<void> {
    const file = this.#file;
    if (file === undefined || this.#isSynced) return;
    this.#isSynced = true;
    const untilBytes = file.lengthBytes;
    try {
      await inSyncQueue(this.#fs, () => file.syncAsync());
      if (!this.#isEntrySynced) await runAsync(this.#fs, syncEntryOf(this.#path));
      this.#isEntrySynced = true;
      this.#safeBytes = untilBytes;
    } catch (error) {
      this.#isSynced = false;
      // The system takes it for written: no later sync tells whether the disk has it.
      this.#doubtful.push({ from: this.#safeBytes, to: untilBytes });
      this.#safeBytes = untilBytes;
      throw error;
    }
  }

  get hasDoubts(): boolean {
    return this.#doubtful.length > 0;
  }

  /** A sync failed after it was written, so that a power cut may take it. */
  isDoubtful({ offset, length }: PayloadPlace): boolean {
    return this.#doubtful.some(({ from, to }) => offset < to && offset + length > from);
  }

  close(): void {
    this.#file?.close();
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const waiting = this.#takeSome();
      try {
        const file = this.#open();
        let offset = file.lengthBytes;
        await file.appendAsync(Buffer.concat(waiting.flatMap(({ bytes }) => [bytes, lineFeed])), () => true);
        this.#isSynced = false;
        for (const { bytes, resolve } of waiting) {
          resolve({ offset, length: bytes.length, crc32: crc32Of(bytes) });
          offset += bytes.length + 1;
        }
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
    this.#isWorking = false;
  }

  #takeSome(): readonly Waiting[] {
    let sum = 0;
    let count = 0;
    for (const { bytes } of this.#waiting) {
      sum += bytes.length;
      if (count > 0 && sum > mostAppendBytes) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  #open(): JournalFile {
    if (this.#file !== undefined) return this.#file;
    try {
      this.#file = JournalFile.create(this.#fs, this.#path);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      this.#file = JournalFile.reopen(this.#fs, this.#path);
    }
    return this.#file;
  }
}

/** The bytes of a payload; undefined where they are not those that were written. Rejects with the system's error. */
export async function readPayload(fs: RecorderFs, path: string, place: PayloadPlace): Promise<Uint8Array | undefined> {
  const bytes = await runAsync(fs, readPart(path, place));
  return bytes !== undefined && crc32Of(bytes) === place.crc32 ? bytes : undefined;
}

function* readPart(path: string, { offset, length }: PayloadPlace): Io<Uint8Array | undefined> {
  const fd = yield* io.open(path, "read");
  try {
    const { sizeBytes } = yield* io.statFd(fd);
    // A damaged place may name any length.
    if (offset + length > sizeBytes) return undefined;
    const bytes = new Uint8Array(length);
    return (yield* readFully(fd, bytes, offset)) === length ? bytes : undefined;
  } finally {
    yield* closeQuietly(fd);
  }
}
