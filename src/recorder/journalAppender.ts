// Brings records into the journal. Normally one append a turn, in this thread, after which they are acknowledged. While
// appends are slow or fail, the appender is degraded: records wait in bounded memory, are appended in other threads, and
// only `sync()` acknowledges them; from when to when, and what had to be dropped, is itself recorded.

import type { JournalFile } from "./journalFile";
import { RecordBuffer } from "./recordBuffer";
import type { SessionHealth } from "./sessionRecorder";
import type { FsyncMode } from "./traceTypes";
import { drainAtEndOfTurn } from "./turn";
import { UnsyncedRecords } from "./unsyncedRecords";

/** An append that took longer than this stalled the program. */
const slowAppendMs = 250;
/** So much is appended at once within a turn. */
const drainBytes = 1024 * 1024;
const mostPendingBytes = 16 * 1024 * 1024;
const firstRetryMs = 100;
const lastRetryMs = 5000;
/** The wall clock was set, or the machine slept, when it moves so much against the monotonic one. */
const clockJumpMs = 1000;

export interface AppenderClock {
  /** Wall time of the header. */
  readonly wallMs: number;
  /** `performance.now()` at the same instant. */
  readonly monoMs: number;
}

export interface AppenderEvents {
  /** A sync in this thread has failed. */
  onSyncFailed(error: Error): void;
  /** Told of each change of health, once. */
  onProblem(message: string, error: Error | undefined): void;
}

export class JournalAppender {
  readonly #clock: AppenderClock;
  readonly #fsync: FsyncMode;
  readonly #events: AppenderEvents;
  readonly #buffer: RecordBuffer;
  readonly unsynced: UnsyncedRecords;
  #journal: JournalFile;
  #nextSeq = 0;
  /** Records up to here are in the file, which then had so many bytes. */
  #writtenSeq = -1;
  #writtenBytes = 0;
  #lastAppendMs: number;
  #driftMs = 0;
  #isDegraded = false;
  #error: Error | undefined;
  /** Whole lines that wait for the other thread, oldest first. */
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #worker: Promise<void> | undefined;
  /** Counts up when this thread takes over what another one was writing. */
  #turn = 0;
  #wake: (() => void) | undefined;
  #dropped = 0;
  #droppedInAll = 0;
  /** Appends of other threads that have come to an end, and the promise of the next one. */
  #attempts = 0;
  #attempted: Promise<void> | undefined;
  #tellAttempted: (() => void) | undefined;

  constructor(journal: JournalFile, tag: string, clock: AppenderClock, fsync: FsyncMode, events: AppenderEvents) {
    this.#journal = journal;
    this.#clock = clock;
    this.#fsync = fsync;
    this.#events = events;
    this.#buffer = new RecordBuffer(tag);
    this.unsynced = new UnsyncedRecords(fsync !== "never");
    this.#lastAppendMs = clock.monoMs;
  }

