// Runs batches in this process: the embedded engine. A sealed batch is worked on until it has ended or the engine is
// disposed; one that is not sealed in time is aborted.

import type { BatchSettings } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import type { BatchClock } from "./batchClock";
import {
  type BatchChange,
  type BatchEngine,
  BatchRefused,
  type BatchRequest,
  type CreatedBatch,
  type StreamAnswer,
} from "./batchEngine";
import { BatchService } from "./batchService";
import type { ItemLine } from "./itemLine";
import { LocalBatch } from "./localBatch";
import type { LocalContext, LocalStore } from "./localContext";
import type { Runner } from "./runner";
import { SealDeadlines } from "./sealDeadlines";

export interface LocalEngineOptions {
  readonly store: LocalStore;
  readonly runner: Runner;
  readonly clock: BatchClock;
  readonly settings: BatchSettings;
  onProblem(message: string, error: Error): void;
}

export class LocalEngine implements BatchEngine {
  readonly name = "local";
  readonly #context: LocalContext;
  readonly #batches = new Map<string, LocalBatch>();
  readonly #deadlines: SealDeadlines;
  #isDisposed = false;

  constructor(options: LocalEngineOptions) {
    const { store, clock, settings, onProblem } = options;
    const service = new BatchService({
      store,
      clock,
      settings,
      engine: this.name,
      onSealed: (id) => this.#start(id),
      onProblem,
    });
    this.#context = { ...options, service, onEnded: (id) => this.#ended(id) };
    this.#deadlines = new SealDeadlines({ store, service, clock, onProblem });
  }

  async create(request: BatchRequest): Promise<CreatedBatch> {
    const created = await this.#context.service.create(request);
    if (!created.isCached) await this.#deadlines.watch(created.id);
    return created;
  }

  async streamItems(id: string, lines: AsyncIterable<ItemLine>, signal: AbortSignal): Promise<StreamAnswer> {
    return await this.#context.service.streamItems(id, lines, signal);
  }

  async cancel(id: string, by?: string): Promise<BatchChange> {
    const { store } = this.#context;
    const isUnsealed = (state: BatchState) =>
      state.status === "PENDING" && !state.sealed && state.processingCompletedAt === undefined;
    const reason = "cancelled before its items had come";
    if (await store.update(id, isUnsealed, [{ type: "aborted", reason, by }])) {
      this.#deadlines.forget(id);
      return await this.#change(id, true, "The batch was aborted before its items had come");
    }
    const isOpen = (state: BatchState) => !state.isFinal && !state.isCancelled;
    if (!(await store.update(id, isOpen, [{ type: "cancelled", by }]))) {
      return await this.#change(id, false, (state) =>
        state.isCancelled && !state.isFinal ? "The batch is being cancelled already" : "The batch has ended",
      );
    }
    this.#batches.get(id)?.cancel();
    return await this.#change(id, true, "No further attempt begins, and what runs is stopped");
  }

  async pause(id: string, by?: string): Promise<BatchChange> {
    const isOpen = (state: BatchState) => !state.isFinal && !state.isPaused;
    if (!(await this.#context.store.update(id, isOpen, [{ type: "paused", by }]))) {
      return await this.#change(id, false, (state) =>
        state.isFinal ? "The batch has ended" : "The batch is paused already",
      );
    }
    return await this.#change(id, true, "No further attempt begins; what runs goes on");
  }

  async unpause(id: string, by?: string): Promise<BatchChange> {
    const isPaused = (state: BatchState) => !state.isFinal && state.isPaused;
    if (!(await this.#context.store.update(id, isPaused, [{ type: "unpaused", by }]))) {
      return await this.#change(id, false, (state) =>
        state.isFinal ? "The batch has ended" : "The batch is not paused",
      );
    }
    this.#batches.get(id)?.unpause();
    return await this.#change(id, true, "The batch goes on");
  }

  async retryFailed(id: string, indexes?: readonly number[], by?: string): Promise<BatchChange> {
    const { store } = this.#context;
    const state = await this.#stateOf(id);
    if (state.status === "ABORTED") throw new BatchRefused(422, "The batch is ABORTED: it has no runs to retry");
    const wrong = indexes?.find((index) => !Number.isInteger(index) || index < 0 || index >= state.runCount);
    if (wrong !== undefined)
      throw new BatchRefused(422, `The batch has runs 1 to ${state.runCount}, and no run ${wrong + 1}`);
    if (state.processingCompletedAt === undefined)
      throw new BatchRefused(409, "The runs of the batch are still being created");
    if (state.isCancelled && !state.isFinal) throw new BatchRefused(409, "The batch is still being cancelled");
    const retriable = (now: BatchState) => retriableOf(now, indexes);
    let retried: readonly number[] = [];
    const isChanged = await store.update(
      id,
      (now) =>
        retriable(now).length > 0 && now.processingCompletedAt !== undefined && (now.isFinal || !now.isCancelled),
      (now) => {
        retried = retriable(now);
        return [{ type: "retried", indexes: [...retried], by }];
      },
    );
    if (!isChanged) return await this.#change(id, false, "No run has failed that could be tried again");
    const known = this.#batches.get(id);
    if (known === undefined) this.#start(id);
    else known.retry(retried);
    const count = retried.length;
    return await this.#change(id, true, count === 1 ? "1 run is tried again" : `${count} runs are tried again`);
  }

  async goOn(id: string): Promise<void> {
    if (this.#batches.has(id) || !(await this.#context.store.take(id))) return;
    const state = this.#context.store.live(id);
    if (state === undefined || state.isFinal) return;
    if (state.sealed || state.processingCompletedAt !== undefined) this.#start(id);
    else await this.#deadlines.watch(id);
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#deadlines.dispose();
    for (const batch of this.#batches.values()) batch.dispose();
    this.#batches.clear();
    await this.#context.runner.leave?.();
  }

  #start(id: string): void {
    this.#deadlines.forget(id);
    if (this.#isDisposed || this.#batches.has(id)) return;
    const batch = new LocalBatch(id, this.#context);
    this.#batches.set(id, batch);
    batch.start();
  }

  #ended(id: string): void {
    this.#batches.get(id)?.dispose();
    this.#batches.delete(id);
  }

  async #stateOf(id: string): Promise<BatchState> {
    const state = await this.#context.store.state(id);
    if (state === undefined) throw new BatchRefused(404, `There is no batch ${id}`);
    return state;
  }

  async #change(
    id: string,
    isChanged: boolean,
    message: string | ((state: BatchState) => string),
  ): Promise<BatchChange> {
    const state = await this.#stateOf(id);
    return { id, isChanged, status: state.status, message: typeof message === "string" ? message : message(state) };
  }
}

/** Of those that are meant, those which failed; all where none are named. */
function retriableOf(state: BatchState, indexes: readonly number[] | undefined): readonly number[] {
  if (indexes !== undefined) return [...new Set(indexes)].filter((index) => state.isRetriable(index));
  const found: number[] = [];
  for (let index = 0; index < state.runCount; index++) if (state.isRetriable(index)) found.push(index);
  return found;
}
