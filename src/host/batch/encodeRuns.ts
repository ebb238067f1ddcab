// Runs of a batch as the columns that travel to a page. Each text travels once; long ones are cut here, and whole only
// for the run that is selected.

import { noText, openOutcome, type RunDetails, type RunRows } from "../../protocol/batchMessages";
import { triggerEngineName } from "../../session/batch/remoteEngineSchema";
import { attemptOutcomes } from "../../trace/batch/batchRecord";
import type { BatchState } from "../../trace/batch/batchState";
import { runStates } from "../../trace/batch/runColumns";

const mostTextLength = 300;

/** The texts that a page has by their number. */
export class SentTexts {
  readonly #numbers = new Map<string, number>();
  #new: string[] = [];

  number(text: string | undefined): number {
    if (text === undefined || text === "") return noText;
    const cut = text.length > mostTextLength ? `${text.slice(0, mostTextLength)}…` : text;
    const known = this.#numbers.get(cut);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#numbers.set(cut, number);
    this.#new.push(cut);
    return number;
  }

  /** Those that were numbered since the last call. */
  take(): { readonly firstText: number; readonly texts: string[] } {
    const texts = this.#new;
    this.#new = [];
    return { firstText: this.#numbers.size - texts.length, texts };
  }
}

export function encodeRuns(state: BatchState, indexes: readonly number[], sent: SentTexts): RunRows {
  const runs = indexes.flatMap((index) => state.run(index) ?? []);
  const all = runs.flatMap(({ attempts }) => attempts);
  return {
    indexes: Uint32Array.from(runs, ({ index }) => index),
    states: Uint8Array.from(runs, (run) => runStates.indexOf(run.state)),
    tasks: Uint32Array.from(runs, ({ task }) => sent.number(task)),
    names: Uint32Array.from(runs, ({ options }) => sent.number(options?.name)),
    createdMs: Float64Array.from(runs, ({ createdAt }) => createdAt ?? Number.NaN),
    endedMs: Float64Array.from(runs, ({ endedAt }) => endedAt ?? Number.NaN),
    errors: Uint32Array.from(runs, ({ error }) => sent.number(error)),
    attemptCounts: Uint16Array.from(runs, ({ attempts }) => attempts.length),
    attempts: {
      numbers: Uint16Array.from(all, ({ attempt }) => attempt),
      startMs: Float64Array.from(all, ({ startMs }) => startMs),
      endMs: Float64Array.from(all, ({ endMs }) => endMs ?? Number.NaN),
      outcomes: Uint8Array.from(all, ({ outcome }) =>
        outcome === undefined ? openOutcome : attemptOutcomes.indexOf(outcome),
      ),
      errors: Uint32Array.from(all, ({ error }) => sent.number(error)),
      retryMs: Float64Array.from(all, ({ retryAtMs }) => retryAtMs ?? Number.NaN),
    },
    ...sent.take(),
  };
}

/** Undefined where the batch has no such run. @param hasTrace of a session by its safe id */
export function runDetails(
  state: BatchState,
  index: number,
  hasTrace: (session: string) => boolean,
): RunDetails | undefined {
  const run = state.run(index);
  if (run === undefined) return undefined;
  return {
    index,
    runId: run.runId,
    state: run.state,
    task: run.task,
    name: run.options?.name,
    tags: run.options?.tags?.slice(0, 50) ?? [],
    idempotencyKey: run.idempotencyKey,
    cachedFrom: run.cachedFrom,
    payloadBytes: run.place?.length,
    payloadType: run.payloadType,
    createdMs: run.createdAt,
    endedMs: run.endedAt,
    faultCode: run.fault?.code,
    error: run.error,
    attempts: run.attempts.map((attempt) => ({
      number: attempt.attempt,
      startMs: attempt.startMs,
      endMs: attempt.endMs,
      outcome: attempt.outcome,
      error: attempt.error,
      exitCode: attempt.exitCode,
      retryMs: attempt.retryAtMs,
      // Of one that ran elsewhere its page is offered.
      hasTrace: state.created?.engine === triggerEngineName || hasTrace(attempt.session),
    })),
  };
}
