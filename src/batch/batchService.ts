// The two phases of a batch: create it, then stream its items and seal it. What is answered is in the log before, and one
// policy decides in all three places whether a retry of the second phase is answered as success.

import { describeError } from "../base/logger";
import type { BatchSettings } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import { isIdempotentRetrySuccess } from "../trace/batch/retryPolicy";
import type { BatchClock } from "./batchClock";
import { BatchRefused, type BatchRequest, type CreatedBatch, type StreamAnswer } from "./batchEngine";
import { checkRequest, freeKeyAfterMs, resolveSettings } from "./batchRequest";
import type { BatchFacts, BatchStore, NewBatch } from "./batchStore";
import { type IntakeEnd, ItemIntake } from "./itemIntake";
import type { ItemLine } from "./itemLine";
import { keyedBatchId, newBatchId } from "./newBatchId";
import { recordedAnswer } from "./streamAnswers";

/** An unsealed batch is aborted when it is so old. */
export const sealTimeoutMs = 30 * 60_000;
/** A client that goes on asking fills no disk: further answers are given, and not recorded. */
const mostRecordedStreams = 1_000;

export interface BatchServiceOptions {
  readonly store: BatchStore;
  readonly clock: BatchClock;
  readonly settings: BatchSettings;
  /** Of new batches. */
  readonly engine: string;
  /** Called once a batch is sealed, which is in its log by then. */
  onSealed(id: string): void;
  onProblem(message: string, error: Error): void;
}

export class BatchService {
  readonly #options: BatchServiceOptions;

  constructor(options: BatchServiceOptions) {
    this.#options = options;
  }

  /** First phase. Rejects with `BatchRefused`. */
  async create(request: BatchRequest): Promise<CreatedBatch> {
    checkRequest(request);
    const { idempotencyKey, requestKey, runCount } = request;
    const key = idempotencyKey ?? requestKey;
    if (key === undefined) {
      const id = newBatchId();
      if (!(await this.#options.store.create(this.#newBatch(id, request)))) {
        throw new BatchRefused(503, "The id of the new batch is taken; try again");
      }
      return { id, runCount, isCached: false };
    }
    return await this.#createKeyed(idempotencyKey === undefined ? "request" : "batch", key, request);
  }

  async #createKeyed(kind: "batch" | "request", key: string, request: BatchRequest): Promise<CreatedBatch> {
    const { store, clock } = this.#options;
    const { runCount, idempotencyKey } = request;
    const named = idempotencyKey === undefined ? {} : { idempotencyKey };
    for (let generation = 1; ; generation++) {
      const id = keyedBatchId(kind, key, generation);
      if ((await store.read(id)) === undefined && (await store.create(this.#newBatch(id, request)))) {
        return { id, runCount, isCached: false, ...named };
      }
      const there = await store.read(id);
      // A log whose beginning is lost.
      if (there === undefined) continue;
      const isOld = kind === "request" && clock.nowMs() - there.createdAt >= freeKeyAfterMs;
      if (there.status === "ABORTED" || isOld) continue;
      const isCached = there.sealed || there.processingCompletedAt !== undefined;
      if (!isCached && there.runCount !== runCount) {
        throw new BatchRefused(
          422,
          `The idempotency key is that of batch ${id}, which waits for ${there.runCount} items and not for ${runCount}`,
        );
      }
      return { id, runCount: there.runCount, isCached, ...named };
    }
  }

  #newBatch(id: string, request: BatchRequest): NewBatch {
    const { runCount, name, parentRunId, parentSession, resumeParentOnCompletion, idempotencyKey, requestKey } =
      request;
    const settings = resolveSettings(this.#options.settings, request.settings);
    return {
      id,
      runCount,
      name,
      parentRunId,
      parentSession,
      resumeParentOnCompletion,
      idempotencyKey,
      requestKey,
      engine: this.#options.engine,
      settings,
    };
  }

  /** Second phase: see `BatchEngine.streamItems`. */
  async streamItems(id: string, lines: AsyncIterable<ItemLine>, signal: AbortSignal): Promise<StreamAnswer> {
    const batch = await this.#options.store.read(id);
    if (batch === undefined) return failure(id, 404, `There is no batch ${id}`);
    const answer = await this.#stream(batch, lines, signal);
    await this.#record(batch, answer);
    return answer;
  }

  async #stream(batch: BatchFacts, lines: AsyncIterable<ItemLine>, signal: AbortSignal): Promise<StreamAnswer> {
    const { id, status } = batch;
    if (isIdempotentRetrySuccess(status, batch.sealed, batch.processingCompletedAt)) return done(batch, 0, 0);
    if (status !== "PENDING") {
      return failure(id, 422, `The batch is ${status} and takes no items`, { batchStatus: status });
    }
    const intake = new ItemIntake(this.#options.store, batch);
    const end = await intake.take(lines, signal);
    return this.#afterIntake(batch, end, intake.accepted, intake.deduplicated);
  }

  async #afterIntake(
    { id, runCount }: BatchFacts,
    end: IntakeEnd,
    accepted: number,
    deduplicated: number,
  ): Promise<StreamAnswer> {
    const { store } = this.#options;
    const facts = { itemsAccepted: accepted, itemsDeduplicated: deduplicated };
    switch (end.type) {
      case "line":
        return failure(id, end.error.status, end.error.message, { ...facts, line: end.error.line });
      case "cut": {
        const status = end.error instanceof BatchRefused ? end.error.status : 499;
        return failure(id, status, `The items did not come whole: ${describeError(end.error)}`, facts);
      }
      case "store": {
        const status = end.error instanceof BatchRefused ? end.error.status : 503;
        return failure(id, status, `An item could not be kept: ${describeError(end.error)}`, facts);
      }
      default:
    }
    const count = await store.countItems(id);
    if (count !== runCount) return this.#afterMismatch(id, count, accepted, deduplicated);
    return this.#seal(id, accepted, deduplicated);
  }

  /** Somebody else may have brought the missing items meanwhile, or have ended the batch. */
  async #afterMismatch(id: string, count: number, accepted: number, deduplicated: number): Promise<StreamAnswer> {
    const now = await this.#options.store.read(id);
    const facts = { itemsAccepted: accepted, itemsDeduplicated: deduplicated };
    if (now === undefined) return failure(id, 404, `There is no batch ${id} any more`, facts);
    if (isIdempotentRetrySuccess(now.status, now.sealed, now.processingCompletedAt)) {
      return done(now, accepted, deduplicated);
    }
    if (now.status === "ABORTED") {
      return failure(id, 422, "The batch is ABORTED and takes no items", { ...facts, batchStatus: now.status });
    }
    const { runCount } = now;
    return { status: 200, sealed: false, id, ...facts, runCount, enqueuedCount: count, expectedCount: runCount };
  }

