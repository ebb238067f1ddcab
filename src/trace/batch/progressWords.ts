// How far a batch is, and what came of it, in a line.

import { formatCount, formatDuration } from "../formatValue";
import { quantity } from "../problemList";
import { batchProgress } from "./batchProgress";
import type { BatchState } from "./batchState";
import { failureSummary } from "./errorGroups";

/** "34 of 40, 2 failed · 4 running · 12 a minute · 30 s to 1 m left" */
export function progressWords(state: BatchState, nowMs: number): string {
  const { done, total, failed, perMinute, leftMs } = batchProgress(state, nowMs);
  const { running } = state.counts;
  const parts = [
    `${formatCount(done)} of ${formatCount(total)}${failed === 0 ? "" : `, ${formatCount(failed)} failed`}`,
    state.isFinal ? "" : state.isCancelled ? "being cancelled" : state.isPaused ? "paused" : "",
    running === 0 ? "" : `${formatCount(running)} running`,
    perMinute === undefined ? "" : `${formatRate(perMinute)} a minute`,
    leftMs === undefined ? "" : `${formatDuration(leftMs.least)} to ${formatDuration(leftMs.most)} left`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** What is wrong with a batch that has ended: "3 of 40 runs failed: …; 1 of 40 runs cancelled". Undefined for nothing. */
export function batchFailure(state: BatchState): string | undefined {
  const { status, runCount, counts, abortReason } = state;
  const summary = failureSummary(state);
  if (status === "ABORTED") return `the batch was aborted: ${summary ?? abortReason ?? "no run could be created"}`;
  const { cancelled } = counts;
  const words = cancelled === 0 ? undefined : `${formatCount(cancelled)} of ${quantity(runCount, "run")} cancelled`;
  return summary === undefined ? words : words === undefined ? summary : `${summary}; ${words}`;
}

/** What came of a batch that has ended. */
export function endWords(state: BatchState): string {
  return batchFailure(state) ?? `completed: ${quantity(state.runCount, "run")}`;
}

function formatRate(perMinute: number): string {
  return perMinute < 10 ? String(Math.round(perMinute * 10) / 10) : formatCount(perMinute);
}
