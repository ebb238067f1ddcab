// The file of one journal: created exclusively, only ever appended to, and closed while it is idle. How long it is on the
// disk is known exactly, also after a write that failed half-way.

import { errorCode } from "../base/errorCode";
import { closeQuietly, isPassing } from "./fileTasks";
import { type RecorderFs, runSync } from "./recorderFs";

/** So many journals of a process are open at once; the one that was used longest ago makes room. */
const mostOpen = 256;
const openFiles = new Set<JournalFile>();

export class JournalFile {
  readonly path: string;
  readonly #fs: RecorderFs;
  #fd: number | undefined;
  #lengthBytes = 0;
  /** False where `lengthBytes` may be too small. */
  #isMeasured = true;
  #appendedBytes = 0;
  /** Appends of other threads that have not returned. */
  #appends = 0;
  /** An append began while another one was under way: whose bytes came into the file can't be told from its length. */
  #isShared = false;
  /** Calls of other threads that use the descriptor: it stays open until they have returned. */
  #uses = 0;
  #closesWhenUnused = false;

  private constructor(fs: RecorderFs, path: string, fd: number) {
    this.path = path;
    this.#fs = fs;
    this.#hold(fd);
  }

  /** Creates the journal; EEXIST where another writer has this incarnation. */
  static create(fs: RecorderFs, path: string): JournalFile {
    return new JournalFile(fs, path, openWithRoom(fs, path, "create"));
  }

  /** Goes on with a file that is there already and has no other writer; ENOENT where there is none. */
  static reopen(fs: RecorderFs, path: string): JournalFile {
    const file = new JournalFile(fs, path, openWithRoom(fs, path, "append"));
    file.#isMeasured = false;
    file.#openMeasured();
    return file;
  }

  /** Bytes that are in the file. */
  get lengthBytes(): number {
    return this.#lengthBytes;
  }

  /** How far the last append that failed came, at least. */
  get appendedBytes(): number {
    return this.#appendedBytes;
  }

  /** Appends all of `bytes` in this thread. Throws the system's error; `appendedBytes` then tells how far it came. */
  append(bytes: Uint8Array): void {
    if (this.#appends > 0) this.#isShared = true;
    this.#appendedBytes = 0;
    const fd = this.#openMeasured();
    const fromBytes = this.#lengthBytes;
    let retries = 0;
    for (let written = 0; written < bytes.length; ) {
      try {
        const count = this.#fs.sync.write(fd, written === 0 ? bytes : bytes.subarray(written));
        written += count;
        this.#lengthBytes += count;
      } catch (error) {
        if (isPassing(error) && ++retries <= 100) continue;
        this.#noteFailed(fromBytes, written);
        throw error;
      }
    }
  }

  /**
   * The same in other threads.
   * @param goesOn asked before each write: false once somebody else has written the bytes
   */
  async appendAsync(bytes: Uint8Array, goesOn: () => boolean): Promise<void> {
    if (this.#appends > 0) this.#isShared = true;
    this.#appendedBytes = 0;
    this.#openMeasured();
    const fromBytes = this.#lengthBytes;
    this.#appends++;
    try {
      await this.#use(async (fd) => {
        let retries = 0;
        for (let written = 0; written < bytes.length && goesOn(); ) {
          try {
            const count = await this.#fs.async.write(fd, bytes.subarray(written));
            written += count;
            // Who wrote the bytes meanwhile may have measured the file with these in it or without.
            if (goesOn()) this.#lengthBytes += count;
            else this.measure();
          } catch (error) {
            if (isPassing(error) && ++retries <= 100) continue;
            if (goesOn()) this.#noteFailed(fromBytes, written);
            throw error;
          }
        }
      });
    } finally {
      this.#appends--;
    }
  }

  #noteFailed(fromBytes: number, writtenBytes: number): void {
    this.measure();
    this.#appendedBytes = this.#isShared ? writtenBytes : this.#lengthBytes - fromBytes;
  }

  /**
   * Looks at the file for its length: a write that failed, or one that is still under way in another thread, may have
   * brought bytes into it all the same, and whoever reads up to a length that is too small would lose the last records.
   */
  measure(): void {
    this.#isMeasured = false;
    if (this.#fd === undefined) return;
    try {
      this.#openMeasured();
    } catch {
      // The next append looks again, and fails where that can't be done.
    }
  }

  /** What was appended before the call is on the disk. */
  sync(): void {
    this.#fs.sync.syncData(this.#open());
  }

  async syncAsync(): Promise<void> {
    await this.#use((fd) => this.#fs.async.syncData(fd));
  }

  /** Gives the descriptor back; the next append opens the file again. */
  close(): void {
    openFiles.delete(this);
    if (this.#fd === undefined) return;
    if (this.#uses > 0) {
      this.#closesWhenUnused = true;
      return;
    }
    const fd = this.#fd;
    this.#fd = undefined;
    runSync(this.#fs, closeQuietly(fd));
  }

  async #use<T>(action: (fd: number) => Promise<T>): Promise<T> {
    const fd = this.#open();
    this.#uses++;
    try {
      return await action(fd);
    } finally {
      this.#uses--;
      if (this.#uses === 0 && this.#closesWhenUnused) {
        this.#closesWhenUnused = false;
        this.close();
      }
    }
  }

  #openMeasured(): number {
    const fd = this.#open();
    if (!this.#isMeasured) this.#lengthBytes = this.#fs.sync.statFd(fd).sizeBytes;
    this.#isMeasured = true;
    return fd;
  }

  #open(): number {
    if (this.#fd === undefined) {
      const fd = openWithRoom(this.#fs, this.path, "append");
      this.#hold(fd);
      // The length is what is there: a write that was under way when the file was closed has been counted by then.
      this.#isMeasured = false;
      return fd;
    }
    this.#closesWhenUnused = false;
    if (openFiles.size > mostOpen / 2) {
      openFiles.delete(this);
      openFiles.add(this);
    }
    return this.#fd;
  }

  #hold(fd: number): void {
    this.#fd = fd;
    openFiles.add(this);
    if (openFiles.size > mostOpen) closeOldest();
  }
}

function closeOldest(): void {
  const [oldest] = openFiles;
  oldest?.close();
}

/** Opens; where the process has no descriptor left, after giving back those of journals. */
function openWithRoom(fs: RecorderFs, path: string, mode: "create" | "append"): number {
  for (;;) {
    try {
      return fs.sync.open(path, mode);
    } catch (error) {
      const code = errorCode(error);
      if ((code !== "EMFILE" && code !== "ENFILE") || openFiles.size === 0) throw error;
      closeOldest();
    }
  }
}
