// The bytes of one file as it was when it was opened, by range and at once. A file that is kept open stays the one that it
// was when its name goes to another one; on Windows, where an open file can't be replaced, it is opened for each read, and
// another one is refused.

import type { FileAccess, FileStamp, OpenFile } from "../store/fileAccess";
import { requireFile } from "../store/fileEdges";
import type { ByteRange } from "../trace/scanRows";
import { TraceReplacedError } from "../trace/spanSource";
import { fill, fillByName } from "./readBytes";

/** So much is read at once where reads follow each other: twice as much each time, so that a few reads cost little. */
const firstBlockBytes = 16 * 1024;
const mostBlockBytes = 256 * 1024;
/** Reads that are so close to each other follow each other. */
const nearBytes = 4 * 1024;

export interface BytesOptions {
  /** Whether a file that is open stands in the way of who replaces it. */
  readonly closesAfterReads?: boolean | undefined;
}

export class TraceBytes {
  readonly path: string;
  /** Of the very bytes that are read. */
  readonly version: FileStamp;
  readonly #closesAfterReads: boolean;
  #file: OpenFile | undefined;
  #isClosed = false;
  #block: { readonly startBytes: number; readonly bytes: Uint8Array } | undefined;
  /** Of the next block. */
  #blockBytes = firstBlockBytes;
  #last: ByteRange = { startBytes: Number.NaN, endBytes: Number.NaN };

  private constructor(path: string, version: FileStamp, file: OpenFile, closesAfterReads: boolean) {
    this.path = path;
    this.version = version;
    this.#file = file;
    this.#closesAfterReads = closesAfterReads;
  }

  /** Rejects with the system's error, and for what is no regular file as `requireFile` does. */
  static async open(access: FileAccess, path: string, options: BytesOptions = {}): Promise<TraceBytes> {
    // Looked at before it is opened: opening a device can do something.
    requireFile(await access.stat(path));
    const file = await access.open(path);
    try {
      const version = await file.stat();
      requireFile(version);
      return new TraceBytes(path, version, file, options.closesAfterReads ?? process.platform === "win32");
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  }

  /** Reads while the file is held open; see `OpenFile.read`. */
  async readInto(into: Uint8Array, offsetBytes: number): Promise<number> {
    if (this.#file === undefined) throw closed();
    return this.#file.read(into, offsetBytes);
  }

  /** Everything that had to be read in one go was read. */
  async endReading(): Promise<void> {
    if (this.#closesAfterReads) await this.#closeFile();
  }

  /**
   * The bytes stay as they are.
   * @throws TraceReplacedError
   */
  readonly read = ({ startBytes, endBytes }: ByteRange): Uint8Array => {
    if (this.#isClosed) throw closed();
    const block = this.#block;
    const isInBlock =
      block !== undefined && startBytes >= block.startBytes && endBytes <= block.startBytes + block.bytes.length;
    const last = this.#last;
    this.#last = { startBytes, endBytes };
    if (isInBlock) return block.bytes.subarray(startBytes - block.startBytes, endBytes - block.startBytes);
    const ahead = startBytes - last.endBytes;
    const behind = last.startBytes - endBytes;
    const isAhead = ahead >= 0 && ahead < nearBytes;
    const isBehind = behind >= 0 && behind < nearBytes;
    if (!isAhead && !isBehind) this.#blockBytes = firstBlockBytes;
    else if (endBytes - startBytes < this.#blockBytes) {
      const length = this.#blockBytes;
      this.#blockBytes = Math.min(2 * length, mostBlockBytes);
      return isAhead
        ? this.#readBlock(startBytes, Math.min(startBytes + length, this.version.sizeBytes), startBytes, endBytes)
        : this.#readBlock(Math.max(0, endBytes - length), endBytes, startBytes, endBytes);
    }
    return this.#readAll(startBytes, endBytes);
  };

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#block = undefined;
    await this.#closeFile();
  }

  #readBlock(blockStart: number, blockEnd: number, startBytes: number, endBytes: number): Uint8Array {
    const bytes = this.#readAll(blockStart, Math.max(blockEnd, endBytes));
    this.#block = { startBytes: blockStart, bytes };
    return bytes.subarray(startBytes - blockStart, endBytes - blockStart);
  }

  #readAll(startBytes: number, endBytes: number): Uint8Array {
    const bytes = new Uint8Array(endBytes - startBytes);
    const file = this.#file;
    if (file !== undefined) fill(bytes, startBytes, (into, offsetBytes) => file.readSync(into, offsetBytes));
    else this.#readAgain(bytes, startBytes);
    return bytes;
  }

  #readAgain(bytes: Uint8Array, startBytes: number): void {
    const { version } = this;
    fillByName(
      this.path,
      bytes,
      startBytes,
      ({ ino, dev, size, mtimeNs }) =>
        ino === version.ino && dev === version.dev && size === BigInt(version.sizeBytes) && mtimeNs === version.mtimeNs,
    );
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    // A failed close of a file that was only read loses nothing.
    await file?.close().catch(() => undefined);
  }
}

function closed(): TraceReplacedError {
  return new TraceReplacedError("The trace was closed or read anew meanwhile");
}