  get journal(): JournalFile {
    return this.#journal;
  }

  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  get writtenSeq(): number {
    return this.#writtenSeq;
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  get isDegraded(): boolean {
    return this.#isDegraded;
  }

  /** `performance.now()` of the last append. */
  get lastAppendMs(): number {
    return this.#lastAppendMs;
  }

  get health(): SessionHealth {
    const state = this.#error ? "failed" : this.#isDegraded ? "degraded" : "ok";
    return { state, error: this.#error, droppedRecords: this.#droppedInAll };
  }

  /** False while memory is full: the record is then dropped, and counted. */
  accepts(): boolean {
    if (!this.#isDegraded) return true;
    if (this.#queuedBytes + this.#buffer.lengthBytes < mostPendingBytes) {
      this.#noteDropped();
      return true;
    }
    this.#dropped++;
    this.#droppedInAll++;
    return false;
  }

  /** @param body the record's fields as JSON without the braces, `"t"` first */
  add(body: string): void {
    const monoMs = performance.now() - this.#clock.monoMs;
    this.#buffer.add(this.#nextSeq++, Date.now(), monoMs, body);
    if (this.#buffer.lengthBytes > drainBytes && !this.#isDegraded) this.drain();
    else drainAtEndOfTurn(this);
  }

  /** The same with a time of its own, for headers and for records that are written again. */
  addAt(wallMs: number, monoMs: number, body: string): void {
    this.#buffer.add(this.#nextSeq++, wallMs, monoMs, body);
  }

  /** Appends what is pending. Never throws. */
  drain(): void {
    if (this.#isDegraded) {
      if (this.#buffer.lengthBytes > 0) this.#work();
      return;
    }
    if (this.#buffer.lengthBytes === 0) return;
    this.#noteClockJump();
    const bytes = this.#buffer.peek();
    const startMs = performance.now();
    const before = this.#journal.lengthBytes;
    try {
      this.#journal.append(bytes);
      this.unsynced.add(bytes, this.#journal.lengthBytes);
      this.#written(this.#nextSeq - 1, startMs);
      this.#buffer.clear();
      if (this.#fsync === "always") this.#syncNow();
    } catch (error) {
      this.#keepUnwritten(this.#journal.lengthBytes - before);
      this.#degrade(toError(error));
      return;
    }
    const tookMs = performance.now() - startMs;
    if (tookMs > slowAppendMs) this.#degrade(undefined, `An append took ${Math.round(tookMs)} ms`);
  }

  /** Everything up to now is in the file; rejects with the system's error where it is not. */
  async written(): Promise<void> {
    const seq = this.#nextSeq - 1;
    this.drain();
    while (this.#writtenSeq < seq) {
      // One attempt is made now, however long the pause before the next one would be.
      this.#wake?.();
      const attempt = this.#attempts;
      await this.#nextAttempt();
      if (this.#writtenSeq < seq && this.#error && this.#attempts > attempt) throw this.#error;
    }
  }

  #nextAttempt(): Promise<void> {
    this.#attempted ??= new Promise((resolve) => {
      this.#tellAttempted = resolve;
    });
    return this.#attempted;
  }

  /**
   * Appends everything in this thread, also what another thread may just be writing: twice the same record is one.
   * Throws the system's error.
   */
  takeOver(): void {
    this.#turn++;
    this.#wake?.();
    const bytes = Buffer.concat([...this.#queue, this.#buffer.peek()]);
    this.#journal.append(bytes);
    if (this.#worker) this.#journal.measure();
    this.unsynced.add(bytes, this.#journal.lengthBytes);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#buffer.clear();
    this.#written(this.#nextSeq - 1, performance.now());
    if (this.#fsync === "always") this.#journal.sync();
  }

  /** Goes on in a new journal, whose first record is the header that `body` is, and writes again what was not synced. */
  continueIn(journal: JournalFile, headerBody: string): void {
    this.#turn++;
    this.#wake?.();
    const again = this.unsynced.take();
    const waiting = Buffer.concat([...this.#queue, this.#buffer.peek()]);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#buffer.clear();
    this.#journal.close();
    this.#journal = journal;
    this.#nextSeq = 0;
    this.#writtenSeq = -1;
    this.#writtenBytes = 0;
    this.addAt(this.#clock.wallMs, 0, headerBody);
    for (const record of UnsyncedRecords.parse(again)) {
      if (record.seq > 0) this.addAt(record.wallMs, record.monoMs, `${record.body},"o":${record.seq}`);
    }
    for (const record of UnsyncedRecords.parse(waiting)) this.addAt(record.wallMs, record.monoMs, record.body);
  }

  /** In this thread, as `fsync: "always"` asks for. A failure is the owner's to handle. */
  #syncNow(): void {
    try {
      this.#journal.sync();
      this.unsynced.synced(this.#journal.lengthBytes);
    } catch (error) {
      this.#events.onSyncFailed(toError(error));
    }
  }

  #written(seq: number, startMs: number): void {
    this.#writtenSeq = seq;
    this.#writtenBytes = this.#journal.lengthBytes;
    this.#lastAppendMs = startMs;
  }

  /** Keeps the records of the buffer that are not in the file whole. */
  #keepUnwritten(writtenBytes: number): void {
    const { bytes } = this.#buffer.take();
    const whole = bytes.lastIndexOf(0x0a, writtenBytes - 1) + 1;
    const rest = writtenBytes > 0 ? bytes.subarray(whole) : bytes;
    if (writtenBytes > 0 && whole > 0) this.unsynced.add(bytes.subarray(0, whole), this.#journal.lengthBytes);
    this.#enqueue(rest);
  }

  #enqueue(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  #degrade(error: Error | undefined, why?: string): void {
    const reason = why ?? `The journal can't be written: ${error?.message ?? "unknown"}`;
    this.#error = error;
    this.#isDegraded = true;
    this.#events.onProblem(reason, error);
    this.add(`"t":"degraded","phase":"from","reason":${JSON.stringify(reason)}`);
    this.#work();
  }

  #work(): void {
    this.#worker ??= this.#appendInTurns().finally(() => {
      this.#worker = undefined;
    });
  }

  async #appendInTurns(): Promise<void> {
    let retryMs = firstRetryMs;
    // What is logged in this turn goes into one append.
    await Promise.resolve();
    const turn = this.#turn;
    while (turn === this.#turn) {
      this.#noteDropped();
      this.#enqueue(this.#buffer.take().bytes);
      const bytes = this.#queue.length > 1 ? Buffer.concat(this.#queue) : this.#queue[0];
      if (bytes === undefined) return;
      this.#queue = [bytes];
      const lastSeq = this.#nextSeq - 1;
      const startMs = performance.now();
      const journal = this.#journal;
      const before = journal.lengthBytes;
      let error: Error | undefined;
      try {
        await journal.appendAsync(bytes, () => turn === this.#turn);
      } catch (thrown) {
        error = toError(thrown);
      }
      if (turn !== this.#turn) break;
      const tookMs = performance.now() - startMs;
      if (error) {
        const count = journal.lengthBytes - before;
        const whole = count > 0 ? bytes.lastIndexOf(0x0a, count - 1) + 1 : 0;
        this.#queue = [bytes.subarray(whole)];
        this.#queuedBytes = bytes.length - whole;
        if (!this.#error) this.#events.onProblem(`The journal can't be written: ${error.message}`, error);
        this.#error = error;
      } else {
        this.unsynced.add(bytes, journal.lengthBytes);
        this.#queue = [];
        this.#queuedBytes = 0;
        this.#written(lastSeq, startMs);
        this.#error = undefined;
        retryMs = firstRetryMs;
      }
      this.#tellOfAttempt();
      if (error) {
        await this.#pause(retryMs);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
      } else if (tookMs <= slowAppendMs && this.#buffer.lengthBytes === 0) {
        this.#recover();
        return;
      }
    }
    this.#tellOfAttempt();
  }

  /** Back to appends in this thread. */
  #recover(): void {
    this.#isDegraded = false;
    this.#noteDropped();
    this.add('"t":"degraded","phase":"to"');
    this.#events.onProblem("The journal is written again", undefined);
  }

  #noteClockJump(): void {
    const driftMs = Date.now() - this.#clock.wallMs - (performance.now() - this.#clock.monoMs);
    const byMs = driftMs - this.#driftMs;
    if (Math.abs(byMs) <= clockJumpMs) return;
    this.#driftMs = driftMs;
    this.add(`"t":"clock-jump","byMs":${Math.round(byMs)}`);
  }

  #noteDropped(): void {
    if (this.#dropped === 0) return;
    const count = this.#dropped;
    this.#dropped = 0;
    this.add(`"t":"dropped","count":${count},"reason":"memory was full while the journal could not be written"`);
  }

  #tellOfAttempt(): void {
    this.#attempts++;
    this.#tellAttempted?.();
    this.#attempted = undefined;
    this.#tellAttempted = undefined;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      timer.unref();
      const wake = () => {
        clearTimeout(timer);
        done();
      };
      this.#wake = wake;
      function done(): void {
        resolve();
      }
    });
  }
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
