// The log of one batch, of which this process is the only writer. An update is resolved once its records are in the file,
// from where `kill -9` can't take them. What the file holds is the truth: after a write that failed it is read again.

import { basename } from "node:path";
import { syncEntryOf } from "../recorder/durableDirectory";
import { readWhole } from "../recorder/fileTasks";
import { JournalFile } from "../recorder/journalFile";
import { nativeCrc32, RecordBuffer } from "../recorder/recordBuffer";
import { type RecorderFs, runAsync } from "../recorder/recorderFs";
import { inSyncQueue } from "../recorder/syncQueue";
import type { FsyncMode } from "../recorder/traceTypes";
import { UnsyncedRecords } from "../recorder/unsyncedRecords";
import { type BatchRecord, batchRecordBody } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import { BatchLogReader } from "../trace/batch/readBatchLog";

/** So long after a write at the latest it is brought to the disk. */
const syncAfterMs = 1_000;
const mostSyncs = 3;
const none = Buffer.alloc(0);

export interface BatchLogContext {
  readonly fs: RecorderFs;
  readonly fsync: FsyncMode;
  /** Marks the records of this writer. */
  readonly tag: string;
  nowMs(): number;
  /** Brings to the disk what the records speak of. */
  syncBefore(): Promise<void>;
  /** Records came into the file, or what was thought to be in it is not. */
  onWritten(): void;
  onProblem(message: string, error: Error): void;
}

/** A record without its time, which is that of the append. */
export type NewRecord = {
  [T in BatchRecord["type"]]: Omit<Extract<BatchRecord, { readonly type: T }>, "at">;
}[BatchRecord["type"]];

export type Records = readonly NewRecord[] | ((state: BatchState) => readonly NewRecord[]);

interface Waiting {
  /** Of an update; where nothing of its own is waited for there are none. */
  readonly records: readonly NewRecord[];
  readonly lastSeq: number;
  resolve(): void;
  reject(error: Error): void;
}

export class BatchLog {
  readonly #context: BatchLogContext;
  readonly #path: string;
  readonly #buffer: RecordBuffer;
  readonly #unsynced: UnsyncedRecords;
  readonly #startMs = performance.now();
  readonly #file: JournalFile;
  #reader: BatchLogReader;
  #state: BatchState;
  #nextSeq = 0;
  /** What comes before the next record: the end of a torn line, and what may not have reached the disk. */
  #before: Buffer = none;
  #waiting: Waiting[] = [];
  #isWorking = false;
  /** The state is not what the file holds. */
  #isBroken = false;
  #repair: Promise<void> | undefined;
  /** Whoever made the file may have died before its name was on the disk. */
  #isEntrySynced = false;
  #isSynced = true;
  #syncing: Promise<void> | undefined;
  #syncTimer: NodeJS.Timeout | undefined;

  private constructor(context: BatchLogContext, path: string, file: JournalFile, reader: BatchLogReader) {
    this.#context = context;
    this.#path = path;
    this.#buffer = new RecordBuffer(context.tag);
    this.#unsynced = new UnsyncedRecords(context.fsync !== "never");
    this.#file = file;
    this.#reader = reader;
    this.#state = reader.state;
    this.#take(reader);
  }

  /** Creates the file; EEXIST where it is there. */
  static create(context: BatchLogContext, path: string): BatchLog {
    const file = JournalFile.create(context.fs, path);
    return new BatchLog(context, path, file, newReader(path));
  }

  /** Goes on with the file; undefined where there is none. */
  static async open(context: BatchLogContext, path: string): Promise<BatchLog | undefined> {
    const reader = await readLog(context.fs, path);
    if (reader === undefined) return undefined;
    return new BatchLog(context, path, JournalFile.reopen(context.fs, path), reader);
  }

  /** With what is just being written. After a write that failed it is another object: nobody keeps it beyond a wait. */
  get state(): BatchState {
    return this.#state;
  }

  /** Bytes of the file that hold what was written. */
  get lengthBytes(): number {
    return this.#file.lengthBytes;
  }

