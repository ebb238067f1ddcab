// What is told of one run, in the shapes that trigger.dev's SDK 4.8 demands: `RetrieveRunResponse` and
// `TaskRunExecutionResult`.

import type { BatchRun } from "../../trace/batch/batchFacts";
import type { BatchState } from "../../trace/batch/batchState";
import { isoTime } from "./batchViews";

type RunStatus = "QUEUED" | "DELAYED" | "EXECUTING" | "COMPLETED" | "FAILED" | "CRASHED" | "CANCELED";

/** Undefined where the run does not exist, or not yet. */
function statusOf(run: BatchRun, nowMs: number): RunStatus | undefined {
  switch (run.state) {
    case "queued": {
      const delayMs = run.options?.delayMs ?? 0;
      return run.createdAt !== undefined && run.createdAt + delayMs > nowMs ? "DELAYED" : "QUEUED";
    }
    case "running":
    // As trigger.dev tells one that is retried.
    case "backing-off":
      return "EXECUTING";
    case "succeeded":
      return "COMPLETED";
    case "failed":
      return run.attempts.at(-1)?.outcome === "crashed" ? "CRASHED" : "FAILED";
    case "prefailed":
      return "FAILED";
    case "cancelled":
      return "CANCELED";
    case "absent":
    case "waiting":
    case "uncreated":
      return undefined;
  }
}

/** An entry of `GET /api/v1/runs`, and what `GET /api/v3/runs/:id` tells as well; undefined where there is no such run. */
export function listedRun(run: BatchRun, nowMs: number): object | undefined {
  const common = commonFields(run, nowMs);
  return common && { ...common, env: { id: "local", name: "local" } };
}

/** `GET /api/v3/runs/:id`; undefined where there is no such run. @param payload fields that tell it */
export function retrievedRun(
  state: BatchState,
  run: BatchRun,
  nowMs: number,
  payload: { readonly payload?: unknown; readonly payloadPresignedUrl?: string | undefined },
): object | undefined {
  const common = commonFields(run, nowMs);
  if (common === undefined) return undefined;
  return {
    ...common,
    depth: 0,
    triggerFunction: state.created?.resumeParentOnCompletion === true ? "batchTriggerAndWait" : "batchTrigger",
    batchId: state.id,
    ...payload,
    error: common.isFailed ? { message: run.error ?? "cancelled" } : undefined,
    relatedRuns: {},
    attemptCount: run.attempts.length,
    // Ours: each attempt is a session of this directory.
    attempts: run.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      session: attempt.session,
      startedAt: isoTime(attempt.startMs),
      finishedAt: attempt.endMs === undefined ? undefined : isoTime(attempt.endMs),
      outcome: attempt.outcome,
      error: attempt.error,
      exitCode: attempt.exitCode,
    })),
  };
}

function commonFields(run: BatchRun, nowMs: number) {
  const status = statusOf(run, nowMs);
  if (status === undefined) return undefined;
  const { createdAt = 0, endedAt, attempts, options } = run;
  const isQueued = status === "QUEUED" || status === "DELAYED";
  const isExecuting = status === "EXECUTING";
  const isCompleted = !isQueued && !isExecuting;
  const isSuccess = status === "COMPLETED";
  return {
    id: run.runId,
    status,
    taskIdentifier: run.task,
    idempotencyKey: run.idempotencyKey,
    isQueued,
    isExecuting,
    isWaiting: false,
    isCompleted,
    isSuccess,
    isFailed: isCompleted && !isSuccess,
    isCancelled: status === "CANCELED",
    isTest: false,
    createdAt: isoTime(createdAt),
    updatedAt: isoTime(lastChangeMs(run, createdAt)),
    startedAt: attempts[0] && isoTime(attempts[0].startMs),
    finishedAt: endedAt === undefined ? undefined : isoTime(endedAt),
    delayedUntil: options?.delayMs === undefined ? undefined : isoTime(createdAt + options.delayMs),
    tags: options?.tags ?? [],
    // Nobody counts them here.
    costInCents: 0,
    baseCostInCents: 0,
    durationMs: attempts.reduce((sum, { startMs, endMs }) => sum + Math.max(0, (endMs ?? nowMs) - startMs), 0),
  };
}

function lastChangeMs({ endedAt, attempts }: BatchRun, createdAt: number): number {
  const last = attempts.at(-1);
  return Math.max(createdAt, endedAt ?? 0, last?.endMs ?? last?.startMs ?? 0);
}

/** How the run ended; undefined while it has not. */
export function runResult(run: BatchRun): object | undefined {
  const common = { id: run.runId, taskIdentifier: run.task };
  switch (run.state) {
    case "succeeded":
      return { ok: true, ...common, outputType: "application/json" };
    case "cancelled":
      return { ok: false, ...common, error: { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" } };
    case "failed":
    case "prefailed":
      return { ok: false, ...common, error: { type: "STRING_ERROR", raw: run.error ?? "" } };
    case "absent":
    case "waiting":
    case "uncreated":
    case "queued":
    case "running":
    case "backing-off":
      return undefined;
  }
}

/** `GET /api/v1/batches/:id/results`: of the runs that have ended, by index. */
export function batchResults(state: BatchState): object {
  const items: object[] = [];
  for (let index = 0; index < state.runCount; index++) {
    const run = state.run(index);
    const result = run && runResult(run);
    if (result !== undefined) items.push(result);
  }
  return { id: state.id, items };
}
