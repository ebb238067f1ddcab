// What is told of a batch, in the shapes that trigger.dev's SDK 4.8 demands, with fields of ours beside them, which it
// passes over. Times are ISO 8601. "successful" there means that the run was created.

import type { BatchState } from "../../trace/batch/batchState";
import { runStates } from "../../trace/batch/runColumns";

export interface ItemError {
  readonly index: number;
  readonly taskIdentifier: string;
  readonly error: string;
  readonly errorCode?: string | undefined;
}

/** Errors that are told of one batch. */
const mostErrors = 1_000;

/** `GET /api/v2/batches/:id` */
export function retrievedBatch(state: BatchState): object {
  const { processingCompletedAt } = state;
  return {
    ...common(state),
    processing: {
      completedAt: processingCompletedAt === undefined ? undefined : isoTime(processingCompletedAt),
      errors: uncreatedErrors(state),
    },
  };
}

/** `GET /api/v1/batches/:id` */
export function batchDetails(state: BatchState): object {
  const errors = uncreatedErrors(state);
  return {
    ...common(state),
    successfulRunCount: state.successfulRunCount,
    failedRunCount: state.failedRunCount,
    errors: errors.length === 0 ? undefined : errors,
    ...summary(state),
    sealedAt: state.sealedAt === undefined ? undefined : isoTime(state.sealedAt),
    processingStartedAt: timeOf(state.processingStartedAt),
    processingCompletedAt: timeOf(state.processingCompletedAt),
    completedAt: timeOf(state.completedAt),
    abortReason: state.abortReason,
    runErrors: runErrors(state),
  };
}

/** An entry of `GET /api/v1/batches` */
export function listedBatch(state: BatchState): object {
  const { runs: _, ...facts } = common(state);
  return { ...facts, ...summary(state), completedAt: timeOf(state.completedAt) };
}

function common(state: BatchState) {
  return {
    id: state.id,
    status: state.status,
    idempotencyKey: state.created?.idempotencyKey,
    createdAt: isoTime(state.createdAt),
    updatedAt: isoTime(state.updatedAt),
    runCount: state.runCount,
    runs: runIds(state),
  };
}

function summary(state: BatchState) {
  return {
    name: state.name,
    engine: state.created?.engine,
    sealed: state.sealed,
    isPaused: state.isPaused,
    isCancelled: state.isCancelled,
    counts: state.counts,
  };
}

/** Of the runs that exist, by index. */
function runIds(state: BatchState): string[] {
  const ids: string[] = [];
  const codes = state.stateCodes;
  for (let index = 0; index < state.runCount; index++) {
    const name = runStates[codes[index] ?? 0];
    if (name !== "absent" && name !== "waiting" && name !== "uncreated") ids.push(state.runIdAt(index));
  }
  return ids;
}

/** Items of which neither a run nor a pre-failed one could be created: those that `failedRunCount` counts. */
function uncreatedErrors(state: BatchState): ItemError[] {
  const errors: ItemError[] = [];
  for (const index of indexesOf(state, ["uncreated"])) {
    const { task = "", fault } = state.run(index) ?? {};
    errors.push({ index, taskIdentifier: task, error: fault?.message ?? "", errorCode: fault?.code });
  }
  return errors;
}

/** Runs that failed, those that had failed before they began among them. */
function runErrors(state: BatchState): object[] {
  const errors: object[] = [];
  for (const index of indexesOf(state, ["failed", "prefailed"])) {
    const { task = "", error = "", fault } = state.run(index) ?? {};
    errors.push({ index, taskIdentifier: task, runId: state.runIdAt(index), error, errorCode: fault?.code });
  }
  return errors;
}

function* indexesOf(state: BatchState, states: readonly (typeof runStates)[number][]): Generator<number> {
  const wanted = new Set(states.map((name) => runStates.indexOf(name)));
  const codes = state.stateCodes;
  let found = 0;
  for (let index = 0; index < state.runCount && found < mostErrors; index++) {
    if (!wanted.has(codes[index] ?? 0)) continue;
    found++;
    yield index;
  }
}

export function isoTime(ms: number): string {
  const date = new Date(ms);
  // A log that was damaged may hold any number.
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : isoTime(ms);
}
