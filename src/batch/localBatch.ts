// One batch at work in this process: makes a run of each item, and then runs them, so many at a time. What has happened is
// in the log before anything follows from it, so that whoever goes on with the batch begins where its log ends.

import type { Disposable } from "../base/disposable";
import { describeError } from "../base/logger";
import { attemptSessionId } from "../trace/batch/batchIds";
import type { BatchState } from "../trace/batch/batchState";
import { recordsOfEnd, runOutcomeOf } from "./attemptEnd";
import { BatchRefused } from "./batchEngine";
import { type CachedEnd, CachedRuns } from "./cachedRuns";
import type { LocalContext } from "./localContext";
import { LogWriter, WorkLeft } from "./logWriter";
import { RunCreation } from "./runCreation";
import { runItemOf } from "./runItem";
import type { AttemptOutcome } from "./runner";
import { RunQueue } from "./runQueue";

/** Runs that are cancelled with one append. */
const cancelledAtOnce = 500;

export class LocalBatch {
  readonly id: string;
  readonly #context: LocalContext;
  readonly #log: LogWriter;
  readonly #queue = new RunQueue();
  readonly #running = new Map<number, AbortController>();
  readonly #cached: CachedRuns;
  #timer: Disposable | undefined;
  #isCreating = false;
  #isDisposed = false;

