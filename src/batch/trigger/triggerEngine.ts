// Batches that a trigger.dev installation runs. Both phases are ours, as with every engine: a client is answered once its
// items are in our log, whatever becomes of the connection to that installation. What happens there is written into the
// same log, so that everybody reads the batch as if it ran here.

import type { BatchState } from "../../trace/batch/batchState";
import {
  type BatchChange,
  type BatchEngine,
  BatchRefused,
  type BatchRequest,
  type CreatedBatch,
  type StreamAnswer,
} from "../batchEngine";
import type { EngineParts } from "../batchHost";
import { BatchService } from "../batchService";
import type { ItemLine } from "../itemLine";
import { SealDeadlines } from "../sealDeadlines";
import { TriggerApi, type TriggerSettings } from "./triggerApi";
import { TriggerBatch, type TriggerContext } from "./triggerBatch";

export const triggerEngineName = "trigger.dev";

export interface TriggerEngineOptions extends TriggerSettings {
  /** Pause between two looks at a batch where something happens: two seconds. */
  readonly pollMs?: number | undefined;
}

const usualPollMs = 2_000;

/** For `BatchHost`. Throws a `TriggerFault` where address or key are none. */
export function triggerEngine({
  pollMs = usualPollMs,
  ...settings
}: TriggerEngineOptions): (parts: EngineParts) => BatchEngine {
  const api = new TriggerApi(settings);
  return (parts) => new TriggerEngine(parts, api, pollMs);
}

class TriggerEngine implements BatchEngine {
  readonly name = triggerEngineName;
  readonly #context: TriggerContext;
  readonly #deadlines: SealDeadlines;
  readonly #batches = new Map<string, TriggerBatch>();
  #isDisposed = false;

  constructor({ store, clock, settings, onProblem }: EngineParts, api: TriggerApi, pollMs: number) {
    const onSealed = (id: string) => this.#start(id);
    const service = new BatchService({ store, clock, settings, engine: this.name, onSealed, onProblem });
    this.#context = { store, service, api, clock, pollMs, onProblem, onEnded: (id) => this.#ended(id) };
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
    const isUnsealed = (state: BatchState) => state.status === "PENDING" && !state.sealed && !isProcessed(state);
    const aborted = [
      { type: "cancelled" as const, by },
      { type: "aborted" as const, reason: "cancelled before its items had come" },
    ];
    if (await store.update(id, isUnsealed, aborted)) {
      this.#deadlines.forget(id);
      return await this.#change(id, true, "The batch was aborted before its items had come");
    }
    const isOpen = (state: BatchState) => !state.isFinal && !state.isCancelled;
    const isChanged = await store.update(id, isOpen, [{ type: "cancelled", by }]);
    if (!isChanged) return await this.#change(id, false, "The batch has ended, or is being cancelled already");
    this.#batches.get(id)?.look();
    return await this.#change(id, true, "trigger.dev is asked to cancel each of its runs");
  }

  async pause(): Promise<BatchChange> {
    throw new BatchRefused(422, "trigger.dev can't pause a batch: pause the queue of its task there");
  }

  async unpause(): Promise<BatchChange> {
    throw new BatchRefused(422, "trigger.dev can't pause a batch: resume the queue of its task there");
  }

  async retryFailed(): Promise<BatchChange> {
    throw new BatchRefused(422, "trigger.dev tries no run of a batch again: replay it there, as a run of its own");
  }

  async goOn(id: string): Promise<void> {
    if (this.#batches.has(id)) return;
    const { store, api } = this.#context;
    const there = (await store.state(id))?.handedOver?.url;
    // Another installation knows nothing of its runs, which would all be taken for lost.
    if (there !== undefined && there !== api.url)
      throw new BatchRefused(409, `The batch was handed on to ${there}, and ${api.url} is what is set up here`);
    if (!(await store.take(id))) return;
    const state = this.#context.store.live(id);
    if (state === undefined || state.isFinal) return;
    if (state.sealed || isProcessed(state)) this.#start(id);
    else await this.#deadlines.watch(id);
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    this.#deadlines.dispose();
    for (const batch of this.#batches.values()) batch.dispose();
    this.#batches.clear();
  }

  #start(id: string): void {
    this.#deadlines.forget(id);
    if (this.#isDisposed || this.#batches.has(id)) return;
    const batch = new TriggerBatch(id, this.#context);
    this.#batches.set(id, batch);
    batch.start();
  }

  #ended(id: string): void {
    this.#batches.get(id)?.dispose();
    this.#batches.delete(id);
  }

  async #change(id: string, isChanged: boolean, message: string): Promise<BatchChange> {
    const state = await this.#context.store.state(id);
    if (state === undefined) throw new BatchRefused(404, `There is no batch ${id}`);
    return { id, isChanged, status: state.status, message };
  }
}

function isProcessed(state: BatchState): boolean {
  return state.processingCompletedAt !== undefined;
}
