// Where the records of a publication and its events are kept. The state is what the records say, and a step is taken only
// from there, so that a publication which is resumed goes on as one that was never interrupted.

import { applyRecord, type BatchState, idle } from "./batchState";
import type { PublishClock } from "./publishClock";
import type { EventPart, NewPublishRecord, PublishRecord, RecordOf } from "./publishRecord";
import { encodeParts, type TraceEvent } from "./traceEvent";

/** Events that are to be sent in one request, at most, in bytes of JSON. */
export const defaultPartBytes = 32 * 1024 * 1024;

export type Ready = Omit<RecordOf<"ready">, "type" | "at">;

export interface PublishLog {
  readonly state: BatchState;
  /** Undefined until all events are kept. */
  readonly ready: Ready | undefined;
  /** Resolves once the record counts, whatever becomes of this process. Rejects with the system's error: then it does not. */
  append(record: NewPublishRecord): Promise<void>;
  /** Keeps the events, and appends `ready`. */
  store(events: Iterable<TraceEvent>, durationMs: number): Promise<void>;
  /** The bytes of a part; rejects where they are not what was kept. */
  read(part: EventPart): Promise<Uint8Array>;
  /** Nothing more is done with it in this process. */
  close(): Promise<void>;
}

/** The fold of a log. */
export class LogFold {
  state: BatchState = idle;
  ready: Ready | undefined;

  apply(record: PublishRecord): void {
    this.state = applyRecord(this.state, record);
    if (record.type === "ready") this.ready = record;
  }
}

/** For a publication that nobody is to resume. */
export class MemoryLog implements PublishLog {
  readonly records: PublishRecord[] = [];
  readonly #fold = new LogFold();
  readonly #clock: PublishClock;
  readonly #partBytes: number;
  readonly #parts = new Map<number, Uint8Array>();

  constructor(clock: PublishClock, partBytes = defaultPartBytes) {
    this.#clock = clock;
    this.#partBytes = partBytes;
  }

  get state(): BatchState {
    return this.#fold.state;
  }

  get ready(): Ready | undefined {
    return this.#fold.ready;
  }

  async append(record: NewPublishRecord): Promise<void> {
    const timed = { ...record, at: this.#clock.nowMs() };
    this.records.push(timed);
    this.#fold.apply(timed);
  }

  async store(events: Iterable<TraceEvent>, durationMs: number): Promise<void> {
    const parts: EventPart[] = [];
    for (const encoded of encodeParts(events, this.#partBytes)) {
      if (encoded === undefined) continue;
      const { bytes, part } = encoded;
      this.#parts.set(part.offset, bytes);
      parts.push(part);
    }
    await this.append({ type: "ready", events: countOf(parts), durationMs, parts });
  }

  async read({ offset }: EventPart): Promise<Uint8Array> {
    const bytes = this.#parts.get(offset);
    if (bytes === undefined) throw new Error("There is no such part");
    return bytes;
  }

  async close(): Promise<void> {
    this.#parts.clear();
  }
}

export function countOf(parts: readonly EventPart[]): number {
  return parts.reduce((sum, { events }) => sum + events, 0);
}
