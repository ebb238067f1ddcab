// The bytes of a file that somebody appends to, by range and at once. A file that is kept open stays the one that it was
// when its name is gone; on Windows, where an open file can't be removed, it is opened for each read, and another one is
// refused.

import { basename } from "node:path";
import { type FileAccess, type FileStamp, mtimeMsOf, type OpenFile } from "../store/fileAccess";
import { requireFile } from "../store/fileEdges";
import type { LiveFile } from "../trace/liveTrace";
import { TraceReplacedError } from "../trace/spanSource";
import { fill, fillByName, replaced } from "./readBytes";
import type { BytesOptions } from "./scannedBytes";

/** So much is read at once where small reads follow each other. */
const blockBytes = 128 * 1024;
const nearBytes = 16 * 1024;
/** So many bytes before those that were read are read again with the next: a file that was written anew has others there. */
const seamBytes = 64;

export class TailedFile implements LiveFile {
  readonly path: string;
  readonly fileName: string;
  #stamp: FileStamp;
  #file: OpenFile | undefined;
  #isClosed = false;
  #block: { readonly startBytes: number; readonly bytes: Uint8Array } | undefined;
  #lastEndBytes = Number.NaN;
  /** The last bytes of those that `next` gave, and where they end. */
  #seam: Uint8Array = new Uint8Array();
  #taken = 0;

  private constructor(path: string, stamp: FileStamp, file: OpenFile) {
    this.path = path;
    this.fileName = basename(path);
    this.#stamp = stamp;
    this.#file = file;
  }

  /** Rejects with the system's error, and for what is no regular file as `requireFile` does. */
  static async open(access: FileAccess, path: string, options: BytesOptions = {}): Promise<TailedFile> {
    // Looked at before it is opened: opening a device can do something.
    requireFile(await access.stat(path));
    const file = await access.open(path);
    try {
      const stamp = await file.stat();
      requireFile(stamp);
      const tailed = new TailedFile(path, stamp, file);
      if (options.closesAfterReads ?? process.platform === "win32") await tailed.#closeFile();
      return tailed;
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  }

  /** As it was last looked at. */
  get sizeBytes(): number {
    return this.#stamp.sizeBytes;
  }

  get mtimeMs(): number {
    return mtimeMsOf(this.#stamp);
  }

  /** Looks at what has the file's name now; false where that is another file, or a shorter one. */
  async look(access: FileAccess): Promise<boolean> {
    const stamp = await access.stat(this.path);
    const { ino, dev } = this.#stamp;
    // Not its time of birth: where that is not kept, it is that of the last change.
    if (stamp.ino !== ino || stamp.dev !== dev || stamp.sizeBytes < this.#taken) return false;
    this.#stamp = stamp;
    return true;
  }

  /**
   * The bytes that come after those of the calls before, at most so many; none at the end as it was last looked at.
   * @throws TraceReplacedError where those before are not there any more
   */
  next(mostBytes: number): Uint8Array {
    const count = Math.min(mostBytes, this.sizeBytes - this.#taken);
    if (count <= 0) return new Uint8Array();
    const seam = this.#seam.length;
    const bytes = this.#readAll(this.#taken - seam, this.#taken + count);
    if (!isEqual(bytes.subarray(0, seam), this.#seam)) throw replaced();
    this.#taken += count;
    this.#seam = bytes.slice(Math.max(0, bytes.length - seamBytes));
    return bytes.subarray(seam);
  }

  /** The bytes up to there were read in another way. */
  startAt(offsetBytes: number): void {
    this.#taken = offsetBytes;
    this.#seam = this.#readAll(Math.max(0, offsetBytes - seamBytes), offsetBytes);
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    const endBytes = offsetBytes + lengthBytes;
    const block = this.#block;
    if (block !== undefined && offsetBytes >= block.startBytes && endBytes <= block.startBytes + block.bytes.length) {
      this.#lastEndBytes = endBytes;
      return block.bytes.subarray(offsetBytes - block.startBytes, endBytes - block.startBytes);
    }
    const ahead = offsetBytes - this.#lastEndBytes;
    this.#lastEndBytes = endBytes;
    if (!(ahead >= 0 && ahead < nearBytes) || lengthBytes >= blockBytes) return this.#readAll(offsetBytes, endBytes);
    const bytes = this.#readAll(offsetBytes, Math.max(endBytes, Math.min(offsetBytes + blockBytes, this.sizeBytes)));
    this.#block = { startBytes: offsetBytes, bytes };
    return bytes.subarray(0, lengthBytes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#block = undefined;
    await this.#closeFile();
  }

  #readAll(startBytes: number, endBytes: number): Uint8Array {
    if (this.#isClosed) throw new TraceReplacedError("The trace was closed or read anew meanwhile");
    const bytes = new Uint8Array(endBytes - startBytes);
    const file = this.#file;
    if (file !== undefined) fill(bytes, startBytes, (into, offset) => file.readSync(into, offset));
    else this.#readAgain(bytes, startBytes);
    return bytes;
  }

  #readAgain(bytes: Uint8Array, startBytes: number): void {
    const stamp = this.#stamp;
    fillByName(this.path, bytes, startBytes, ({ ino, dev }) => ino === stamp.ino && dev === stamp.dev);
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    // A failed close of a file that was only read loses nothing.
    await file?.close().catch(() => undefined);
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
