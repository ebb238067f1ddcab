// Runs of a batch that are runs of earlier items with the same key: they end when those end, in this process or another.

import type { Disposable } from "../base/disposable";
import { isFinalRunState } from "../trace/batch/batchFacts";
import { parseRunId } from "../trace/batch/batchIds";
import type { RunOutcome } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import type { BatchClock } from "./batchClock";
import type { LocalStore } from "./localContext";

/** So often a batch is looked at of which this process does not hear; and so rarely, at most, one that writes much. */
const lookEveryMs = 1_000;

export interface CachedEnd {
  readonly outcome: RunOutcome;
  readonly error?: string | undefined;
}

interface Awaited {
  readonly index: number;
  readonly sourceIndex: number;
}

export interface CachedRunsContext {
  readonly store: LocalStore;
  readonly clock: BatchClock;
  onEnded(index: number, end: CachedEnd): void;
  onProblem(error: unknown): void;
}

export class CachedRuns implements Disposable {
  readonly #context: CachedRunsContext;
  /** By the id of the batch whose runs they are. */
  readonly #awaited = new Map<string, Awaited[]>();
  #timer: Disposable | undefined;
  #isDisposed = false;

  constructor(context: CachedRunsContext) {
    this.#context = context;
  }

  add(index: number, runId: string): void {
    const source = parseRunId(runId);
    if (source === undefined) {
      this.#context.onEnded(index, { outcome: "failed", error: `Nobody knows the earlier run ${runId}` });
      return;
    }
    const known = this.#awaited.get(source.batchId);
    const awaited = { index, sourceIndex: source.index };
    if (known) known.push(awaited);
    else this.#awaited.set(source.batchId, [awaited]);
    this.#lookSoon(0);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
    this.#awaited.clear();
  }

  #lookSoon(delayMs: number): void {
    if (this.#isDisposed || this.#awaited.size === 0) return;
    if (delayMs === 0) {
      this.#timer?.dispose();
      this.#timer = undefined;
    }
    this.#timer ??= this.#context.clock.after(delayMs, () => {
      this.#timer = undefined;
      this.#look().then(
        () => this.#lookSoon(lookEveryMs),
        (error: unknown) => {
          this.#context.onProblem(error);
          this.#lookSoon(lookEveryMs);
        },
      );
    });
  }

  async #look(): Promise<void> {
    for (const batchId of [...this.#awaited.keys()]) {
      const state = await this.#context.store.state(batchId);
      const still: Awaited[] = [];
      for (const awaited of this.#awaited.get(batchId) ?? []) {
        const end = endOf(state, batchId, awaited.sourceIndex);
        if (end === undefined) still.push(awaited);
        else this.#context.onEnded(awaited.index, end);
      }
      if (still.length > 0) this.#awaited.set(batchId, still);
      else this.#awaited.delete(batchId);
    }
  }
}

/** Undefined while the run has not ended. */
function endOf(state: BatchState | undefined, batchId: string, index: number): CachedEnd | undefined {
  if (state === undefined) return { outcome: "failed", error: `The earlier batch ${batchId} is gone` };
  const stands = state.stateOf(index);
  if (stands === "succeeded" || stands === "cancelled") return { outcome: stands };
  if (isFinalRunState(stands)) return { outcome: "failed", error: state.errorOf(index) };
  return state.status === "ABORTED" ? { outcome: "failed", error: "The earlier batch was aborted" } : undefined;
}

/** Whether the run that has a key need not be kept to: it did not do its work, and never will. */
export function isRunWithoutResult(state: BatchState | undefined, index: number): boolean {
  if (state === undefined || state.status === "ABORTED") return true;
  const stands = state.stateOf(index);
  return stands !== "succeeded" && isFinalRunState(stands);
}
