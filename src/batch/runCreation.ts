// Makes a run of each item of a sealed batch, a few at a time. One that can't be made becomes a pre-failed run, whose cell
// opens a trace that says why; only when that fails too is there none.

import { describeError } from "../base/logger";
import { attemptSessionId, parseRunId } from "../trace/batch/batchIds";
import type { RunFault } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import { isRunWithoutResult } from "./cachedRuns";
import type { LocalContext } from "./localContext";
import { type LogWriter, WorkLeft } from "./logWriter";
import { runItemOf } from "./runItem";
import { ItemRefused, type RunItem } from "./runner";

const mostAtOnce = 16;

export class RunCreation {
  readonly #id: string;
  readonly #context: LocalContext;
  readonly #log: LogWriter;
  readonly #onCreated: (index: number) => void;
  #next = 0;

  /** @param onCreated called once a run is in the log */
  constructor(id: string, context: LocalContext, log: LogWriter, onCreated: (index: number) => void) {
    this.#id = id;
    this.#context = context;
    this.#log = log;
    this.#onCreated = onCreated;
  }

  /** Resolves when each item has a run, or is known to get none. Rejects as `LogWriter.update` does. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: mostAtOnce }, () => this.#work()));
  }

  async #work(): Promise<void> {
    for (;;) {
      const index = this.#next++;
      const state = this.#live();
      if (index >= state.runCount) return;
      const stands = state.stateOf(index);
      if (stands === "absent") {
        const lost = { code: "ITEM_LOST", message: "The record of the item is damaged" };
        await this.#log.update(isAt(index, "absent"), [{ type: "uncreated", index, ...lost }]);
      } else if (stands === "waiting") await this.#create(state, index);
    }
  }

  async #create(state: BatchState, index: number): Promise<void> {
    const item = runItemOf(state, index, this.#context.store);
    if (!state.isCancelled) {
      const fault = state.run(index)?.problem ?? (await this.#faultOf(item));
      if (fault !== undefined) return await this.#prefail(item, fault);
    }
    const earlier = state.isCancelled ? undefined : await this.#earlierRun(state, item);
    const isCreated = await this.#log.update(isAt(index, "waiting"), ({ isCancelled }) => [
      { type: "run", index, runId: earlier ?? item.runId, cachedFrom: earlier },
      ...(isCancelled ? [{ type: "runEnded" as const, index, outcome: "cancelled" as const }] : []),
    ]);
    if (isCreated) this.#onCreated(index);
  }

  /** The run of an earlier item of the same task and key. */
  async #earlierRun(state: BatchState, { index, task, runId }: RunItem): Promise<string | undefined> {
    const run = state.run(index);
    const key = run?.idempotencyKey;
    if (key === undefined) return undefined;
    const { store, clock } = this.#context;
    const claim = { task, key, runId, ttlMs: run?.options?.keyTtlMs };
    const holder = await this.#log.retrying(() =>
      store.keys.claim(claim, clock.nowMs(), async (id) => {
        const source = parseRunId(id);
        return source === undefined || isRunWithoutResult(await store.state(source.batchId), source.index);
      }),
    );
    return holder === runId ? undefined : holder;
  }

  async #faultOf(item: RunItem): Promise<RunFault | undefined> {
    try {
      await this.#context.runner.prepare(item);
      return undefined;
    } catch (error) {
      this.#live();
      if (error instanceof ItemRefused) return { code: error.code, message: error.message };
      return { code: "UNEXPECTED_ERROR", message: describeError(error) };
    }
  }

  async #prefail(item: RunItem, fault: RunFault): Promise<void> {
    const { index, runId } = item;
    try {
      await this.#context.runner.prefail({ ...item, sessionId: attemptSessionId(runId, 1), fault });
    } catch (error) {
      this.#live();
      const message = `${fault.message} (and no trace of that can be recorded: ${describeError(error)})`;
      await this.#log.update(isAt(index, "waiting"), [{ type: "uncreated", index, code: fault.code, message }]);
      return;
    }
    this.#live();
    await this.#log.update(isAt(index, "waiting"), [{ type: "run", index, runId, prefailed: fault }]);
  }

  /** Throws `WorkLeft` where this process no longer works on the batch. */
  #live(): BatchState {
    const state = this.#context.store.live(this.#id);
    if (state === undefined || this.#log.isDisposed) throw new WorkLeft();
    return state;
  }
}

function isAt(index: number, stands: "absent" | "waiting"): (state: BatchState) => boolean {
  return (state) => state.stateOf(index) === stands;
}
