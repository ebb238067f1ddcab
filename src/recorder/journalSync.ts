// Brings the journal to the disk: at most one sync at a time in the process, one for however many ask, and about one a
// second where nobody asks. What is on the disk is what was appended before the start of the last sync that returned.

import { syncEntryOf } from "./durableDirectory";
import type { JournalAppender } from "./journalAppender";
import { type RecorderFs, runAsync, runAsyncInQueue, runSync } from "./recorderFs";
import { inSyncQueue } from "./syncQueue";
import type { FsyncMode } from "./traceTypes";

const intervalMs = 1000;

export class JournalSync {
  readonly #fs: RecorderFs;
  readonly #mode: FsyncMode;
  readonly #appender: JournalAppender;
  readonly #onFailed: (error: Error) => boolean;
  readonly #onSynced: (beganMs: number, seq: number) => void;
  #syncedBytes = 0;
  #isEntrySynced = false;
  /** Asked for and not begun: it covers what is appended until it begins. */
  #queued: Promise<void> | undefined;
  #underWay = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /**
   * @param onFailed a sync of the journal failed; true where a new journal has taken its place
   * @param onSynced all records up to `seq` are on the disk, by a sync that began at `beganMs` of `performance.now()`
   */
  constructor(
    fs: RecorderFs,
    mode: FsyncMode,
    appender: JournalAppender,
    onFailed: (error: Error) => boolean,
    onSynced: (beganMs: number, seq: number) => void,
  ) {
    this.#fs = fs;
    this.#mode = mode;
    this.#appender = appender;
    this.#onFailed = onFailed;
    this.#onSynced = onSynced;
  }

  /** What is appended by now, in this thread, as `fsync: "always"` asks for. Throws the system's error. */
  syncInThread(): void {
    const { journal, writtenBytes, writtenSeq } = this.#appender;
    const beganMs = performance.now();
    if (!this.#isEntrySynced) {
      runSync(this.#fs, syncEntryOf(journal.path));
      this.#isEntrySynced = true;
    }
    try {
      journal.sync();
    } catch (thrown) {
      const error = toError(thrown);
      if (!this.#onFailed(error)) throw error;
      return;
    }
    this.#synced(writtenBytes);
    this.#onSynced(beganMs, writtenSeq);
  }

  /** Something was appended. */
  appended(): void {
    if (this.#mode !== "interval" || this.#timer || this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // What went wrong has been reported, and the next append tries again.
      this.sync().catch(() => undefined);
    }, intervalMs);
    this.#timer.unref();
  }

  /** Somebody waits for a sync. */
  get isAwaited(): boolean {
    return this.#queued !== undefined || this.#underWay > 0;
  }

  /** Resolves when what is appended by now is on the disk; rejects with the system's error. */
  sync(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    if (this.#isEntrySynced && this.#syncedBytes >= this.#appender.writtenBytes) return Promise.resolve();
    this.#queued ??= this.#isEntrySynced ? this.#enqueue() : this.#syncEntry().then(() => this.#enqueue());
    return this.#queued;
  }

  #enqueue(): Promise<void> {
    return inSyncQueue(this.#fs, async () => {
      this.#queued = undefined;
      this.#underWay++;
      try {
        await this.#syncNow(true);
      } finally {
        this.#underWay--;
      }
    });
  }

  /** With other syncs of the directory, before the journal's own has its place. */
  async #syncEntry(): Promise<void> {
    const { journal } = this.#appender;
    try {
      await runAsync(this.#fs, syncEntryOf(journal.path));
      if (journal === this.#appender.journal) this.#isEntrySynced = true;
    } catch (error) {
      this.#queued = undefined;
      throw error;
    }
  }

  /** A new journal has taken the place of the old one. */
  restart(): void {
    this.#syncedBytes = 0;
    this.#isEntrySynced = false;
  }

  /** The journal is about to go: from now on nothing is asked of it. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #syncNow(mayRestart: boolean): Promise<void> {
    if (this.#isStopped) return;
    const { journal, writtenBytes, writtenSeq } = this.#appender;
    const beganMs = performance.now();
    if (!this.#isEntrySynced) {
      await runAsyncInQueue(this.#fs, syncEntryOf(journal.path));
      if (journal === this.#appender.journal) this.#isEntrySynced = true;
    }
    try {
      await journal.syncAsync();
    } catch (error) {
      if (journal === this.#appender.journal && !this.#onFailed(toError(error))) throw error;
      if (!mayRestart) throw error;
      await this.#syncNow(false);
      return;
    }
    if (journal !== this.#appender.journal) return;
    this.#synced(writtenBytes);
    this.#onSynced(beganMs, writtenSeq);
  }

  #synced(bytes: number): void {
    this.#syncedBytes = Math.max(this.#syncedBytes, bytes);
    this.#appender.unsynced.synced(bytes);
  }
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
