// One batch that trigger.dev runs: handed over once all its items are in our log, and then asked about until all its runs
// have ended. Its key there is our id, so that a process which was killed in between hands nothing over twice.

import type { Disposable } from "../../base/disposable";
import { describeError } from "../../base/logger";
import type { BatchState } from "../../trace/batch/batchState";
import type { BatchClock } from "../batchClock";
import { BatchRefused } from "../batchEngine";
import type { NewRecord } from "../batchLog";
import type { BatchService } from "../batchService";
import type { LocalStore } from "../localContext";
import { LogWriter, WorkLeft } from "../logWriter";
import { handedIndexes, knownRuns, remoteLines } from "./remoteItems";
import { type KnownRun, outcomeOf, remoteRecords } from "./remoteRecords";
import type { RemoteBatch, RemoteRun } from "./triggerAnswers";
import { type TriggerApi, TriggerFault } from "./triggerApi";

export interface TriggerContext {
  readonly store: LocalStore;
  readonly service: BatchService;
  readonly api: TriggerApi;
  readonly clock: BatchClock;
  /** Pause between two looks, at first. */
  readonly pollMs: number;
  /** Nothing is left to do. */
  onEnded(id: string): void;
  onProblem(message: string, error: Error): void;
}

/** Where nothing happens, looks become as rare as that. */
const longestPauses = 8;
/** So often runs may be missing in the list after the batch says that all are there. */
const mostMissing = 20;
const askedAtOnce = 8;
/** Records of one append. */
const runsAtOnce = 200;

export class TriggerBatch implements Disposable {
  readonly id: string;
  readonly #context: TriggerContext;
  readonly #log: LogWriter;
  readonly #ended = new AbortController();
  /** Runs that were asked to end. */
  readonly #cancelled = new Set<string>();
  #wake: () => void = () => undefined;
  #missing = 0;
  #lastFault = "";

  constructor(id: string, context: TriggerContext) {
    this.id = id;
    this.#context = context;
    this.#log = new LogWriter(id, context);
  }

