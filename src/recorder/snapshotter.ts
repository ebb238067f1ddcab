// Keeps `S.json` up to date while a session is recorded: one snapshot at a time, and exactly one more for whatever came
// while it was written. Once stopped it begins none.

import type { JournalAppender } from "./journalAppender";
import { quietMs, SnapshotPace } from "./snapshotPace";

export class Snapshotter {
  readonly #appender: JournalAppender;
  readonly #write: () => Promise<void>;
  readonly #onProblem: (error: unknown) => void;
  readonly #pace = new SnapshotPace();
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  /** The last record that a snapshot holds. */
  #seq = -1;

  /** @param write folds what is in the journal into `S.json`; rejects with the system's error */
  constructor(appender: JournalAppender, write: () => Promise<void>, onProblem: (error: unknown) => void) {
    this.#appender = appender;
    this.#write = write;
    this.#onProblem = onProblem;
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
    const bytes = this.#appender.writtenBytes;
    await this.#write();
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
    if (this.#isStopped || this.#appender.writtenSeq === this.#seq) return;
    // Snapshots stop first when the disk is in trouble, the journal last.
    if (this.#appender.isDegraded) return this.#wait(1000);
    const nowMs = performance.now();
    const quietInMs = this.#appender.lastAppendMs + quietMs - nowMs;
    if (quietInMs > 0) return this.#wait(quietInMs);
    const waitMs = this.#pace.waitMs(this.#appender.writtenBytes, nowMs);
    if (waitMs === undefined) return;
    if (waitMs > 0) return this.#wait(waitMs);
    this.write().catch((error) => this.#onProblem(error));
  }
}

function ignore(): void {}
