// Keeps scans of large traces in the extension's storage, so that one that is opened again is not read again. What is kept
// can be made anew at any time, so nothing that goes wrong here is anybody's business but the log's.

import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Disposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import {
  type FileAccess,
  type FileVersion,
  isMissing,
  isSettled,
  nodeFileAccess,
  sameVersion,
} from "../store/fileAccess";
import { type StorageFolder, scansIn } from "../store/storageFolder";
import type { ReadBytes } from "../trace/scanRows";
import type { ScannedTrace } from "../trace/scanTrace";
import { decodeScan } from "./decodeScan";
import { encodeScan } from "./encodeScan";
import { decodeKey, isOfKey, mostKeyBytes, type ScanKey } from "./keptScanFormat";

export interface ScanStorageOptions {
  /** Absolute path of a folder of the extension's own, which need not exist. */
  readonly folder: string;
  /** Which build of the program scans; undefined where that is not known, and then nothing is kept. */
  readonly producer: () => string | undefined;
  /** Asked before each writing. */
  readonly mayWrite: () => boolean;
  readonly logger: Logger;
  readonly now?: (() => number) | undefined;
  /** Of the trace; see `leastTraceBytes`. */
  readonly leastBytes?: number | undefined;
  /** Of all scans together; see `usualMostBytes`. */
  readonly mostBytes?: number | undefined;
  /** From the scan to keeping it; see `usualDelayMs`. */
  readonly delayMs?: number | undefined;
}

/** An opened file whose bytes do not change: `version` was taken from it when it was opened. */
export interface ScannedFile {
  /** Absolute. */
  readonly path: string;
  readonly version: FileVersion;
  /** @throws TraceReplacedError where the file is no longer of that version */
  readonly read: ReadBytes;
}

/** Smaller ones are scanned before a person notices: in less than a tenth of a second. */
const leastTraceBytes = 16 * 1024 * 1024;
const usualMostBytes = 512 * 1024 * 1024;
const mostScanBytes = 256 * 1024 * 1024;
/** So much of the disk stays free for those who record. */
const leastFreeBytes = 1024 * 1024 * 1024;
/** Whoever opened the trace looks at it before anything else is done. */
const usualDelayMs = 2000;
const hashedBytes = 64 * 1024;

interface Seen {
  readonly key: ScanKey;
  /** Before its bytes were read. */
  readonly atMs: number;
}

