// Remembers, in the extension's storage, what was read of one directory, so that the next window lists it without reading
// a file. Written after a while, never in the way of anything; what could not be written is only read again.

import type { Disposable } from "../base/disposable";
import { describeError, type Logger } from "../base/logger";
import { type FileAccess, isMissing } from "./fileAccess";
import {
  decodeHeader,
  decodeListing,
  encodeListing,
  headerBytes,
  type ListingOrigin,
  mostListingBytes,
  nothingRecalled,
  type RecalledListing,
  type RememberedSession,
} from "./rememberedListing";
import { StorageFolder } from "./storageFolder";

export interface MemoryOptions {
  /** Absolute path of a folder of the extension's own, which need not exist. */
  readonly folder: string;
  /** Which build of the extension writes; undefined where that is not known, and then nothing is remembered. */
  readonly producer: () => string | undefined;
  /** Asked before each writing. */
  readonly mayWrite: () => boolean;
  /** From the first news to writing; 3 s where left out. */
  readonly delayMs?: number | undefined;
}

const usualDelayMs = 3000;
/** Between two writings of one directory. */
const pauseMs = 30_000;
/** Making more than this takes too long for a process that is asked to end. */
const mostBytesAtEnd = 4 * 1024 * 1024;
/** Of all directories together. */
const mostBytes = 64 * 1024 * 1024;

export class DirectoryMemory implements Disposable {
  readonly #directory: string;
  readonly #options: MemoryOptions;
  readonly #logger: Logger;
  readonly #sessions: () => Iterable<RememberedSession>;
  readonly #folder: StorageFolder;
  readonly #path: string;
  #timer: NodeJS.Timeout | undefined;
  #hasNews = false;
  #isListed = false;
  #writing: Promise<void> = Promise.resolve();
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #disposed = false;

  /** @param sessions what is to be remembered, the most important first */
  constructor(directory: string, options: MemoryOptions, logger: Logger, sessions: () => Iterable<RememberedSession>) {
    this.#directory = directory;
    this.#options = options;
    this.#logger = logger;
    this.#sessions = sessions;
    this.#folder = listingFolder(options);
    this.#path = this.#folder.pathFor(directory);
  }

  /** Never rejects: what can't be recalled is nothing. */
  async recall(): Promise<RecalledListing> {
    const bytes = await this.#folder.read(this.#path, mostListingBytes);
    if (bytes === undefined) return nothingRecalled;
    const origin = this.#origin();
    const recalled = origin && (await decodeListing(bytes, origin));
    if (recalled === undefined) {
      // Damaged, of another version or of another directory: it is replaced, whatever the directory holds.
      this.noteNews();
      return nothingRecalled;
    }
    if (this.#options.mayWrite()) await this.#folder.touch(this.#path, Date.now());
    return recalled;
  }

  /** The directory was read to its end: before that what is known of it is less than what is remembered. */
  markListed(): void {
    this.#isListed = true;
    if (this.#hasNews) this.#arm();
  }

  /** What is remembered is no longer what is known. */
  noteNews(): void {
    this.#hasNews = true;
    if (this.#isListed) this.#arm();
  }

  /** The directory is gone, and what it held is nobody's business any more. */
  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#hasNews = false;
    this.#isListed = false;
    if (this.#options.mayWrite()) this.#enqueue(() => this.#folder.remove(this.#path));
  }

  /** Writes what is not written yet, at once. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#timer);
    if (!this.#hasNews || !this.#isListed || !this.#options.mayWrite()) return;
    try {
      const pieces: Uint8Array[] = [];
      let length = 0;
      const origin = this.#origin();
      if (origin === undefined) return;
      for (const piece of encodeListing(origin, this.#sessions())) {
        length += piece.length;
        if (length > mostBytesAtEnd) return;
        pieces.push(piece);
      }
      this.#folder.replaceSync(this.#path, pieces);
    } catch (error) {
      this.#report(error);
    }
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#disposed) return;
    const delayMs = this.#options.delayMs ?? usualDelayMs;
    const pause = this.#lastWriteMs + pauseMs - performance.now();
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#enqueue(() => this.#write());
      },
      Math.max(delayMs, pause),
    );
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    if (this.#disposed || !this.#hasNews || !this.#isListed || !this.#options.mayWrite()) return;
    const origin = this.#origin();
    if (origin === undefined) return;
    this.#hasNews = false;
    this.#lastWriteMs = performance.now();
    const isWanted = () => !this.#disposed && this.#isListed;
    try {
      await this.#folder.replace(this.#path, encodeListing(origin, this.#sessions()), isWanted);
    } catch (error) {
      // With the next news, or at the end.
      this.#hasNews = true;
      throw error;
    }
  }

  #origin(): ListingOrigin | undefined {
    const producer = this.#options.producer();
    return producer === undefined ? undefined : { directory: this.#directory, producer };
  }

  #enqueue(task: () => Promise<void>): void {
    this.#writing = this.#writing.then(task).catch((error: unknown) => this.#report(error));
  }

  #report(error: unknown): void {
    this.#logger.debug(`What was read of ${this.#directory} could not be remembered: ${describeError(error)}`);
  }
}

/** Once a day removes listings of directories that are gone, or that were not listed for long. */
export async function pruneListings(options: MemoryOptions, access: FileAccess, nowMs: number): Promise<void> {
  const folder = listingFolder(options);
  await folder.pruneDaily({
    nowMs,
    mostBytes,
    isOfUse: async (path) => {
      const bytes = await folder.readStart(path, headerBytes);
      const origin = bytes && decodeHeader(bytes);
      // One that is not readable any more counts as well: another version will not read it either.
      return origin !== undefined && !(await isGone(access, origin.directory));
    },
  });
}

async function isGone(access: FileAccess, directory: string): Promise<boolean> {
  // A server that is asked may not answer for long, and tells somebody that we ask.
  if (/^[\\/]{2}/.test(directory)) return false;
  try {
    await access.stat(directory);
    return false;
  } catch (error) {
    return isMissing(error);
  }
}

function listingFolder({ folder }: MemoryOptions): StorageFolder {
  return new StorageFolder(folder, ".listing");
}