  constructor(id: string, context: LocalContext) {
    this.id = id;
    this.#context = context;
    this.#log = new LogWriter(id, context);
    this.#cached = new CachedRuns({
      ...context,
      onEnded: (index, end) => this.#inBackground(this.#endCached(index, end)),
      onProblem: (error) => context.onProblem(`Batch ${id}: ${describeError(error)}`, toError(error)),
    });
  }

  /** Takes the batch up where its log ends. */
  start(): void {
    const state = this.#state;
    if (state === undefined) return;
    for (let index = 0; index < state.runCount; index++) {
      if (state.isAttemptOpen(index)) this.#launch(index, true);
      else this.#goOnWith(index);
    }
    // A power cut may have taken the record of a run, and left that all were created.
    const isEachKnown = state.count("absent") === 0 && state.count("waiting") === 0;
    if (state.processingCompletedAt === undefined || !isEachKnown) this.#inBackground(this.#create());
    if (state.isCancelled) this.cancel();
    this.#pump();
    this.#inBackground(this.#finish());
  }

  /** The log says so already. */
  cancel(): void {
    this.#queue.clear();
    for (const controller of this.#running.values()) controller.abort(new Error("The batch was cancelled"));
    this.#inBackground(this.#endCancelled());
  }

  /** The log says that it is no longer paused. */
  unpause(): void {
    this.#pump();
  }

  /** The log says that these are tried again. */
  retry(indexes: readonly number[]): void {
    for (const index of indexes) this.#enqueue(index);
    this.#pump();
  }

  /** Nothing more is written; what runs goes on without this process where it can. */
  dispose(): void {
    this.#isDisposed = true;
    this.#timer?.dispose();
    this.#queue.clear();
    this.#cached.dispose();
    this.#log.dispose();
  }

  get #state(): BatchState | undefined {
    return this.#isDisposed ? undefined : this.#context.store.live(this.id);
  }

  async #create(): Promise<void> {
    if (this.#isCreating) return;
    this.#isCreating = true;
    const creation = new RunCreation(this.id, this.#context, this.#log, (index) => {
      this.#enqueue(index);
      this.#pump();
    });
    await creation.run();
    if (this.#state?.isCancelled) await this.#endCancelled();
    await this.#log.retrying(() => this.#context.service.complete(this.id));
    this.#isCreating = false;
    await this.#finish();
  }

  /** The attempt of before is over. */
  #goOnWith(index: number): void {
    const state = this.#state;
    const isEndMissing = state?.stateOf(index) === "running" && !state.isAttemptOpen(index);
    if (isEndMissing) this.#inBackground(this.#endRun(index));
    else this.#enqueue(index);
  }

  #enqueue(index: number): void {
    const state = this.#state;
    const stands = state?.stateOf(index);
    if (state === undefined || (stands !== "queued" && stands !== "backing-off")) return;
    const run = state.run(index);
    if (run === undefined) return;
    if (run.cachedFrom !== undefined) return this.#cached.add(index, run.cachedFrom);
    const delayed = (run.createdAt ?? 0) + (run.options?.delayMs ?? 0);
    const retryAt = stands === "backing-off" ? run.attempts.at(-1)?.retryAtMs : undefined;
    this.#queue.add(index, retryAt ?? (run.attempts.length === 0 ? delayed : 0));
  }

  /** Begins what may begin, and waits for the time of the next one. */
  #pump(): void {
    const state = this.#state;
    this.#timer?.dispose();
    this.#timer = undefined;
    if (state === undefined || state.isPaused || state.isCancelled) return;
    const concurrency = state.created?.settings.concurrency ?? 1;
    while (this.#running.size < concurrency) {
      const readyAtMs = this.#queue.nextReadyAtMs;
      if (readyAtMs === undefined) return;
      const leftMs = readyAtMs - this.#context.clock.nowMs();
      if (leftMs > 0) {
        this.#timer = this.#context.clock.after(leftMs, () => this.#pump());
        return;
      }
      const index = this.#queue.take();
      if (index !== undefined && !this.#running.has(index)) this.#launch(index, false);
    }
  }

  /** @param isUnderWay an earlier process has begun the attempt */
  #launch(index: number, isUnderWay: boolean): void {
    const controller = new AbortController();
    if (this.#state?.isCancelled) controller.abort(new Error("The batch was cancelled"));
    this.#running.set(index, controller);
    this.#inBackground(
      this.#attempt(index, isUnderWay, controller.signal).finally(() => {
        this.#running.delete(index);
        this.#goOnWith(index);
        this.#pump();
      }),
    );
  }

  async #attempt(index: number, isUnderWay: boolean, signal: AbortSignal): Promise<void> {
    if (!isUnderWay && !(await this.#begin(index))) return;
    const attempt = this.#state?.lastAttempt(index)?.attempt;
    if (attempt === undefined) return;
    const end = await this.#outcome(index, attempt, signal);
    if (this.#isDisposed) return;
    const isOpen = (state: BatchState) => state.isAttemptOpen(index, attempt);
    const { nowMs } = this.#context.clock;
    await this.#log.update(isOpen, (state) => recordsOfEnd(state, index, attempt, end, nowMs()));
    await this.#finish();
  }

  /** False where the attempt must not begin any more. */
  async #begin(index: number): Promise<boolean> {
    const before = this.#state;
    if (before === undefined) return false;
    const run = before.run(index);
    if (run?.retriedAfter !== undefined) {
      const refusal = await this.#refusal(before, index);
      if (refusal !== undefined) {
        await this.#log.update(isWaiting(index), [{ type: "runEnded", index, outcome: "failed", error: refusal }]);
        await this.#finish();
        return false;
      }
    }
    return await this.#log.update(
      (state) => isWaiting(index)(state) && !state.isPaused && !state.isCancelled,
      (state) => {
        const attempt = (state.lastAttempt(index)?.attempt ?? 0) + 1;
        return [{ type: "attempt", index, attempt, session: attemptSessionId(state.runIdAt(index), attempt) }];
      },
    );
  }

  /** What was impossible to run before the retry may be possible now. */
  async #refusal(state: BatchState, index: number): Promise<string | undefined> {
    try {
      await this.#context.runner.prepare(runItemOf(state, index, this.#context.store));
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  }

  /** Never rejects. */
  async #outcome(index: number, attempt: number, signal: AbortSignal): Promise<AttemptOutcome> {
    try {
      const state = this.#state;
      if (state === undefined) return { outcome: "crashed" };
      const item = runItemOf(state, index, this.#context.store);
      const sessionId = state.lastAttempt(index)?.session ?? attemptSessionId(item.runId, attempt);
      return await this.#context.runner.run({ ...item, attempt, sessionId }, signal);
    } catch (error) {
      return { outcome: "crashed", error: describeError(error) };
    }
  }

  /** Of an attempt the end was recorded, and that of its run was not. */
  async #endRun(index: number): Promise<void> {
    const outcome = this.#state?.lastAttempt(index)?.outcome;
    if (outcome === undefined) return;
    const isOpen = (state: BatchState) => state.stateOf(index) === "running";
    await this.#log.update(isOpen, [{ type: "runEnded", index, outcome: runOutcomeOf(outcome) }]);
    await this.#finish();
  }

  async #endCached(index: number, { outcome, error }: CachedEnd): Promise<void> {
    await this.#log.update(isWaiting(index), [{ type: "runEnded", index, outcome, error }]);
    await this.#finish();
  }

  async #endCancelled(): Promise<void> {
    const waiting = (state: BatchState) => {
      const indexes: number[] = [];
      for (let index = 0; index < state.runCount && indexes.length < cancelledAtOnce; index++) {
        if (isWaiting(index)(state)) indexes.push(index);
      }
      return indexes;
    };
    for (;;) {
      const hasSome = await this.#log.update(
        (state) => state.isCancelled && waiting(state).length > 0,
        (state) => waiting(state).map((index) => ({ type: "runEnded", index, outcome: "cancelled" })),
      );
      if (!hasSome) break;
    }
    await this.#finish();
  }

  /** Ends the batch when all its runs have ended. */
  async #finish(): Promise<void> {
    const state = this.#state;
    if (state === undefined || state.openCount > 0 || state.processingCompletedAt === undefined) return;
    if (!state.isFinal) await this.#log.retrying(() => this.#context.service.finish(this.id));
    // Runs may have been retried in the same moment.
    if (this.#state?.isFinal !== false) this.#context.onEnded(this.id);
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (error instanceof WorkLeft) return;
      // The batch is gone, or another process has it.
      if (error instanceof BatchRefused) this.#context.onEnded(this.id);
      this.#context.onProblem(`Batch ${this.id}: ${describeError(error)}`, toError(error));
    });
  }
}

function isWaiting(index: number): (state: BatchState) => boolean {
  return (state) => {
    const stands = state.stateOf(index);
    return stands === "queued" || stands === "backing-off";
  };
}

function toError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
