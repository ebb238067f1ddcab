// What a list says of a batch: a few facts of its state, which stay when the state itself is let go.

import type { BatchStatus, BatchWriter } from "./batchRecord";
import type { BatchState } from "./batchState";
import { type RunState, runStates } from "./runColumns";

export type RunCounts = Readonly<Record<RunState, number>>;

export interface BatchSummary {
  readonly id: string;
  readonly name: string | undefined;
  /** "local" or "trigger.dev"; undefined where the first record is lost. */
  readonly engine: string | undefined;
  readonly status: BatchStatus;
  readonly sealed: boolean;
  readonly processingCompletedAt: number | undefined;
  readonly isPaused: boolean;
  readonly isCancelled: boolean;
  /** Nothing more happens by itself. */
  readonly isFinal: boolean;
  readonly abortReason: string | undefined;
  readonly runCount: number;
  readonly counts: RunCounts;
  /** 0 where nobody knows. */
  readonly createdAt: number;
  readonly updatedAt: number;
  /** When all runs had ended, or the batch was aborted. */
  readonly endedAt: number | undefined;
  /** Safe id of the session that triggered it. */
  readonly parentSession: string | undefined;
  readonly writer: BatchWriter | undefined;
}

export function summarizeBatch(state: BatchState): BatchSummary {
  const aborted = state.status === "ABORTED" ? state.statusChanges.at(-1)?.at : undefined;
  return {
    id: state.id,
    name: state.name,
    engine: state.created?.engine,
    status: state.status,
    sealed: state.sealed,
    processingCompletedAt: state.processingCompletedAt,
    isPaused: state.isPaused,
    isCancelled: state.isCancelled,
    isFinal: state.isFinal,
    abortReason: state.abortReason,
    runCount: state.runCount,
    counts: state.counts,
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
    endedAt: state.completedAt ?? aborted,
    parentSession: state.created?.parentSession,
    writer: state.writer,
  };
}

/** Runs that ended badly, or that could not be created. */
export function failedRuns(counts: RunCounts): number {
  return counts.failed + counts.prefailed + counts.uncreated;
}

/** Runs to which nothing more happens by itself. */
export function endedRuns(counts: RunCounts): number {
  return counts.succeeded + counts.cancelled + failedRuns(counts);
}

export function noRuns(): Record<RunState, number> {
  return Object.fromEntries(runStates.map((state) => [state, 0])) as Record<RunState, number>;
}
