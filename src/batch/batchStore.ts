// Where batches are kept, as the service needs it. All of it is asynchronous and each call stands for itself, so that what
// happens between two of them can be chosen in a test; what must not be torn apart is one call.

import type { BatchRecordOf, BatchStatus, PayloadPlace } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import type { Records } from "./batchLog";
import type { ItemLine } from "./itemLine";

/** What was so at the time of the call. */
export interface BatchFacts {
  readonly id: string;
  readonly status: BatchStatus;
  readonly sealed: boolean;
  readonly processingCompletedAt: number | undefined;
  readonly runCount: number;
  readonly createdAt: number;
  readonly engine: string;
  readonly idempotencyKey: string | undefined;
  /** Answers to streams that are in the log. */
  readonly streamCount: number;
}

export function factsOf(state: BatchState): BatchFacts {
  const { id, status, sealed, processingCompletedAt, runCount, createdAt, created } = state;
  return {
    id,
    status,
    sealed,
    processingCompletedAt,
    runCount,
    createdAt,
    engine: created?.engine ?? "local",
    idempotencyKey: created?.idempotencyKey,
    streamCount: state.streams.length,
  };
}

export type NewBatch = Omit<BatchRecordOf<"created">, "at" | "type" | "writer">;

export interface BatchStore {
  /** Makes the batch; false where there is one of this id, or what is left of one. Resolves once it is in its log. */
  create(batch: NewBatch): Promise<boolean>;
  /** As it is in the log; undefined where there is no such batch. */
  read(id: string): Promise<BatchFacts | undefined>;
  /** How many items the batch has. */
  countItems(id: string): Promise<number>;
  /** Keeps an item, whose payload comes before its record. `closed`: the batch takes no items any more. */
  addItem(id: string, item: ItemLine): Promise<"added" | "there" | "closed">;
  /** Compare and append: see `BatchLog.update`. Rejects with `BatchRefused` where there is no such batch or it is another's. */
  update(id: string, condition: (state: BatchState) => boolean, records: Records): Promise<boolean>;
  /** What was written of the batch is on the disk, as far as that is possible within a few seconds. */
  sync(id: string): Promise<void>;
  /** Undefined where the bytes are not those that came. */
  payload(id: string, place: PayloadPlace): Promise<Uint8Array | undefined>;
}
