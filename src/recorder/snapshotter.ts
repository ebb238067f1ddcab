// Keeps `S.json` up to date while a session is recorded: one snapshot at a time, and exactly one more for whatever came
// while it was written. Once stopped it begins none.

import type { JournalAppender } from "./journalAppender";
import { quietMs, SnapshotPace } from "./snapshotPace";

const firstPauseMs = 1000;
const lastPauseMs = 60_000;

export class Snapshotter {
  readonly #appender: JournalAppender;
  readonly #write: () => Promise<void>;
  readonly #onProblem: (error: unknown) => void;
  readonly #baseBytes: number;
  readonly #pace = new SnapshotPace();
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** The last record that a snapshot holds. */
  #seq = -1;
  /** Snapshots in a row that could not be written: each fills a disk that is full to its last byte. */
  #refusals = 0;
  #pausedUntilMs = 0;

  /** @param write folds what is in the journal into `S.json`; rejects with the system's error */
  constructor(
    appender: JournalAppender,
    write: () => Promise<void>,
    onProblem: (error: unknown) => void,
    baseBytes: number,
  ) {
    this.#appender = appender;
    this.#write = write;
    this.#onProblem = onProblem;
    this.#baseBytes = baseBytes;
  }

  /** Something was recorded: a snapshot follows when the session goes quiet. */
  recorded(): void {
    if (this.#timer || this.#isStopped) return;
    this.#wait(quietMs);
  }

  /** Resolves when `S.json` holds what is in the journal by now; rejects where it can't be written. */
  async write(): Promise<void> {
    if (this.#isStopped) return;
    if (this.#running !== undefined) {
      this.#next ??= this.#running.then(ignore, ignore).then(() => {
        this.#next = undefined;
        return this.write();
      });
      await this.#next;
      return;
    }
    this.#running = this.#writeOne().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  /** From now on none begins. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when the one under way has returned. */
  async settled(): Promise<void> {
    await this.#running?.then(ignore, ignore);
  }

  async #writeOne(): Promise<void> {
    this.#appender.drain();
    const seq = this.#appender.writtenSeq;
    const startMs = performance.now();
    const bytes = this.#baseBytes + this.#appender.writtenBytes;
    try {
      await this.#write();
    } catch (error) {
      this.#refusals++;
      this.#pausedUntilMs = performance.now() + Math.min(firstPauseMs * 2 ** this.#refusals, lastPauseMs);
      throw error;
    }
    this.#refusals = 0;
    this.#seq = seq;
    this.#pace.written(bytes, startMs, performance.now());
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#onTimer();
    }, ms);
    this.#timer.unref();
  }

  #onTimer(): void {
    if (this.#isStopped) return;
    // Snapshots stop first when the disk is in trouble, the journal last.
    if (this.#appender.isDegraded) return this.#wait(1000);
    if (this.#appender.writtenSeq === this.#seq) return;
    const nowMs = performance.now();
    const pauseMs = this.#pausedUntilMs - nowMs;
    if (pauseMs > 0) return this.#wait(pauseMs);
    const quietInMs = this.#appender.lastAppendMs + quietMs - nowMs;
    if (quietInMs > 0) return this.#wait(quietInMs);
    const waitMs = this.#pace.waitMs(this.#baseBytes + this.#appender.writtenBytes, nowMs);
    if (waitMs === undefined) return;
    if (waitMs > 0) return this.#wait(waitMs);
    this.write().catch((error) => this.#onProblem(error));
  }
}

function ignore(): void {}
