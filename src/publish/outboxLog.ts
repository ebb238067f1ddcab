// The log of one publication on the disk, beside the events as they are to be sent. A record counts once it is synced: what
// was confirmed is known after a kill and after a power cut alike, and a request that is not on record was not made.

import { syncEntryOf } from "../recorder/durableDirectory";
import { closeQuietly, readFully, unlinkQuietly, writeAll } from "../recorder/fileTasks";
import type { JournalFile } from "../recorder/journalFile";
import { nativeCrc32, RecordBuffer } from "../recorder/recordBuffer";
import { type Io, io, type RecorderFs, runAsync } from "../recorder/recorderFs";
import { inSyncQueue } from "../recorder/syncQueue";
import type { BatchState } from "./batchState";
import type { OutboxFold, OutboxReading } from "./outboxFold";
import type { PublishClock } from "./publishClock";
import { countOf, type PublishLog, type Ready } from "./publishLog";
import { type EventPart, type NewPublishRecord, publishRecordBody } from "./publishRecord";
import { encodeParts, type TraceEvent } from "./traceEvent";

export interface OutboxLogContext {
  readonly fs: RecorderFs;
  readonly clock: PublishClock;
  /** Marks the records of this writer. */
  readonly tag: string;
  readonly partBytes: number;
  /** Nobody works on it any more. */
  onClosed(): void;
}

export interface JobPaths {
  readonly log: string;
  readonly events: string;
}

export class OutboxLog implements PublishLog {
  readonly #context: OutboxLogContext;
  readonly #paths: JobPaths;
  readonly #file: JournalFile;
  readonly #fold: OutboxFold;
  readonly #startMs = performance.now();
  readonly #buffer: RecordBuffer;
  #nextSeq: number;
  #needsLineFeed: boolean;
  #isEntrySynced: boolean;
  /** Records come one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** What the file holds is not known any more; whoever reads it again knows. */
  #broken: Error | undefined;
  #isClosed = false;

  /** @param isNew its name is not on the disk yet */
  constructor(context: OutboxLogContext, paths: JobPaths, file: JournalFile, reading: OutboxReading, isNew: boolean) {
    this.#context = context;
    this.#paths = paths;
    this.#file = file;
    this.#fold = reading.fold;
    this.#nextSeq = reading.lastSeq + 1;
    this.#needsLineFeed = reading.isTailOpen;
    this.#isEntrySynced = !isNew;
    this.#buffer = new RecordBuffer(context.tag);
  }

  get state(): BatchState {
    return this.#fold.state;
  }

  get ready(): Ready | undefined {
    return this.#fold.ready;
  }

  append(record: NewPublishRecord): Promise<void> {
    const turn = this.#turn.then(() => this.#append(record));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async store(events: Iterable<TraceEvent>, durationMs: number): Promise<void> {
    const parts: EventPart[] = [];
    await runAsync(this.#context.fs, this.#write(events, parts));
    await this.append({ type: "ready", events: countOf(parts), durationMs, parts });
  }

  async read({ offset, length, crc32 }: EventPart): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const count = await runAsync(this.#context.fs, readAt(this.#paths.events, bytes, offset));
    if (count === length && nativeCrc32(bytes, 0, length) === crc32) return bytes;
    throw new Error("they are not what was kept");
  }

  /** What was published is kept here no longer. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { fs, onClosed } = this.#context;
    try {
      await this.append({ type: "left" }).catch(() => {
        // Whoever finds this process gone knows it as well.
      });
      const { state } = this;
      if (state.type === "ended" && state.end.type === "published")
        await runAsync(fs, unlinkQuietly(this.#paths.events));
    } finally {
      this.#file.close();
      onClosed();
    }
  }

  /** Closes it without a record: it is another's. */
  giveUp(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.close();
    this.#context.onClosed();
  }

  async #append(record: NewPublishRecord): Promise<void> {
    if (this.#broken) throw this.#broken;
    const { fs, clock } = this.#context;
    const at = clock.nowMs();
    this.#buffer.add(this.#nextSeq, at, performance.now() - this.#startMs, publishRecordBody(record));
    const { bytes } = this.#buffer.take();
    try {
      await this.#file.appendAsync(this.#needsLineFeed ? Buffer.concat([lineFeed, bytes]) : bytes, () => true);
      await inSyncQueue(fs, () => this.#file.syncAsync());
      if (!this.#isEntrySynced) await runAsync(fs, syncEntryOf(this.#paths.log));
    } catch (error) {
      this.#broken = error instanceof Error ? error : new Error(String(error));
      throw this.#broken;
    }
    this.#needsLineFeed = false;
    this.#isEntrySynced = true;
    this.#nextSeq++;
    this.#fold.apply({ ...record, at });
  }

  *#write(events: Iterable<TraceEvent>, parts: EventPart[]): Io<void> {
    const { events: path } = this.#paths;
    // One that is there was not finished: its parts are on no record.
    yield* unlinkQuietly(path);
    const fd = yield* io.open(path, "create");
    try {
      for (const encoded of encodeParts(events, this.#context.partBytes)) {
        if (encoded === undefined) {
          yield;
          continue;
        }
        yield* writeAll(fd, encoded.bytes);
        parts.push(encoded.part);
      }
      yield* io.syncAll(fd);
    } finally {
      yield* closeQuietly(fd);
    }
    yield* syncEntryOf(path);
  }
}

const lineFeed = Buffer.from("\n");

function* readAt(path: string, into: Uint8Array, offset: number): Io<number> {
  const fd = yield* io.open(path, "read");
  try {
    return yield* readFully(fd, into, offset);
  } finally {
    yield* closeQuietly(fd);
  }
}
