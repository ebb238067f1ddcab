// What the command line says of a batch in a line, and as JSON.

import { basename, dirname, join, resolve } from "node:path";
import { batchFolder, parseBatchLogName } from "../../trace/batch/batchIds";
import { batchProgress } from "../../trace/batch/batchProgress";
import type { BatchState } from "../../trace/batch/batchState";
import { failureSummary, groupErrors } from "../../trace/batch/errorGroups";
import { formatCount, formatDuration } from "../../trace/formatValue";
import { quantity } from "../../trace/problemList";
import { defaultDirectory } from "../command";
import { quotedWord, relativePath, statusMarks } from "../headerLines";
import { isoTime } from "../jsonTime";
import type { Piece } from "../screen";
import type { FoundBatch } from "./findBatch";

/** One or two words for its state, and the mark before them. */
export function stateWords({ state, runner }: Pick<FoundBatch, "state" | "runner">): { label: string; mark: Piece } {
  const { counts, status } = state;
  const failed = counts.failed + counts.prefailed + counts.uncreated;
  if (status === "ABORTED") return { label: "Aborted", mark: statusMarks.failed };
  if (status === "COMPLETED") {
    if (failed > 0) return { label: "Failed", mark: statusMarks.failed };
    if (counts.cancelled > 0) return { label: "Cancelled", mark: statusMarks.unknown };
    return { label: "Completed", mark: statusMarks.completed };
  }
  if (runner === "gone") return { label: "Interrupted", mark: statusMarks.crashed };
  if (runner === "unknown") return { label: "Unknown", mark: statusMarks.unknown };
  if (state.isCancelled) return { label: "Cancelling", mark: statusMarks.running };
  if (state.isPaused) return { label: "Paused", mark: statusMarks.waiting };
  return { label: "Running", mark: statusMarks.running };
}

/** "34 of 40, 2 failed · 12 a minute · 30 s to 1 m left" */
export function progressWords(state: BatchState, nowMs: number): string {
  const { done, total, failed, perMinute, leftMs } = batchProgress(state, nowMs);
  const running = state.counts.running;
  const parts = [
    `${formatCount(done)} of ${formatCount(total)}${failed === 0 ? "" : `, ${formatCount(failed)} failed`}`,
    state.isCancelled ? "being cancelled" : state.isPaused ? "paused" : "",
    running === 0 ? "" : `${formatCount(running)} running`,
    perMinute === undefined ? "" : `${formatRate(perMinute)} a minute`,
    leftMs === undefined ? "" : `${formatDuration(leftMs.least)} to ${formatDuration(leftMs.most)} left`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}

/** What came of it. */
export function endWords(state: BatchState): string {
  const { counts, status, abortReason, runCount } = state;
  if (status === "ABORTED") return `aborted: ${abortReason ?? "no run could be created"}`;
  const failure = failureSummary(state);
  const cancelled =
    counts.cancelled === 0 ? "" : `${formatCount(counts.cancelled)} of ${quantity(runCount, "run")} cancelled`;
  if (failure === undefined && cancelled === "") return `completed: ${quantity(runCount, "run")}`;
  return [failure, cancelled].filter(Boolean).join("; ");
}

type BatchFacts = Pick<FoundBatch, "state" | "file" | "runner">;

export function batchObject({ state, file, runner }: BatchFacts, nowMs: number): object {
  const { counts } = state;
  const { done, failed, perMinute, leftMs } = batchProgress(state, nowMs);
  const count = (value: number) => value || undefined;
  return {
    type: "batch",
    id: state.id,
    name: state.name,
    file,
    engine: state.created?.engine,
    status: state.status,
    sealed: state.sealed,
    state: stateWords({ state, runner }).label.toLowerCase(),
    paused: state.isPaused || undefined,
    cancelled: state.isCancelled || undefined,
    abortReason: state.abortReason,
    runCount: state.runCount,
    done,
    succeeded: counts.succeeded,
    failed,
    cancelledRuns: count(counts.cancelled),
    running: count(counts.running),
    backingOff: count(counts["backing-off"]),
    queued: count(counts.queued),
    createdAt: isoTime(state.createdAt || undefined),
    sealedAt: isoTime(state.sealedAt),
    processingCompletedAt: isoTime(state.processingCompletedAt),
    completedAt: isoTime(state.completedAt),
    perMinute: perMinute === undefined ? undefined : Math.round(perMinute * 10) / 10,
    leftMs: leftMs && { least: Math.round(leftMs.least), most: Math.round(leftMs.most) },
    parentSession: state.created?.parentSession,
    errors: groupErrors(state).map(({ message, indexes }) => ({ message, count: indexes.length, indexes })),
  };
}

function formatRate(perMinute: number): string {
  return perMinute < 10 ? String(Math.round(perMinute * 10) / 10) : formatCount(perMinute);
}

/** Command by which somebody in this folder sees the batch. @param file path of its log */
export function showBatchFor(file: string): string {
  const isHere = dirname(file) === join(resolve(defaultDirectory), batchFolder);
  const argument = isHere ? (parseBatchLogName(basename(file)) ?? file) : relativePath(file);
  return `tracekeeper batch show ${quotedWord(argument)}`;
}