  /**
   * Appends the records where the condition holds, with nothing in between. Resolves with true once they are in the file;
   * with false once that is there on which the condition was judged. Rejects with the system's error, and then none counts.
   */
  async update(condition: (state: BatchState) => boolean, records: Records): Promise<boolean> {
    for (;;) {
      if (this.#isBroken) await this.#repaired();
      if (condition(this.#state)) break;
      if (await this.#allWritten()) return false;
    }
    const added = typeof records === "function" ? records(this.#state) : records;
    this.#add(added);
    await this.#written(added);
    if (this.#context.fsync === "always") await this.#syncStubbornly();
    return true;
  }

  /** Resolves when the file holds what the state says. Rejects where nobody can know what it holds. */
  async settled(): Promise<void> {
    while (!(await this.#allWritten())) {
      // What could not be written has been taken back.
    }
    if (this.#isBroken) await this.#repaired();
  }

  /** The records count already: a disk that goes on refusing is told of, and nobody may take them for not written. */
  async #syncStubbornly(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.sync();
      } catch (error) {
        if (attempt === mostSyncs) return this.#tellUnsynced(error);
      }
    }
  }

  /** What was written before is on the disk. Rejects with the system's error. */
  async sync(): Promise<void> {
    for (;;) {
      await this.settled();
      if (this.#context.fsync === "never") return;
      // Who comes while one is under way waits for it, and for another one where more was written meanwhile.
      if (this.#syncing !== undefined) await this.#syncing;
      else if (this.#isSynced) return;
      else {
        this.#syncing = this.#sync().finally(() => {
          this.#syncing = undefined;
        });
        return await this.#syncing;
      }
    }
  }

  async #sync(): Promise<void> {
    clearTimeout(this.#syncTimer);
    this.#syncTimer = undefined;
    // What a sync that failed has left in doubt comes first.
    if (this.#before.length > 0) await this.#written();
    this.#isSynced = true;
    const { lengthBytes } = this.#file;
    const { fs } = this.#context;
    try {
      await this.#context.syncBefore();
      await inSyncQueue(fs, () => this.#file.syncAsync());
      if (!this.#isEntrySynced) await runAsync(fs, syncEntryOf(this.#path));
      this.#isEntrySynced = true;
      this.#unsynced.synced(lengthBytes);
      this.#giveBack();
    } catch (error) {
      // Nobody knows what the disk has: it is written again, and readers take the first of two equal records.
      this.#before = Buffer.concat([this.#before, this.#unsynced.take()]);
      this.#isSynced = false;
      this.#syncSoon();
      throw error;
    }
  }

  /** Everything is in the file, and on the disk as far as that can be done; the descriptor is given back. */
  async close(): Promise<void> {
    await this.#syncStubbornly();
    clearTimeout(this.#syncTimer);
    this.#file.close();
  }

  /** A batch may wait for hours. */
  #giveBack(): void {
    if (this.#isWorking) return;
    this.#buffer.giveBack();
    if (this.#unsynced.bytes === 0) this.#unsynced.take();
  }

  #add(records: readonly NewRecord[]): void {
    const at = Math.round(this.#context.nowMs());
    const monoMs = performance.now() - this.#startMs;
    for (const record of records) {
      const timed = { ...record, at } as BatchRecord;
      const problem = this.#state.apply(timed);
      if (problem) this.#context.onProblem(problem.message, new Error(problem.message));
      this.#buffer.add(this.#nextSeq++, at, monoMs, batchRecordBody(timed));
    }
  }

  /** False where something could not be written, so that the state is no longer what it was. */
  async #allWritten(): Promise<boolean> {
    if (!this.#isWorking) return true;
    try {
      await this.#written();
      return true;
    } catch {
      return false;
    }
  }

  /** What has been added so far, these records at the end of it, is in the file. */
  #written(records: readonly NewRecord[] = []): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, lastSeq: this.#nextSeq - 1, resolve, reject });
      if (this.#isWorking) return;
      this.#isWorking = true;
      void this.#work();
    });
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    // What is updated in this turn goes into one append.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      const bytes = Buffer.concat([this.#before, this.#buffer.take().bytes]);
      try {
        if (bytes.length > 0) await this.#file.appendAsync(bytes, () => true);
      } catch (error) {
        await this.#failed(toError(error), waiting);
        continue;
      }
      this.#before = none;
      this.#unsynced.add(bytes, this.#file.lengthBytes);
      if (bytes.length > 0) this.#syncSoon();
      for (const { resolve } of waiting) resolve();
      this.#context.onWritten();
    }
    this.#isWorking = false;
  }

  /** Of what was to be written the file may hold a part. */
  async #failed(error: Error, waiting: readonly Waiting[]): Promise<void> {
    this.#isBroken = true;
    const all = [...waiting, ...this.#waiting];
    this.#waiting = [];
    this.#buffer.clear();
    await this.#repaired().catch(() => {
      // It is tried again when somebody comes.
    });
    const writtenSeq = this.#isBroken ? -1 : this.#reader.lastSeq;
    for (const { records, lastSeq, resolve, reject } of all) {
      const missing = records.slice(Math.max(0, records.length - (lastSeq - writtenSeq)));
      if (lastSeq <= writtenSeq) resolve();
      else if (missing.length === records.length) reject(error);
      else {
        // Of an update that is in the file in part the rest follows: it counts as a whole, or not at all.
        this.#add(missing);
        this.#waiting.unshift({ records: missing, lastSeq: this.#nextSeq - 1, resolve, reject });
      }
    }
    this.#context.onWritten();
  }

  #repaired(): Promise<void> {
    this.#repair ??= this.#readAgain().finally(() => {
      this.#repair = undefined;
    });
    return this.#repair;
  }

  async #readAgain(): Promise<void> {
    const reader = await readLog(this.#context.fs, this.#path);
    if (reader === undefined) throw new Error("The batch's log is gone");
    this.#take(reader);
    this.#isBroken = false;
  }

  #take(reader: BatchLogReader): void {
    this.#reader = reader;
    this.#state = reader.state;
    this.#nextSeq = reader.lastSeq + 1;
    if (reader.result().isTailOpen && this.#before[0] !== 0x0a) this.#before = Buffer.concat([lineFeed, this.#before]);
  }

  #syncSoon(): void {
    this.#isSynced = false;
    if (this.#context.fsync === "never") return;
    const delayMs = this.#context.fsync === "always" ? 0 : syncAfterMs;
    this.#syncTimer ??= setTimeout(() => {
      this.sync().catch((error: unknown) => this.#tellUnsynced(error));
    }, delayMs).unref();
  }

  #tellUnsynced(thrown: unknown): void {
    const error = toError(thrown);
    this.#context.onProblem(`A batch can't be brought to the disk: ${error.message}`, error);
  }
}

const lineFeed = Buffer.from("\n");

function newReader(path: string): BatchLogReader {
  return new BatchLogReader(basename(path), { crc32: nativeCrc32 });
}

/** A log that nobody is writing to; undefined where there is none. */
export async function readLog(fs: RecorderFs, path: string): Promise<BatchLogReader | undefined> {
  const bytes = await runAsync(fs, readWhole(path));
  if (bytes === undefined) return undefined;
  const reader = newReader(path);
  reader.feed(bytes);
  reader.takeTail();
  return reader;
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
