// What follows the end of an attempt: another one after a pause, or the end of the run.

import { type BatchSettings, mostErrorLength, type RunOutcome } from "../trace/batch/batchRecord";
import type { BatchState } from "../trace/batch/batchState";
import type { NewRecord } from "./batchLog";
import type { AttemptOutcome } from "./runner";

/** Records of an attempt's end. @param attempt the one under way */
export function recordsOfEnd(
  state: BatchState,
  index: number,
  attempt: number,
  end: AttemptOutcome,
  nowMs: number,
): NewRecord[] {
  const { outcome, exitCode } = end;
  const error = end.error?.slice(0, mostErrorLength);
  const ended = { type: "attemptEnded" as const, index, attempt, outcome, error, exitCode };
  const settings = state.created?.settings;
  const canFollow = outcome === "failed" || outcome === "crashed";
  if (canFollow && settings !== undefined && !state.isCancelled && attempt < mostAttempts(state, index, settings)) {
    return [{ ...ended, retryAt: nowMs + pauseAfter(attempt - (state.run(index)?.retriedAfter ?? 0), settings) }];
  }
  return [ended, { type: "runEnded", index, outcome: runOutcomeOf(outcome) }];
}

/** How a run ends whose last attempt ended so. */
export function runOutcomeOf(outcome: AttemptOutcome["outcome"]): RunOutcome {
  return outcome === "crashed" ? "failed" : outcome;
}

function mostAttempts(state: BatchState, index: number, settings: BatchSettings): number {
  const run = state.run(index);
  // One that was retried by hand gets that one attempt.
  if (run?.retriedAfter !== undefined) return run.retriedAfter + 1;
  return run?.options?.maxAttempts ?? settings.maxAttempts;
}

function pauseAfter(failures: number, { backoffMs, backoffFactor, maxBackoffMs }: BatchSettings): number {
  return Math.round(Math.min(maxBackoffMs, backoffMs * backoffFactor ** (failures - 1)));
}
