// Aborts batches whose items have not all come in time.

import type { Disposable } from "../base/disposable";
import { describeError } from "../base/logger";
import type { BatchClock } from "./batchClock";
import { type BatchService, sealTimeoutMs } from "./batchService";
import type { LocalStore } from "./localContext";

export interface SealDeadlinesContext {
  readonly store: Pick<LocalStore, "read" | "live">;
  readonly service: Pick<BatchService, "abort">;
  readonly clock: BatchClock;
  onProblem(message: string, error: Error): void;
}

export class SealDeadlines implements Disposable {
  readonly #context: SealDeadlinesContext;
  /** By id of the batch. */
  readonly #timers = new Map<string, Disposable>();
  #isDisposed = false;

  constructor(context: SealDeadlinesContext) {
    this.#context = context;
  }

  /** Does nothing for one that takes no items. Rejects with the system's error. */
  async watch(id: string): Promise<void> {
    const { store, clock } = this.#context;
    const facts = await store.read(id);
    if (facts === undefined || facts.sealed || facts.status !== "PENDING" || this.#isDisposed) return;
    this.forget(id);
    const leftMs = facts.createdAt + sealTimeoutMs - clock.nowMs();
    if (leftMs <= 0) return await this.#reap(id);
    const reap = () => {
      this.#reap(id).catch((error: unknown) => {
        const problem = error instanceof Error ? error : new Error(String(error));
        this.#context.onProblem(`Batch ${id} can't be aborted: ${describeError(error)}`, problem);
      });
    };
    this.#timers.set(id, clock.after(leftMs, reap));
    // It may have been sealed while it was read.
    if (store.live(id)?.sealed === true) this.forget(id);
  }

  forget(id: string): void {
    this.#timers.get(id)?.dispose();
    this.#timers.delete(id);
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const timer of this.#timers.values()) timer.dispose();
    this.#timers.clear();
  }

  async #reap(id: string): Promise<void> {
    this.forget(id);
    await this.#context.service.abort(id, `not sealed within ${sealTimeoutMs / 60_000} minutes`);
  }
}