  async #seal(id: string, accepted: number, deduplicated: number): Promise<StreamAnswer> {
    const { store, onSealed } = this.#options;
    const isOpen = (state: BatchState) => !state.sealed && state.status === "PENDING";
    // A power cut keeps what it wants of what is on its way: not that the batch is sealed without an item.
    await store.sync(id);
    const isWon = await store.update(id, isOpen, [{ type: "sealed" }]);
    const now = await store.read(id);
    const facts = { itemsAccepted: accepted, itemsDeduplicated: deduplicated };
    if (isWon) {
      await store.sync(id);
      onSealed(id);
      return { status: 200, sealed: true, id, ...facts, runCount: now?.runCount ?? accepted + deduplicated };
    }
    if (now === undefined) return failure(id, 404, `There is no batch ${id} any more`, facts);
    if (isIdempotentRetrySuccess(now.status, now.sealed, now.processingCompletedAt)) {
      return done(now, accepted, deduplicated);
    }
    return failure(id, 422, `The batch is in an unexpected state: ${now.status}`, {
      ...facts,
      batchStatus: now.status,
    });
  }

  /** The answer is given also where this can't be written: what it says is in the log by other records. */
  async #record({ id }: BatchFacts, answer: StreamAnswer): Promise<void> {
    try {
      await this.#options.store.update(
        id,
        (state) => state.streams.length < mostRecordedStreams,
        (state) => [{ type: "stream", number: state.streams.length + 1, answer: recordedAnswer(answer) }],
      );
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown));
      this.#options.onProblem(`The answer to a stream of batch ${id} can't be recorded: ${error.message}`, error);
    }
  }

  /**
   * The completion callback: every item has a run, or is known to get none. It alone writes when processing was completed
   * and the counts. False where that is not so, or was written before.
   */
  async complete(id: string): Promise<boolean> {
    return await this.#options.store.update(id, isComplete, (state) => {
      const failedRunCount = state.count("uncreated");
      const successfulRunCount = state.runCount - failedRunCount;
      const status = failedRunCount === 0 ? "PENDING" : successfulRunCount === 0 ? "ABORTED" : "PARTIAL_FAILED";
      return [{ type: "completion", successfulRunCount, failedRunCount, status }];
    });
  }

  /** All runs have ended. */
  async finish(id: string): Promise<boolean> {
    const isOver = (state: BatchState) =>
      state.processingCompletedAt !== undefined && !state.isFinal && state.openCount === 0;
    return await this.#options.store.update(id, isOver, [{ type: "completed" }]);
  }

  /** Aborts a batch whose items have not all come. @returns false where they have, or it was aborted before */
  async abort(id: string, reason: string): Promise<boolean> {
    const isWaiting = (state: BatchState) =>
      state.status === "PENDING" && !state.sealed && state.processingCompletedAt === undefined;
    return await this.#options.store.update(id, isWaiting, [{ type: "aborted", reason }]);
  }
}

function isComplete(state: BatchState): boolean {
  const isOpen = state.status === "PENDING" || state.status === "PROCESSING";
  const isEachKnown = state.count("absent") === 0 && state.count("waiting") === 0;
  return isOpen && isEachKnown && state.processingCompletedAt === undefined;
}

function done({ id, status, sealed, runCount }: BatchFacts, accepted: number, deduplicated: number): StreamAnswer {
  return {
    status: 200,
    sealed: true,
    id,
    itemsAccepted: accepted,
    itemsDeduplicated: deduplicated,
    runCount,
    retryReason: `${status === "PENDING" && !sealed ? "all runs created" : reasons[status]}: answered as success`,
  };
}

const reasons = {
  PENDING: "already sealed",
  PROCESSING: "already processing",
  COMPLETED: "already completed",
  PARTIAL_FAILED: "already processed",
  ABORTED: "aborted",
} as const;

function failure(
  id: string,
  status: number,
  error: string,
  facts: Partial<Omit<Extract<StreamAnswer, { error: string }>, "id" | "status" | "error" | "sealed">> = {},
): StreamAnswer {
  return { itemsAccepted: 0, itemsDeduplicated: 0, ...facts, id, status, sealed: false, error };
}
