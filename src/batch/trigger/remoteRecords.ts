// What a batch's log lacks of what trigger.dev tells of its runs. Times in the log are those at which it was heard of.

import { type AttemptOutcomeWord, mostErrorLength } from "../../trace/batch/batchRecord";
import type { BatchState } from "../../trace/batch/batchState";
import { safeId } from "../../trace/safeId";
import { runOutcomeOf } from "../attemptEnd";
import type { NewRecord } from "../batchLog";
import type { RemoteRun, RemoteRunDetails } from "./triggerAnswers";

export interface KnownRun {
  /** Of our item. */
  readonly index: number;
  readonly run: RemoteRun;
  /** Of one that has ended. */
  readonly details?: RemoteRunDetails | undefined;
}

/** Nothing where the log has it all. */
export function remoteRecords(state: BatchState, { index, run, details }: KnownRun): NewRecord[] {
  const records: NewRecord[] = [];
  let stands = state.stateOf(index);
  if (stands === "waiting") {
    records.push({ type: "run", index, runId: run.id });
    stands = "queued";
  }
  if (stands !== "queued" && stands !== "running") return records;
  const outcome = outcomeOf(run);
  const isUnderWay = isExecuting(run.status) || outcome !== undefined;
  // One that was cancelled before it began has had no attempt.
  const hasBegun = isUnderWay && !(outcome === "cancelled" && stands === "queued");
  const last = state.lastAttempt(index)?.attempt ?? 0;
  let attempt = last;
  if (hasBegun && stands === "queued") {
    attempt = Math.max(last + 1, details?.attemptCount ?? 1);
    records.push({ type: "attempt", index, attempt, session: safeId(run.id) });
  }
  if (outcome === undefined) return records;
  const error = details?.error?.message.slice(0, mostErrorLength) || undefined;
  if (hasBegun) records.push({ type: "attemptEnded", index, attempt, outcome, error });
  records.push({ type: "runEnded", index, outcome: runOutcomeOf(outcome) });
  return records;
}

function isExecuting(status: string): boolean {
  return status === "EXECUTING" || status === "WAITING" || status === "REATTEMPTING" || status === "FROZEN";
}

/** Undefined while the run has not ended. */
export function outcomeOf({ status, isCompleted, isSuccess }: RemoteRun): AttemptOutcomeWord | undefined {
  switch (status) {
    case "COMPLETED":
      return "succeeded";
    case "CANCELED":
      return "cancelled";
    case "CRASHED":
    case "SYSTEM_FAILURE":
      return "crashed";
    case "FAILED":
    case "INTERRUPTED":
    case "TIMED_OUT":
    case "EXPIRED":
      return "failed";
    default:
      return isCompleted ? (isSuccess ? "succeeded" : "failed") : undefined;
  }
}
