// The publications of this machine: a folder with a log for each, and its events until they are published. One process at a
// time works on a publication, and what a killed one has left is gone on with by another.

import { join } from "node:path";
import { makeDirectory } from "../recorder/durableDirectory";
import { isMissing, readWhole, unlinkQuietly } from "../recorder/fileTasks";
import { JournalFile } from "../recorder/journalFile";
import { io, nodeFs, type RecorderFs, runAsync } from "../recorder/recorderFs";
import { acquireLock, releaseLock } from "../recorder/recoveryLock";
import type { WriterIdentity } from "../trace/evidence";
import { writerTag } from "../trace/journalFrame";
import { safeId } from "../trace/safeId";
import type { ProbeLiveness } from "../trace/sessionFiles";
import { OutboxFold, readOutboxLog } from "./outboxFold";
import { type JobPaths, OutboxLog } from "./outboxLog";
import type { PublishClock } from "./publishClock";
import { defaultPartBytes } from "./publishLog";
import type { NewPublishRecord } from "./publishRecord";

export interface OutboxOptions {
  /** Of the extension or the command line, never of traces. It is made with the first publication. */
  readonly directory: string;
  readonly identity: WriterIdentity;
  readonly probe: ProbeLiveness;
  readonly clock: PublishClock;
  readonly fs?: RecorderFs | undefined;
  readonly partBytes?: number | undefined;
}

export interface OutboxJob {
  readonly id: string;
  readonly fold: OutboxFold;
  /** This process works on it just now. */
  readonly isUnderWay: boolean;
}

type Job = Extract<NewPublishRecord, { readonly type: "job" }>;

const logEnd = ".publish.ndjson";

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #fs: RecorderFs;
  readonly #underWay = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#fs = options.fs ?? nodeFs;
  }

  /** Rejects with the system's error. */
  async create(job: Job): Promise<OutboxLog> {
    const { directory, identity } = this.#options;
    await runAsync(this.#fs, makeDirectory(directory));
    const id = safeId(job.traceId);
    const paths = this.#pathsOf(id);
    const file = JournalFile.create(this.#fs, paths.log);
    this.#underWay.add(id);
    const log = this.#open(id, paths, file, { fold: new OutboxFold(), lastSeq: -1, isTailOpen: false }, true);
    try {
      await log.append({ ...job, writer: writerOf(identity) });
    } catch (error) {
      await log.close();
      throw error;
    }
    return log;
  }

  /** All of them, in no order; rejects with the system's error. */
  async list(): Promise<readonly OutboxJob[]> {
    const jobs: OutboxJob[] = [];
    for (const id of await this.#ids()) {
      const bytes = await runAsync(this.#fs, readWhole(this.#pathsOf(id).log));
      if (bytes) jobs.push({ id, fold: readOutboxLog(bytes).fold, isUnderWay: this.#underWay.has(id) });
    }
    return jobs;
  }

  /**
   * Goes on with a publication; from then on nobody else does, until the log is closed.
   * @returns undefined where there is none, or somebody works on it or may do so
   */
  take(id: string): Promise<OutboxLog | undefined> {
    return this.#alone(async () => {
      const { identity } = this.#options;
      const paths = this.#pathsOf(id);
      const bytes = this.#underWay.has(id) ? undefined : await runAsync(this.#fs, readWhole(paths.log));
      const reading = bytes && readOutboxLog(bytes);
      if (reading?.fold.job === undefined || !this.#isFree(reading.fold)) return undefined;
      const file = JournalFile.reopen(this.#fs, paths.log);
      this.#underWay.add(id);
      const log = this.#open(id, paths, file, reading, false);
      try {
        await log.append({ type: "owner", writer: writerOf(identity) });
        // The lock spares most of the trouble; the log decides. Of two who append the same number the first one counts.
        const written = await runAsync(this.#fs, readWhole(paths.log));
        if (written && readOutboxLog(written).fold.owner?.instance === identity.instance) return log;
        log.giveUp();
        return undefined;
      } catch (error) {
        log.giveUp();
        throw error;
      }
    });
  }

  /** Forgets those with which nothing is done any more, so long after their last record. @returns how many */
  async prune(maxAgeMs: number): Promise<number> {
    const beforeMs = this.#options.clock.nowMs() - maxAgeMs;
    let removed = 0;
    for (const { id, fold, isUnderWay } of await this.list()) {
      const lastMs = fold.records.at(-1)?.at;
      if (isUnderWay || fold.dueMs !== undefined || lastMs === undefined || lastMs > beforeMs) continue;
      if (await this.remove(id)) removed++;
    }
    return removed;
  }

  /** Forgets a publication. @returns false where somebody works on it or may do so */
  async remove(id: string): Promise<boolean> {
    const removed = await this.#alone(async () => {
      const { log, events } = this.#pathsOf(id);
      const bytes = await runAsync(this.#fs, readWhole(log));
      if (bytes === undefined) return true;
      const { fold } = readOutboxLog(bytes);
      // A log without its first record is that of a process which died as it began.
      if (this.#underWay.has(id) || (fold.job !== undefined && !this.#isFree(fold))) return false;
      await runAsync(this.#fs, unlinkQuietly(events));
      return await runAsync(this.#fs, unlinkQuietly(log));
    });
    return removed ?? false;
  }

  #isFree({ isLeft, owner }: OutboxFold): boolean {
    const { identity, probe } = this.#options;
    return isLeft || owner === undefined || owner.instance === identity.instance || probe(owner) === "gone";
  }

  /** Undefined where another process has the outbox just now. */
  #alone<T>(task: () => Promise<T>): Promise<T | undefined> {
    const { directory, identity, probe, clock } = this.#options;
    const turn = this.#turn.then(async () => {
      try {
        const lock = await runAsync(this.#fs, acquireLock(directory, identity, clock.nowMs(), probe));
        if (lock === undefined) return undefined;
        try {
          return await task();
        } finally {
          await runAsync(this.#fs, releaseLock(lock));
        }
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #ids(): Promise<readonly string[]> {
    try {
      const names = await runAsync(this.#fs, io.list(this.#options.directory));
      return names.filter((name) => name.endsWith(logEnd)).map((name) => name.slice(0, -logEnd.length));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #pathsOf(id: string): JobPaths {
    const { directory } = this.#options;
    return { log: join(directory, `${id}${logEnd}`), events: join(directory, `${id}.events.ndjson`) };
  }

  #open(
    id: string,
    paths: JobPaths,
    file: JournalFile,
    reading: ConstructorParameters<typeof OutboxLog>[3],
    isNew: boolean,
  ): OutboxLog {
    const { clock, identity, partBytes = defaultPartBytes } = this.#options;
    const onClosed = () => void this.#underWay.delete(id);
    const context = { fs: this.#fs, clock, tag: writerTag(identity.instance), partBytes, onClosed };
    return new OutboxLog(context, paths, file, reading, isNew);
  }
}

/** Without what is not known: a record holds no such fields. */
function writerOf(identity: WriterIdentity): WriterIdentity {
  return Object.fromEntries(Object.entries(identity).filter(([, value]) => value !== undefined)) as WriterIdentity;
}
