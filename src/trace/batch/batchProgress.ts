// How far a batch is, how fast it goes, and how long it may take: a range, because runs take as long as they take, and
// nothing where there is too little to say.

import type { StatusChange } from "./batchFacts";
import type { BatchState } from "./batchState";
import { runStates } from "./runColumns";

export interface BatchProgress {
  /** Runs to which nothing more happens by themselves. */
  readonly done: number;
  readonly total: number;
  /** Of those done. */
  readonly failed: number;
  /** Runs that ended a minute, of late. */
  readonly perMinute: number | undefined;
  /** Until all are done. */
  readonly leftMs: { readonly least: number; readonly most: number } | undefined;
}

/** What is asked of a batch's state; the page of a batch has no more. */
export type ProgressSource = Pick<
  BatchState,
  "counts" | "runCount" | "isPaused" | "isFinal" | "endTimes" | "stateCodes" | "processingStartedAt"
> & { readonly statusChanges: readonly Pick<StatusChange, "at" | "why">[] };

/** So far back goes what counts as of late. */
const windowMs = 3 * 60_000;
const fewestEnds = 5;
/** A shorter time tells of the first runs alone. */
const shortestMs = 2_000;

export function batchProgress(state: ProgressSource, nowMs: number): BatchProgress {
  const { counts, runCount } = state;
  const failed = counts.failed + counts.prefailed + counts.uncreated;
  const done = counts.succeeded + counts.cancelled + failed;
  const none = { done, total: runCount, failed, perMinute: undefined, leftMs: undefined };
  if (state.isPaused || state.isFinal || done === runCount) return none;
  const ends = endsOfLate(state, nowMs);
  // It may have stood still before.
  const sinceMs = Math.max(nowMs - windowMs, firstStartMs(state) ?? nowMs);
  const lastedMs = nowMs - sinceMs;
  if (ends < fewestEnds || lastedMs < shortestMs) return none;
  const perMs = ends / lastedMs;
  // Of so many events a number is known to within its square root.
  const doubt = 1 / Math.sqrt(ends);
  const left = runCount - done;
  return {
    ...none,
    perMinute: perMs * 60_000,
    leftMs: { least: left / (perMs * (1 + doubt)), most: left / (perMs * (1 - doubt)) },
  };
}

const worked: ReadonlySet<string> = new Set(["succeeded", "failed"]);

/** Of runs that were run: one that could not be created took no time. */
function endsOfLate({ endTimes, stateCodes, runCount }: ProgressSource, nowMs: number): number {
  let count = 0;
  for (let index = 0; index < runCount; index++) {
    const endMs = endTimes[index] ?? Number.NaN;
    if (endMs > nowMs - windowMs && endMs <= nowMs && worked.has(runStates[stateCodes[index] ?? 0] ?? "")) count++;
  }
  return count;
}

function firstStartMs(state: ProgressSource): number | undefined {
  return state.statusChanges.findLast(({ why }) => why.endsWith("tried again"))?.at ?? state.processingStartedAt;
}
