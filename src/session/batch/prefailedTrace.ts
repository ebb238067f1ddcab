// The trace of a run that can't be created: its root alone, failed, with the reason. So that whoever opens the run sees why
// it is none.

import type { PrefailedRun } from "../../batch/runner";
import { openSessionRecorder } from "../../recorder/openSession";
import { nodeFs } from "../../recorder/recorderFs";
import { jsonOf, jsonOfAttributes, quoted } from "../../recorder/safeJson";
import { objectJson, roundMs } from "../../recorder/spanJson";
import { makeTraceId, SpanIds } from "../../recorder/traceIds";
import { batchRunAttribute } from "../../trace/batch/batchIds";
import type { LaunchedBatchRun } from "../launch";

/** Rejects with the system's error where it can't be recorded. */
export async function recordPrefailed(
  directory: string,
  { sessionId, fault, task, payloadBytes, payloadType }: PrefailedRun,
  batch: LaunchedBatchRun,
  title: string,
): Promise<void> {
  let problem: Error | undefined;
  const recorder = openSessionRecorder({
    directory,
    sessionId,
    traceId: makeTraceId(Date.now()),
    metadata: { title },
    mode: "start",
    hasFirstRecords: true,
    fsync: "interval",
    fs: nodeFs,
    machine: undefined,
    onProblem: ({ message, error }) => {
      problem ??= error ?? new Error(message);
    },
  });
  if (recorder === undefined) throw problem ?? new Error("The run can't be recorded");
  const spanId = new SpanIds().next();
  const nowMs = roundMs(recorder.nowMs());
  const root = objectJson({
    spanId: quoted(spanId),
    parentSpanId: "null",
    name: quoted(title),
    kind: '"session"',
    startTime: nowMs,
    input: jsonOf({ task, payloadBytes, payloadType }),
    attributes: jsonOfAttributes({ [batchRunAttribute]: batch, "error.type": fault.code }),
  });
  recorder.begin(spanId, root, { kind: "session", name: title });
  const path = await recorder.finish({
    root: {
      spanId,
      json: objectJson({ endTime: nowMs, status: '"error"', statusMessage: quoted(fault.message) }),
      totals: { kind: "session", name: title, isFailed: true, durationMs: 0 },
    },
    status: "error",
    error: fault.message,
  });
  if (path === undefined) throw problem ?? new Error("The run can't be recorded");
}
