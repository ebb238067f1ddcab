// Keeps scans of large traces in the extension's storage, so that one that is opened again is not read again. What is kept
// can be made anew at any time, so nothing that goes wrong here is anybody's business but the log's.

import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { describeError, type Logger } from "../base/logger";
import { type FileAccess, type FileVersion, isMissing, isSettled } from "../store/fileAccess";
import { StorageFolder } from "../store/storageFolder";
import type { ReadBytes } from "../trace/scanRows";
import type { ScannedTrace } from "../trace/scanTrace";
import { decodeScan } from "./decodeScan";
import { encodeScan } from "./encodeScan";
import { decodeKey, isOfKey, mostKeyBytes, type ScanKey } from "./keptScanFormat";

export interface ScanStorageOptions {
  /** Absolute path of a folder of the extension's own, which need not exist. */
  readonly folder: string;
  /** Tells this program from others, which may find something else in the same file. */
  readonly producer: string;
  /** Asked before each writing. */
  readonly mayWrite: () => boolean;
  readonly logger: Logger;
  readonly now?: (() => number) | undefined;
  /** Of the trace; see `leastTraceBytes`. */
  readonly leastBytes?: number | undefined;
  /** Of all scans together; see `mostBytes`. */
  readonly mostBytes?: number | undefined;
}

/** An opened file whose bytes do not change: `version` was taken from it before it was scanned. */
export interface ScannedFile {
  /** Absolute. */
  readonly path: string;
  readonly version: FileVersion;
  /** @throws TraceReplacedError where the file is no longer of that version */
  readonly read: ReadBytes;
}

/** Smaller ones are scanned as fast as a person notices. */
const leastTraceBytes = 16 * 1024 * 1024;
const mostBytes = 512 * 1024 * 1024;
const mostScanBytes = 256 * 1024 * 1024;
/** So much of the disk stays free for those who record. */
const leastFreeBytes = 1024 * 1024 * 1024;
const hashedBytes = 64 * 1024;

export class ScanStorage {
  readonly #options: ScanStorageOptions;
  readonly #folder: StorageFolder;

  constructor(options: ScanStorageOptions) {
    this.#options = options;
    this.#folder = new StorageFolder(options.folder, ".scan");
  }

  /**
   * The scan of this very file; undefined where none is kept, or none that can be believed.
   * @throws what the file's `read` throws, and the signal's reason
   */
  async recall(file: ScannedFile, signal?: AbortSignal): Promise<ScannedTrace | undefined> {
    if (!this.#isWorthwhile(file.version)) return undefined;
    const path = this.#folder.pathFor(file.path);
    // Most traces have none, and of most that have one the start tells whether it is theirs.
    const start = await this.#folder.readStart(path, mostKeyBytes);
    signal?.throwIfAborted();
    const decoded = start && decodeKey(start);
    if (decoded === undefined) return undefined;
    const key = this.#keyOf(file);
    if (!isOfKey(decoded, key)) return undefined;
    const bytes = await this.#folder.read(path, Math.min(mostScanBytes, file.version.sizeBytes));
    signal?.throwIfAborted();
    const scanned = bytes && (await decodeScan(bytes, key, file.read, signal));
    if (scanned !== undefined && this.#options.mayWrite()) await this.#folder.touch(path, this.#nowMs());
    return scanned;
  }

  /**
   * Keeps a scan, unless the file is small, was changed so lately that it may look the same after the next change, or the
   * disk is full. Never rejects.
   *
   * @param scannedAtMs before the file was looked at
   */
  async keep(file: ScannedFile, scanned: ScannedTrace, scannedAtMs: number, signal: AbortSignal): Promise<void> {
    try {
      if (!this.#options.mayWrite() || !this.#isWorthwhile(file.version)) return;
      if (!isSettled(file.version, scannedAtMs) || scanned.lengthBytes !== file.version.sizeBytes) return;
      const pieces = encodeScan(this.#keyOf(file), scanned, signal);
      if (!(await this.#hasRoom())) return;
      const path = this.#folder.pathFor(file.path);
      await this.#folder.replace(path, withinBytes(pieces, file.version.sizeBytes), () => !signal.aborted);
      await this.#folder.limit(this.#options.mostBytes ?? mostBytes);
    } catch (error) {
      if (!signal.aborted) this.#options.logger.debug(`The scan of ${file.path} is not kept: ${describeError(error)}`);
    }
  }

  /** Once a day removes scans of traces that are gone or other ones by now. Never rejects. */
  async prune(access: FileAccess): Promise<void> {
    if (!this.#options.mayWrite()) return;
    try {
      await this.#folder.pruneDaily({
        nowMs: this.#nowMs(),
        mostBytes: this.#options.mostBytes ?? mostBytes,
        isOfUse: async (path) => {
          const start = await this.#folder.readStart(path, mostKeyBytes);
          const decoded = start && decodeKey(start);
          return decoded !== undefined && (await isThere(access, decoded.fields));
        },
      });
    } catch (error) {
      this.#options.logger.debug(`Old scans could not be removed: ${describeError(error)}`);
    }
  }

  #isWorthwhile({ sizeBytes }: FileVersion): boolean {
    return sizeBytes >= (this.#options.leastBytes ?? leastTraceBytes);
  }

  #keyOf({ path, version, read }: ScannedFile): ScanKey {
    return { path, version, ends: hashOfEnds(version.sizeBytes, read), producer: this.#options.producer };
  }

  async #hasRoom(): Promise<boolean> {
    const { folder } = this.#options;
    for (const path of [folder, dirname(folder)]) {
      const stats = await statfs(path).catch(() => undefined);
      if (stats !== undefined) return stats.bavail * stats.bsize >= leastFreeBytes;
    }
    return true;
  }

  #nowMs(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** Of the first and the last bytes, where files of one program differ if they do at all. */
function hashOfEnds(sizeBytes: number, read: ReadBytes): string {
  const hash = createHash("sha256");
  const endBytes = Math.min(hashedBytes, sizeBytes);
  hash.update(read({ startBytes: 0, endBytes }));
  hash.update(read({ startBytes: Math.max(endBytes, sizeBytes - hashedBytes), endBytes: sizeBytes }));
  return hash.digest("hex");
}

async function* withinBytes(pieces: AsyncIterable<Uint8Array>, traceBytes: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > Math.min(mostScanBytes, traceBytes)) throw new Error("It is too large");
    yield piece;
  }
}

async function isThere(
  access: FileAccess,
  { path, sizeBytes, mtimeNs, ctimeNs, ino }: Record<keyof FileVersion, unknown> & { readonly path: string },
): Promise<boolean> {
  // A server that is asked may not answer for long, and tells somebody that we ask.
  if (/^[\\/]{2}/.test(path)) return true;
  try {
    const stamp = await access.stat(path);
    return (
      stamp.sizeBytes === sizeBytes &&
      String(stamp.mtimeNs) === mtimeNs &&
      String(stamp.ctimeNs) === ctimeNs &&
      String(stamp.ino) === ino
    );
  } catch (error) {
    return !isMissing(error);
  }
}
