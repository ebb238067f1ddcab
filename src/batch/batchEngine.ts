// What runs batches, as those who trigger and control them see it: `local` runs them in this process, `trigger.dev` hands
// them on. Whatever the engine, the state of a batch is the fold of its log in the trace directory.

import type { BatchSettings, BatchStatus } from "../trace/batch/batchRecord";
import type { ItemLine } from "./itemLine";

export interface BatchRequest {
  /** 1 to 100,000. */
  readonly runCount: number;
  readonly name?: string | undefined;
  readonly parentRunId?: string | undefined;
  /** Safe id of the session in the same directory that triggers it. */
  readonly parentSession?: string | undefined;
  readonly resumeParentOnCompletion?: boolean | undefined;
  /** Up to 2,048 characters: the same key in the same directory is the same batch. */
  readonly idempotencyKey?: string | undefined;
  /** Names this request on each of its retries; counts as a key for 30 minutes where there is no other. */
  readonly requestKey?: string | undefined;
  readonly settings?: Partial<BatchSettings> | undefined;
}

export interface CreatedBatch {
  readonly id: string;
  readonly runCount: number;
  /** Sealed, or its processing is done: the items need not be sent. */
  readonly isCached: boolean;
  readonly idempotencyKey?: string | undefined;
}

/** The answer to the second phase. */
export type StreamAnswer =
  | {
      readonly status: 200;
      readonly sealed: true;
      readonly id: string;
      readonly itemsAccepted: number;
      readonly itemsDeduplicated: number;
      readonly runCount: number;
      /** The work was done or under way already; why, in words. */
      readonly retryReason?: string | undefined;
    }
  | {
      readonly status: 200;
      readonly sealed: false;
      readonly id: string;
      readonly itemsAccepted: number;
      readonly itemsDeduplicated: number;
      readonly runCount: number;
      /** Items that are there, and items that the batch needs. */
      readonly enqueuedCount: number;
      readonly expectedCount: number;
    }
  | {
      /** 400, 404, 409, 422, 499 where the client is gone, or 503. */
      readonly status: number;
      readonly sealed: false;
      readonly id: string;
      readonly itemsAccepted: number;
      readonly itemsDeduplicated: number;
      readonly error: string;
      /** Of the line that is to blame, from 1 on. */
      readonly line?: number | undefined;
      /** Of the batch, where that is to blame. */
      readonly batchStatus?: BatchStatus | undefined;
    };

export interface BatchChange {
  readonly id: string;
  /** False where it was so already, or the batch had ended. */
  readonly isChanged: boolean;
  readonly status: BatchStatus;
  /** What was done, or why nothing was, in words. */
  readonly message: string;
}

/** What was asked for can't be done. `status` is that of HTTP. */
export class BatchRefused extends Error {
  override readonly name: string = "BatchRefused";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Another process runs this batch; it has to be asked. */
export class BatchOwnedElsewhere extends BatchRefused {
  override readonly name = "BatchOwnedElsewhere";
  /** Of its HTTP interface on the loopback, where it has one. */
  readonly url: string | undefined;
  readonly token: string | undefined;

  constructor(message: string, url: string | undefined, token: string | undefined) {
    super(409, message);
    this.url = url;
    this.token = token;
  }
}

export interface BatchEngine {
  /** "local" or "trigger.dev". */
  readonly name: string;
  /** First phase. Resolves once the batch is in its log. Rejects with `BatchRefused`. */
  create(request: BatchRequest): Promise<CreatedBatch>;
  /**
   * Second phase. Takes the lines as fast as they can be written down, and resolves once everything that the answer says is
   * in the log. What the lines throw ends the stream: an `ItemLineError` as 4xx, anything else as a client that is gone.
   * Rejects only where the log can't be written.
   * @param signal aborted when the client is gone
   */
  streamItems(id: string, lines: AsyncIterable<ItemLine>, signal: AbortSignal): Promise<StreamAnswer>;
  /** No further attempt begins, and what runs is stopped. Rejects with `BatchRefused`, as all that follow. */
  cancel(id: string, by?: string): Promise<BatchChange>;
  /** No further attempt begins; what runs goes on. */
  pause(id: string, by?: string): Promise<BatchChange>;
  unpause(id: string, by?: string): Promise<BatchChange>;
  /** Runs that failed or were cancelled get another attempt. @param indexes all of them where left out */
  retryFailed(id: string, indexes?: readonly number[], by?: string): Promise<BatchChange>;
  /** Takes up a batch that an earlier process left, after its log has been read. */
  goOn(id: string): Promise<void>;
  /** Lets go of everything without changing what is in the logs; attempts go on where they outlive this process. */
  dispose(): Promise<void>;
}
