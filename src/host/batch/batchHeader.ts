// The header of a batch's page: what the log tells, with what depends on who runs the batch and on the language. What can
// be done with a batch is decided here alone, for the page's buttons, the view's menus and the commands.

import type { BatchAction, BatchHeader, BatchHindrance } from "../../protocol/batchMessages";
import { triggerEngineName } from "../../session/batch/remoteEngineSchema";
import type { BatchState } from "../../trace/batch/batchState";
import { type BatchSummary, failedRuns, summarizeBatch } from "../../trace/batch/batchSummary";
import { type BatchRunner, type BatchWord, batchWord } from "../../trace/batch/describeBatch";
import { runStates } from "../../trace/batch/runColumns";
import type { Problem } from "../../trace/problem";

/** Who runs a batch, as far as this window can tell. */
export interface RunnerFacts {
  readonly type: BatchRunner;
  readonly pid?: number | undefined;
  readonly host?: string | undefined;
  /** It can be asked to do something. */
  readonly isReachable: boolean;
}

export interface Circumstances {
  readonly runner: RunnerFacts;
  readonly isTrusted: boolean;
  /** What it has been asked for, until that is answered. */
  readonly underWay?: BatchAction | undefined;
  label(word: BatchWord): string;
}

const mostChanges = 200;
const mostStreams = 200;
const mostProblems = 50;

export function batchHeader(state: BatchState, problems: readonly Problem[], of: Circumstances): BatchHeader {
  const summary = summarizeBatch(state);
  const { counts } = summary;
  const word = batchWord(summary, of.runner.type);
  const { settings } = state.created ?? {};
  return {
    id: summary.id,
    name: summary.name,
    engine: summary.engine,
    externalId: state.handedOver?.externalId,
    runCount: summary.runCount,
    status: summary.status,
    sealed: summary.sealed,
    isPaused: summary.isPaused,
    isCancelled: summary.isCancelled,
    isFinal: summary.isFinal,
    abortReason: summary.abortReason,
    createdMs: summary.createdAt,
    startedMs: state.processingStartedAt,
    updatedMs: summary.updatedAt,
    endedMs: summary.endedAt,
    word,
    label: of.label(word),
    counts: runStates.map((name) => counts[name]),
    concurrency: settings?.concurrency,
    maxAttempts: settings?.maxAttempts,
    hasParent: summary.parentSession !== undefined,
    runner: { type: of.runner.type, pid: of.runner.pid, host: of.runner.host },
    controls: {
      cancel: { hindrance: hindranceOf("cancel", summary, of) },
      pause: { hindrance: hindranceOf("pause", summary, of) },
      unpause: { hindrance: hindranceOf("unpause", summary, of) },
      retryFailed: { hindrance: hindranceOf("retryFailed", summary, of) },
      goOn: { hindrance: hindranceOf("goOn", summary, of) },
    },
    changes: state.statusChanges.slice(-mostChanges).map(({ at, status, sealed, processingCompletedAt, why }) => ({
      atMs: at,
      status,
      sealed,
      completedMs: processingCompletedAt,
      why,
    })),
    changeCount: state.statusChanges.length,
    streams: state.streams.slice(-mostStreams).map(({ at, number, status, isRetrySuccess, ...answer }) => ({
      atMs: at,
      number,
      httpStatus: status,
      sealed: answer.sealed,
      accepted: answer.accepted,
      deduplicated: answer.deduplicated,
      reason: answer.reason,
      isRetrySuccess: isRetrySuccess === true,
      error: answer.error,
    })),
    streamCount: state.streams.length,
    problems: problems.slice(0, mostProblems).map(({ severity, message, offsetBytes, count }) => ({
      severity,
      message,
      offsetBytes,
      count,
    })),
    problemCount: problems.length,
  };
}

/** Why that can't be done with the batch now; undefined where it can. */
export function hindranceOf(
  action: BatchAction,
  batch: BatchSummary,
  { runner, isTrusted, underWay }: Omit<Circumstances, "label">,
): BatchHindrance | undefined {
  if (!isTrusted) return "restricted";
  if (underWay !== undefined) return "underWay";
  const own = ownHindrance(action, batch);
  if (own !== undefined) return own;
  if (action === "goOn") {
    if (runner.type === "alive") return "runsAlready";
    return runner.type === "unknown" ? "elsewhere" : undefined;
  }
  if (runner.type === "alive") return runner.isReachable ? undefined : "unreachable";
  if (runner.type === "unknown") return "elsewhere";
  // A process that takes the batch over does these first.
  return action === "retryFailed" || action === "cancel" ? undefined : "nobodyRuns";
}

function ownHindrance(action: BatchAction, batch: BatchSummary): BatchHindrance | undefined {
  if (batch.engine === triggerEngineName && action !== "cancel" && action !== "goOn") return "engine";
  if (action === "retryFailed") {
    if (batch.status === "ABORTED" || batch.processingCompletedAt === undefined) return "notCreated";
    // What could not be created at all can't be tried again either.
    return failedRuns(batch.counts) - batch.counts.uncreated + batch.counts.cancelled === 0
      ? "nothingFailed"
      : undefined;
  }
  if (batch.isFinal) return "over";
  switch (action) {
    case "cancel":
      return batch.isCancelled ? "cancelled" : undefined;
    case "pause":
      return batch.isPaused ? "isPaused" : batch.isCancelled ? "cancelled" : undefined;
    case "unpause":
      return batch.isPaused ? undefined : "isNotPaused";
    case "goOn":
      return undefined;
  }
}
