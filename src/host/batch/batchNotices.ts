// What a person is told of the batches that were started from this window, wherever they look: how far a long one is, with
// a way to cancel it, and what came of it. Each batch has one notification at a time: the one of its progress, then the
// one of its end. Which batches these are outlives the window, so that the next one tells how they ended.

import { type Disposable, DisposableStore } from "../../base/disposable";
import { describeError, type Logger } from "../../base/logger";
import type { BatchCatalog, BatchHandle } from "../../store/batches/batchCatalog";
import type { FollowedBatch } from "../../store/batches/followedBatch";
import type { BatchState } from "../../trace/batch/batchState";
import { endedRuns, failedRuns, summarizeBatch } from "../../trace/batch/batchSummary";
import type { BatchRunner } from "../../trace/batch/describeBatch";

export interface BatchProgressNotice {
  /** @param part of the runs that have ended, 0 to 1 */
  report(state: BatchState, part: number): void;
  end(): void;
}

export type BatchEnd =
  | { readonly type: "ended"; readonly failed: number }
  /** It is not over, and nobody works on it. */
  | { readonly type: "interrupted" };

export type BatchEndChoice = "open" | "retryFailed" | "goOn" | undefined;

/** How a person is told; the window's notifications. */
export interface NoticeSurface {
  progress(state: BatchState, cancel: () => void): BatchProgressNotice;
  end(state: BatchState, end: BatchEnd): Promise<BatchEndChoice>;
}

export interface BatchNoticesOptions {
  readonly catalog: Pick<BatchCatalog, "follow">;
  /** Rejects with words for the person. */
  control(batch: FollowedBatch, action: "cancel" | "retryFailed" | "goOn"): Promise<void>;
  readonly surface: NoticeSurface;
  readonly logger: Logger;
  /** Logs of the batches that are told of, from one window to the next. */
  readonly kept: { get(): readonly string[]; set(keys: readonly string[]): void };
  readonly runner: (key: string) => BatchRunner;
  readonly onDidChangeRunners: (listener: () => void) => Disposable;
  open(key: string): Promise<void>;
  /** To the person. */
  onError(error: unknown): void;
  /** A batch that takes longer is told of while it runs. */
  readonly longMs?: number;
  /** For so long a batch may seem to be nobody's, as between the end of its process and the news of its end. */
  readonly patienceMs?: number;
}

interface Told {
  readonly key: string;
  readonly handle: BatchHandle;
  readonly owned: DisposableStore;
  /** Of the log when it was over already as this began: only what comes after is news. */
  readonly endedAt: number | undefined;
  /** It was seen while it was not over. */
  isOpen: boolean;
  isLong: boolean;
  progress: BatchProgressNotice | undefined;
  abandoned: NodeJS.Timeout | undefined;
}

const usualLongMs = 3_000;
const usualPatienceMs = 4_000;
const mostKept = 50;

export class BatchNotices implements Disposable {
  readonly #options: BatchNoticesOptions;
  readonly #owned = new DisposableStore();
  readonly #told = new Map<string, Told>();

  constructor(options: BatchNoticesOptions) {
    this.#options = options;
    this.#owned.add(options.onDidChangeRunners(() => this.#lookAtAll()));
  }

  /** What an earlier window would have told. */
  goOn(): void {
    for (const key of this.#options.kept.get()) this.follow(key, undefined);
  }

  /** Tells of this batch until it is over. @param endedAt when it was, where it is over and is to go on */
  follow(key: string, endedAt: number | undefined): void {
    if (this.#owned.isDisposed || this.#told.has(key)) return;
    const handle = this.#options.catalog.follow(key);
    const owned = new DisposableStore();
    const none = { progress: undefined, abandoned: undefined };
    const told: Told = { key, handle, owned, endedAt, isOpen: false, isLong: false, ...none };
    this.#told.set(key, told);
    this.#keep();
    owned.add(handle);
    owned.add(handle.batch.onDidChange(() => this.#look(told)));
    const timer = setTimeout(() => {
      told.isLong = true;
      this.#look(told);
    }, this.#options.longMs ?? usualLongMs);
    owned.add({
      dispose: () => {
        clearTimeout(timer);
        clearTimeout(told.abandoned);
        told.progress?.end();
      },
    });
    this.#look(told);
  }

  isFollowed(key: string): boolean {
    return this.#told.has(key);
  }

  /** What is being told stays for the next window. */
  dispose(): void {
    for (const { owned } of this.#told.values()) owned.dispose();
    this.#told.clear();
    this.#owned.dispose();
  }

  #lookAtAll(): void {
    for (const told of [...this.#told.values()]) this.#look(told);
  }

  #look(told: Told): void {
    if (this.#told.get(told.key) !== told) return;
    const { batch } = told.handle;
    const { state } = batch;
    if (batch.availability.type === "missing") return this.#leave(told);
    if (batch.availability.type !== "read") return;
    const summary = summarizeBatch(state);
    if (summary.isFinal) {
      if (summary.endedAt !== told.endedAt) this.#end(told, { type: "ended", failed: failedRuns(summary.counts) });
      return;
    }
    if (!told.isOpen) {
      told.isOpen = true;
      this.#keep();
    }
    const isGone = this.#options.runner(told.key) === "gone";
    if (!isGone) {
      clearTimeout(told.abandoned);
      told.abandoned = undefined;
    } else told.abandoned ??= setTimeout(() => void this.#abandon(told), this.#options.patienceMs ?? usualPatienceMs);
    if (!told.isLong || isGone) return;
    told.progress ??= this.#options.surface.progress(state, () => this.#cancel(told));
    told.progress.report(state, summary.runCount === 0 ? 0 : endedRuns(summary.counts) / summary.runCount);
  }

  async #abandon(told: Told): Promise<void> {
    const { batch } = told.handle;
    await batch.update();
    if (this.#told.get(told.key) !== told || batch.state.isFinal) return;
    told.abandoned = undefined;
    if (this.#options.runner(told.key) === "gone") this.#end(told, { type: "interrupted" });
  }

  #cancel({ key, handle }: Told): void {
    this.#options.control(handle.batch, "cancel").catch((error: unknown) => {
      this.#options.logger.warn(`Cancelling ${key}: ${describeError(error)}`);
      this.#options.onError(error);
    });
  }

  #end(told: Told, end: BatchEnd): void {
    const { key, handle } = told;
    const { batch } = handle;
    const { surface, control, open, onError } = this.#options;
    this.#leave(told);
    const act = async (): Promise<void> => {
      const choice = await surface.end(batch.state, end);
      if (choice === "open") return await open(key);
      if (choice === undefined) return;
      const { isFinal, endedAt } = summarizeBatch(batch.state);
      this.follow(key, isFinal ? endedAt : undefined);
      await control(batch, choice);
    };
    act().catch(onError);
  }

  #leave({ key, owned }: Told): void {
    this.#told.delete(key);
    this.#keep();
    owned.dispose();
  }

  #keep(): void {
    const told = [...this.#told.values()].filter(({ endedAt, isOpen }) => endedAt === undefined || isOpen);
    this.#options.kept.set(told.map(({ key }) => key).slice(-mostKept));
  }
}
