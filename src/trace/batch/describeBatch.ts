// The state of a batch in words, the same in the editor, the view, notifications and on the command line: one or two words
// for the state, and beside it what a person would ask next. English; whoever shows another language translates the label.

import { formatCount } from "../formatValue";
import { type BatchSummary, endedRuns, failedRuns } from "./batchSummary";

export const batchWords = [
  "waitingForItems",
  "creatingRuns",
  "running",
  "paused",
  "cancelling",
  /** It isn't over, and nobody works on it. */
  "interrupted",
  /** It isn't over, and nobody here can tell whether somebody works on it. */
  "unknown",
  "completed",
  /** All runs ended, and some of them badly. */
  "partlyFailed",
  /** All runs ended, and none of them well. */
  "failed",
  "cancelled",
  "aborted",
] as const;
export type BatchWord = (typeof batchWords)[number];

/** Whether a process works on the batch, as far as one can tell. */
export type BatchRunner = "alive" | "gone" | "unknown";

export function batchWord(batch: BatchSummary, runner: BatchRunner): BatchWord {
  const { counts, status } = batch;
  if (status === "ABORTED") return "aborted";
  if (status === "COMPLETED") {
    if (failedRuns(counts) > 0) return counts.succeeded > 0 ? "partlyFailed" : "failed";
    return counts.cancelled > 0 ? "cancelled" : "completed";
  }
  if (runner === "gone") return "interrupted";
  if (runner === "unknown") return "unknown";
  if (batch.isCancelled) return "cancelling";
  if (batch.isPaused) return "paused";
  if (counts.running + counts["backing-off"] > 0) return "running";
  if (!batch.sealed && batch.processingCompletedAt === undefined) return "waitingForItems";
  if (counts.waiting + counts.absent > 0) return "creatingRuns";
  return "running";
}

const labels: Readonly<Record<BatchWord, string>> = {
  waitingForItems: "Waiting for items",
  creatingRuns: "Creating runs",
  running: "Running",
  paused: "Paused",
  cancelling: "Cancelling",
  interrupted: "Interrupted",
  unknown: "Unknown",
  completed: "Completed",
  partlyFailed: "Partly failed",
  failed: "Failed",
  cancelled: "Cancelled",
  aborted: "Aborted",
};

export function batchWordLabel(word: BatchWord): string {
  return labels[word];
}

/** "34 of 40, 2 failed": runs that ended of all, and how many of them badly. */
export function describeBatchProgress({ counts, runCount }: BatchSummary): string {
  const failed = failedRuns(counts);
  const parts = [`${formatCount(endedRuns(counts))} of ${formatCount(runCount)}`];
  if (failed > 0) parts.push(`${formatCount(failed)} failed`);
  if (counts.cancelled > 0) parts.push(`${formatCount(counts.cancelled)} cancelled`);
  return parts.join(", ");
}

/** The flags that decide with the status, as in "PENDING, sealed, completed". */
export function describeFlags(
  change: { readonly status: string; readonly sealed: boolean; readonly processingCompletedAt: number | undefined },
  time: (atMs: number) => string,
): string {
  return [
    change.status,
    ...(change.sealed ? ["sealed"] : []),
    ...(change.processingCompletedAt === undefined ? [] : [`completed ${time(change.processingCompletedAt)}`]),
  ].join(", ");
}
