// What the state of a batch tells of a single thing: a change of its status, a stream of items, a run, and a record that
// does not fit.

import type { Problem } from "../problem";
import type { BatchStatus, ItemOptions, PayloadPlace, RecordedAnswer, RunFault } from "./batchRecord";
import type { BatchAttempt, RunState } from "./runColumns";

/** The status, and the flags that decided with it. */
export interface StatusChange {
  readonly at: number;
  readonly status: BatchStatus;
  readonly sealed: boolean;
  readonly processingCompletedAt: number | undefined;
  /** In words, for example "all runs created". */
  readonly why: string;
}

export interface BatchStream extends RecordedAnswer {
  readonly at: number;
  readonly number: number;
}

export interface BatchRun {
  readonly index: number;
  readonly state: RunState;
  readonly task: string;
  /** Undefined before the run exists. */
  readonly runId: string | undefined;
  readonly createdAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly attempts: readonly BatchAttempt[];
  /** Why it could not be created. */
  readonly fault: RunFault | undefined;
  /** With which it came, so that it will never run. */
  readonly problem: RunFault | undefined;
  /** Of the fault, of the run's end or of its last attempt. */
  readonly error: string | undefined;
  readonly cachedFrom: string | undefined;
  readonly place: PayloadPlace | undefined;
  readonly payloadType: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly options: ItemOptions | undefined;
  /** Attempts that it had had when it was retried by hand; undefined where it never was. */
  readonly retriedAfter: number | undefined;
}

const finalStates: ReadonlySet<RunState> = new Set(["succeeded", "failed", "cancelled", "prefailed", "uncreated"]);

/** Nothing more happens to it by itself. */
export function isFinalRunState(state: RunState): boolean {
  return finalStates.has(state);
}

/** Of the log: a record that can't follow what came before. */
export function passedOver(message: string): Problem {
  return { code: "journal-record", severity: "warning", message: `${message}; that record is passed over` };
}

/** Of the log: an earlier record was lost, as a later one shows. */
export function lost(what: string): Problem {
  return { code: "journal-gap", severity: "error", message: `${what} is missing in the log` };
}
