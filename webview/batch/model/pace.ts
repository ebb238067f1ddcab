// How fast the batch goes and how long it may still take, from what the page has of it.

import type { BatchHeader } from "../../../src/protocol/batchMessages";
import { type BatchProgress, batchProgress } from "../../../src/trace/batch/batchProgress";
import { type RunState, runStates } from "../../../src/trace/batch/runColumns";
import type { RunTable } from "./runTable";

export function paceOf(header: BatchHeader, table: RunTable, nowMs: number): BatchProgress {
  return batchProgress(
    {
      counts: Object.fromEntries(runStates.map((state, at) => [state, header.counts[at] ?? 0])) as Record<
        RunState,
        number
      >,
      runCount: header.runCount,
      isPaused: header.isPaused,
      // Nobody works on it: it has no pace.
      isFinal: header.isFinal || header.runner.type !== "alive",
      endTimes: table.endedMs,
      stateCodes: table.states,
      processingStartedAt: header.startedMs,
      statusChanges: header.changes.map(({ atMs, why }) => ({ at: atMs, why })),
    },
    nowMs,
  );
}
