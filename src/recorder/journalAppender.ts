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
  /** Brings what is in the file to the disk in this thread; a new journal may take the place of one that fails. */
  syncInThread(): void;
  /** The same in other threads. */
  sync(): Promise<void>;
  /** Another thread has appended what had waited. */
  appended(): void;
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
  /** So many bytes at the start of the queue are in the file: the beginning of a line whose rest is missing there. */
  #begunBytes = 0;
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
    try {
      this.#journal.append(bytes);
      this.unsynced.add(bytes, this.#journal.lengthBytes);
      this.#written(this.#nextSeq - 1, startMs);
      this.#buffer.clear();
    } catch (error) {
      this.#keepUnwritten(this.#buffer.take().bytes, this.#journal.appendedBytes);
      this.#degrade(toError(error));
      return;
    }
    if (this.#fsync === "always") this.#syncInThread();
    const tookMs = performance.now() - startMs;
    if (tookMs > slowAppendMs) this.#degrade(undefined, `An append took ${Math.round(tookMs)} ms`);
  }

  /** Everything up to now is in the file; rejects with the system's error where it is not. */
  async written(): Promise<void> {
    let seq = this.#nextSeq - 1;
    let journal = this.#journal;
    this.drain();
    for (;;) {
      if (journal !== this.#journal) {
        // Numbers begin anew in a new journal.
        seq = this.#nextSeq - 1;
        journal = this.#journal;
        this.drain();
        continue;
      }
      if (this.#writtenSeq >= seq) return;
      // One attempt is made now, however long the pause before the next one would be.
      this.#wake?.();
      const attempt = this.#attempts;
      await this.#nextAttempt();
      const isUnwritten = journal === this.#journal && this.#writtenSeq < seq;
      if (isUnwritten && this.#error && this.#attempts > attempt) throw this.#error;
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
    const isShared = this.#leaveWorker();
    // How much of its line the other thread has written by now is not known, so the line is begun again.
    if (isShared) this.#begunBytes = 0;
    const bytes = Buffer.concat([...this.#queue, this.#buffer.peek()]);
    try {
      this.#journal.append(bytes.subarray(this.#begunBytes));
    } catch (error) {
      this.#buffer.clear();
      this.#keepUnwritten(bytes, this.#journal.appendedBytes);
      this.#degrade(toError(error));
      throw error;
    }
    if (isShared) this.#journal.measure();
    this.unsynced.add(bytes, this.#journal.lengthBytes);
    this.#clearQueue();
    this.#buffer.clear();
    this.#written(this.#nextSeq - 1, performance.now());
    this.#tellOfAttempt();
    if (this.#fsync === "always") this.#syncInThread();
  }

  /**
   * Goes on in a new journal, whose first record is the header that `body` is, and writes again what was not synced.
   * @param incarnation of the journal up to now
   */
  continueIn(journal: JournalFile, headerBody: string, incarnation: number): void {
    this.#leaveWorker();
    // Of what waits nobody knows for sure that it is not in the file, so it names its place there, too.
    const again = Buffer.concat([this.unsynced.take(), ...this.#queue, this.#buffer.peek()]);
    this.#clearQueue();
    this.#buffer.clear();
    this.#journal.close();
    this.#journal = journal;
    this.#nextSeq = 0;
    this.#writtenSeq = -1;
    this.#writtenBytes = 0;
    this.addAt(this.#clock.wallMs, 0, headerBody);
    for (const record of UnsyncedRecords.parse(again)) {
      const { seq, wallMs, monoMs, body } = record;
      // A record that was written again before names its first place already.
      if (seq > 0) this.addAt(wallMs, monoMs, isCopy.test(body) ? body : `${body},"o":${seq},"k":${incarnation}`);
    }
    this.#tellOfAttempt();
  }

  /** Nothing more is expected: memory and the descriptor are given back, until something comes all the same. */
  giveBack(): void {
    this.unsynced.take();
    this.#buffer.giveBack();
    this.#journal.close();
  }

  #syncInThread(): void {
    try {
      this.#events.syncInThread();
    } catch (thrown) {
      // What is in the file is not on the disk, and so it is not acknowledged.
      const error = toError(thrown);
      this.#degrade(error, `The journal can't be brought to the disk: ${error.message}`);
    }
  }

  #written(seq: number, startMs: number): void {
    this.#writtenSeq = seq;
    this.#writtenBytes = this.#journal.lengthBytes;
    this.#lastAppendMs = startMs;
  }

  /** Keeps those of the lines `bytes` that are not in the file whole, after an append that came `appendedBytes` far. */
  #keepUnwritten(bytes: Buffer, appendedBytes: number): void {
    const writtenBytes = Math.min(this.#begunBytes + appendedBytes, bytes.length);
    const whole = writtenBytes === 0 ? 0 : bytes.lastIndexOf(0x0a, writtenBytes - 1) + 1;
    this.unsynced.add(bytes.subarray(0, whole), this.#journal.lengthBytes);
    this.#clearQueue();
    this.#enqueue(bytes.subarray(whole));
    this.#begunBytes = writtenBytes - whole;
  }

  #clearQueue(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#begunBytes = 0;
  }

  #enqueue(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  #degrade(error: Error | undefined, why?: string): void {
    const reason = why ?? `The journal can't be written: ${error?.message ?? "unknown"}`;
    this.#error = error ?? this.#error;
    if (!this.#isDegraded) {
      this.#isDegraded = true;
      this.#events.onProblem(reason, error);
      this.add(`"t":"degraded","phase":"from","reason":${JSON.stringify(reason)}`);
    }
    this.#work();
  }

  #work(): void {
    if (this.#worker !== undefined) return;
    const worker = this.#appendInTurns().finally(() => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    this.#worker = worker;
  }

  /** What it is just writing may still come into the file; it touches nothing else. True where there was one. */
  #leaveWorker(): boolean {
    const isThere = this.#worker !== undefined;
    this.#worker = undefined;
    this.#turn++;
    this.#wake?.();
    return isThere;
  }

  async #appendInTurns(): Promise<void> {
    let retryMs = firstRetryMs;
    const turn = this.#turn;
    // What is logged in this turn goes into one append.
    await Promise.resolve();
    while (turn === this.#turn) {
      this.#noteDropped();
      this.#enqueue(this.#buffer.take().bytes);
      const bytes = this.#queue.length > 1 ? Buffer.concat(this.#queue) : this.#queue[0];
      if (bytes === undefined) return;
      this.#queue = [bytes];
      const lastSeq = this.#nextSeq - 1;
      const startMs = performance.now();
      const journal = this.#journal;
      let error: Error | undefined;
      try {
        await journal.appendAsync(bytes.subarray(this.#begunBytes), () => turn === this.#turn);
      } catch (thrown) {
        error = toError(thrown);
      }
      if (turn !== this.#turn) return;
      const tookMs = performance.now() - startMs;
      if (error) this.#keepUnwritten(bytes, journal.appendedBytes);
      else {
        this.unsynced.add(bytes, journal.lengthBytes);
        this.#clearQueue();
        this.#written(lastSeq, startMs);
        if (this.#fsync === "always") error = await this.#events.sync().then(() => undefined, toError);
        if (turn !== this.#turn) return;
      }
      if (!error) this.#events.appended();
      if (error && !this.#error) this.#events.onProblem(`The journal can't be written: ${error.message}`, error);
      this.#error = error;
      this.#tellOfAttempt();
      if (error) {
        await this.#pause(retryMs);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
        continue;
      }
      retryMs = firstRetryMs;
      if (tookMs <= slowAppendMs && this.#buffer.lengthBytes === 0) {
        this.#recover();
        return;
      }
    }
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

const isCopy = /,"o":\d+,"k":\d+$/;

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