  start(): void {
    this.#work().catch((error: unknown) => {
      if (error instanceof WorkLeft || this.#ended.signal.aborted) return;
      this.#context.onEnded(this.id);
      this.#tell(error);
    });
  }

  /** The log says that it is cancelled. */
  look(): void {
    this.#wake();
  }

  dispose(): void {
    this.#ended.abort(new WorkLeft());
    this.#log.dispose();
    this.#wake();
  }

  async #work(): Promise<void> {
    await this.#prefail();
    for (let pauses = 1; ; ) {
      const before = this.#state.revision;
      const isDone = await this.#trying(() => this.#step());
      if (isDone === true) return this.#context.onEnded(this.id);
      pauses = this.#state.revision === before ? Math.min(longestPauses, pauses * 2) : 1;
      await this.#pause(pauses * this.#context.pollMs);
    }
  }

  /** What trigger.dev does not do now it may do later. @returns undefined where it has to be tried again */
  async #trying<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await work();
      this.#lastFault = "";
      return result;
    } catch (error) {
      if (!(error instanceof TriggerFault)) throw error;
      if (error.message !== this.#lastFault) this.#tell(error);
      this.#lastFault = error.message;
      return undefined;
    }
  }

  /** @returns true once the batch has ended */
  async #step(): Promise<boolean> {
    if (this.#state.processingCompletedAt === undefined && !(await this.#handOver())) return await this.#finish();
    await this.#observe();
    return await this.#finish();
  }

  /** Items that can't be run are no business of trigger.dev's. */
  async #prefail(): Promise<void> {
    for (;;) {
      const unfit = (state: BatchState) => {
        const records: NewRecord[] = [];
        for (let index = 0; index < state.runCount && records.length < runsAtOnce; index++) {
          const { problem, state: stands } = state.run(index) ?? {};
          if (stands === "absent") records.push({ type: "uncreated", index, ...lost });
          else if (stands === "waiting" && problem !== undefined) {
            records.push({ type: "run", index, runId: state.runIdAt(index), prefailed: problem });
          }
        }
        return records;
      };
      if (!(await this.#log.update((state) => unfit(state).length > 0, unfit))) return;
    }
  }

  /** @returns false where there is nothing there */
  async #handOver(): Promise<boolean> {
    const state = this.#state;
    const indexes = handedIndexes(state);
    if (state.handedOver !== undefined) return true;
    if (state.isCancelled) await this.#giveUp("CANCELLED", "The batch was cancelled before it was handed over");
    if (state.isCancelled || indexes.length === 0) return false;
    const { api, store, clock } = this.#context;
    const { signal } = this.#ended;
    try {
      const { id: externalId, isCached } = await api.createBatch(indexes.length, this.id, signal);
      if (!isCached) {
        const lines = remoteLines(state, indexes, { store, api, nowMs: () => clock.nowMs() }, signal);
        await api.streamItems(externalId, lines, signal);
      }
      const isNew = (now: BatchState) => now.handedOver === undefined;
      await this.#log.update(isNew, [{ type: "handedOver", externalId, url: api.url }]);
      return true;
    } catch (error) {
      if (!(error instanceof TriggerFault) || error.isPassing) throw error;
      await this.#giveUp("NOT_HANDED_OVER", error.message);
      this.#tell(error);
      return false;
    }
  }

  /** No run will come of what waits. */
  async #giveUp(code: string, message: string, isMeant: (index: number) => boolean = () => true): Promise<void> {
    const waiting = (state: BatchState) => {
      const records: NewRecord[] = [];
      for (let index = 0; index < state.runCount && records.length < runsAtOnce; index++) {
        if (state.stateOf(index) === "waiting" && isMeant(index))
          records.push({ type: "uncreated", index, code, message });
      }
      return records;
    };
    while (await this.#log.update((state) => waiting(state).length > 0, waiting));
  }

  async #observe(): Promise<void> {
    const { api } = this.#context;
    const { signal } = this.#ended;
    const externalId = this.#state.handedOver?.externalId;
    if (externalId === undefined) return;
    // Asked for first: once it says that all runs are there, the list that is asked for after it has them.
    const batch = await api.batch(externalId, signal).catch(async (error: unknown) => {
      if (!(error instanceof TriggerFault) || error.status !== 404) throw error;
      await this.#lose(error);
      return undefined;
    });
    if (batch === undefined) return;
    const runs: RemoteRun[] = [];
    for await (const page of api.runs(externalId, signal)) runs.push(...page);
    const indexes = handedIndexes(this.#state);
    const known = knownRuns(this.#state, indexes, runs);
    const news = runs.flatMap((run) => {
      const index = known.get(run.id);
      return index === undefined || remoteRecords(this.#state, { index, run }).length === 0 ? [] : [{ index, run }];
    });
    await inGroups(news, runsAtOnce, (group) => this.#record(group));
    if (batch.processing.completedAt) await this.#complete(batch, indexes);
    if (this.#state.isCancelled) await this.#cancel(runs);
  }

  async #record(news: readonly KnownRun[]): Promise<void> {
    const { api } = this.#context;
    const told: KnownRun[] = [];
    await inGroups(news, askedAtOnce, async (group) => {
      const asked = group.map(async (each) =>
        outcomeOf(each.run) === undefined ? each : { ...each, details: await api.run(each.run.id, this.#ended.signal) },
      );
      told.push(...(await Promise.all(asked)));
    });
    const lacking = (state: BatchState) => told.flatMap((each) => remoteRecords(state, each));
    await this.#log.update((state) => lacking(state).length > 0, lacking);
  }

  /** Each item has a run there, or is known to get none. */
  async #complete({ processing }: RemoteBatch, indexes: readonly number[]): Promise<void> {
    if (this.#state.processingCompletedAt !== undefined) return;
    for (const { index, error, errorCode } of processing.errors) {
      await this.#giveUp(errorCode ?? "TRIGGER_FAILED", error, (own) => own === indexes[index]);
    }
    if (this.#state.count("waiting") > 0 && ++this.#missing < mostMissing) return;
    await this.#giveUp("RUN_MISSING", "trigger.dev created the run, and does not tell of it");
  }

  /** Nobody will ever tell what became of its runs. */
  async #lose({ message }: TriggerFault): Promise<void> {
    await this.#giveUp("RUN_MISSING", message);
    const open = (state: BatchState) => {
      const records: NewRecord[] = [];
      for (let index = 0; index < state.runCount && records.length < runsAtOnce; index++) {
        const stands = state.stateOf(index);
        if (stands !== "queued" && stands !== "running") continue;
        const attempt = state.lastAttempt(index)?.attempt ?? 0;
        if (stands === "running")
          records.push({ type: "attemptEnded", index, attempt, outcome: "crashed", error: message });
        records.push({ type: "runEnded", index, outcome: "failed", error: message });
      }
      return records;
    };
    while (await this.#log.update((state) => open(state).length > 0, open));
  }

  /** There is no call for a whole batch. */
  async #cancel(runs: readonly RemoteRun[]): Promise<void> {
    const open = runs.filter((run) => outcomeOf(run) === undefined && !this.#cancelled.has(run.id));
    await inGroups(open, askedAtOnce, async (group) => {
      await Promise.all(
        group.map(async ({ id }) => {
          await this.#context.api.cancelRun(id, this.#ended.signal);
          this.#cancelled.add(id);
        }),
      );
    });
  }

  async #finish(): Promise<boolean> {
    const { service } = this.#context;
    await this.#log.retrying(() => service.complete(this.id));
    await this.#log.retrying(() => service.finish(this.id));
    return this.#state.isFinal;
  }

  get #state(): BatchState {
    const state = this.#context.store.live(this.id);
    if (state === undefined || this.#log.isDisposed) throw new WorkLeft();
    return state;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#context.clock.after(ms, () => this.#wake());
      this.#wake = () => {
        timer.dispose();
        resolve();
      };
    });
  }

  #tell(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (error instanceof BatchRefused && error.status === 404) return;
    this.#context.onProblem(`Batch ${this.id}: ${describeError(thrown)}`, error);
  }
}

const lost = { code: "ITEM_LOST", message: "The record of the item is damaged" };

/** One group after the other. */
async function inGroups<T>(
  all: readonly T[],
  size: number,
  work: (group: readonly T[]) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < all.length; from += size) await work(all.slice(from, from + size));
}