export class ScanStorage implements Disposable {
  readonly #options: ScanStorageOptions;
  readonly #folder: StorageFolder;
  /** Files that were asked for and not found: they are being scanned. */
  readonly #seen = new WeakMap<ScannedFile, Seen>();
  /** By path of the trace what is about to be kept. */
  readonly #keeping = new Map<string, AbortController>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ScanStorageOptions) {
    this.#options = options;
    this.#folder = scansIn(options.folder);
  }

  /**
   * The scan of this very file; undefined where none is kept, or none that can be believed.
   * @throws what the file's `read` throws, and the signal's reason
   */
  async recall(file: ScannedFile, signal?: AbortSignal): Promise<ScannedTrace | undefined> {
    if (file.version.sizeBytes < (this.#options.leastBytes ?? leastTraceBytes)) return undefined;
    const producer = this.#options.producer();
    if (producer === undefined) return undefined;
    const atMs = this.#nowMs();
    const { path, version, read } = file;
    const key: ScanKey = { path, version, ends: hashOfEnds(version.sizeBytes, read), producer };
    const scanned = await this.#recall(key, read, signal);
    if (scanned === undefined) this.#seen.set(file, { key, atMs });
    else if (this.#options.mayWrite()) await this.#folder.touch(this.#folder.pathFor(path), this.#nowMs());
    return scanned;
  }

  /**
   * Keeps the scan of a file that `recall` did not know, after a while and bit by bit. Not one of a file that was changed
   * so lately that it may look the same after the next change.
   */
  keep(file: ScannedFile, scanned: ScannedTrace): void {
    const seen = this.#seen.get(file);
    if (seen === undefined || !this.#options.mayWrite()) return;
    if (!isSettled(file.version, seen.atMs) || scanned.lengthBytes !== file.version.sizeBytes) return;
    this.#keeping.get(file.path)?.abort();
    const abort = new AbortController();
    this.#keeping.set(file.path, abort);
    // Takes now what others may change later.
    const pieces = encodeScan(seen.key, scanned, abort.signal);
    this.#writing = this.#writing.then(() => this.#write(seen.key, pieces, abort));
  }

  /** Settles when all that is to be kept is kept, or was given up. */
  get idle(): Promise<void> {
    return this.#writing;
  }

  /** Once a day removes scans of traces that are gone or other ones by now. Never rejects. */
  async prune(access: FileAccess = nodeFileAccess): Promise<void> {
    if (!this.#options.mayWrite()) return;
    try {
      await this.#folder.pruneDaily({
        nowMs: this.#nowMs(),
        mostBytes: this.#mostBytes,
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

  dispose(): void {
    for (const abort of this.#keeping.values()) abort.abort();
    this.#keeping.clear();
  }

  async #recall(key: ScanKey, read: ReadBytes, signal: AbortSignal | undefined): Promise<ScannedTrace | undefined> {
    const path = this.#folder.pathFor(key.path);
    // Of a scan that is of no use the start tells so.
    const start = await this.#folder.readStart(path, mostKeyBytes);
    signal?.throwIfAborted();
    const decoded = start && decodeKey(start);
    if (decoded === undefined || !isOfKey(decoded, key)) return undefined;
    const bytes = await this.#folder.read(path, mostBytesOf(key.version));
    signal?.throwIfAborted();
    return bytes && decodeScan(bytes, key, read, signal);
  }

  async #write({ path, version }: ScanKey, pieces: AsyncIterable<Uint8Array>, abort: AbortController): Promise<void> {
    const { signal } = abort;
    try {
      await setTimeout(this.#options.delayMs ?? usualDelayMs, undefined, { signal, ref: false });
      if (!this.#options.mayWrite() || !(await this.#hasRoom())) return;
      // Of a file that is changing again nobody wants to know.
      if (!sameVersion(await nodeFileAccess.stat(path), version)) return;
      const kept = this.#folder.pathFor(path);
      await this.#folder.replace(kept, withinBytes(pieces, mostBytesOf(version)), () => !signal.aborted);
      await this.#folder.limit(this.#mostBytes);
    } catch (error) {
      if (!signal.aborted) this.#options.logger.debug(`The scan of ${path} is not kept: ${describeError(error)}`);
    } finally {
      if (this.#keeping.get(path) === abort) this.#keeping.delete(path);
    }
  }

  async #hasRoom(): Promise<boolean> {
    const { folder } = this.#options;
    for (const path of [folder, dirname(folder)]) {
      const stats = await statfs(path).catch(() => undefined);
      if (stats !== undefined) return stats.bavail * stats.bsize >= leastFreeBytes;
    }
    return true;
  }

  get #mostBytes(): number {
    return this.#options.mostBytes ?? usualMostBytes;
  }

  #nowMs(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** A scan that is larger than its trace saves nobody anything. */
function mostBytesOf({ sizeBytes }: FileVersion): number {
  return Math.min(mostScanBytes, sizeBytes);
}

/** Of the first and the last bytes, where traces of one program differ if they do at all. */
function hashOfEnds(sizeBytes: number, read: ReadBytes): string {
  const hash = createHash("sha256");
  const endBytes = Math.min(hashedBytes, sizeBytes);
  hash.update(read({ startBytes: 0, endBytes }));
  hash.update(read({ startBytes: Math.max(endBytes, sizeBytes - hashedBytes), endBytes: sizeBytes }));
  return hash.digest("hex");
}

async function* withinBytes(pieces: AsyncIterable<Uint8Array>, mostBytes: number): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > mostBytes) throw new Error("It is too large");
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
