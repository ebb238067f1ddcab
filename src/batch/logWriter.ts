// Writes what has happened to a batch, again and again while the disk refuses it: what a run has done must not be forgotten
// because there was no room for a moment.

import type { Disposable } from "../base/disposable";
import { describeError } from "../base/logger";
import type { BatchState } from "../trace/batch/batchState";
import type { BatchClock } from "./batchClock";
import { BatchRefused } from "./batchEngine";
import type { Records } from "./batchLog";
import type { BatchStore } from "./batchStore";

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;

/** This process no longer works on the batch. */
export class WorkLeft extends Error {
  override readonly name = "WorkLeft";
}

export interface LogWriterContext {
  readonly store: BatchStore;
  readonly clock: BatchClock;
  onProblem(message: string, error: Error): void;
}

export class LogWriter implements Disposable {
  readonly #id: string;
  readonly #context: LogWriterContext;
  readonly #pauses = new Set<() => void>();
  #isDisposed = false;

  constructor(id: string, context: LogWriterContext) {
    this.#id = id;
    this.#context = context;
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** See `BatchStore.update`. Rejects with `WorkLeft`, and with `BatchRefused` where the batch is gone or another's. */
  update(condition: (state: BatchState) => boolean, records: Records): Promise<boolean> {
    return this.retrying(() => this.#context.store.update(this.#id, condition, records));
  }

  /** The same for any work that writes. */
  async retrying<T>(work: () => Promise<T>): Promise<T> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      if (this.#isDisposed) throw new WorkLeft();
      try {
        return await work();
      } catch (error) {
        if (this.#isDisposed) throw new WorkLeft();
        if (error instanceof BatchRefused) throw error;
        if (pauseMs === firstPauseMs) {
          const problem = error instanceof Error ? error : new Error(String(error));
          this.#context.onProblem(`Batch ${this.#id} can't be written: ${describeError(error)}`, problem);
        }
        await this.#pause(pauseMs);
      }
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const end of this.#pauses) end();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#context.clock.after(ms, () => end());
      const end = () => {
        timer.dispose();
        this.#pauses.delete(end);
        resolve();
      };
      this.#pauses.add(end);
    });
  }
}
