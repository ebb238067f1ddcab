// Runs and attempts in words, for lists, tips and screen readers.

import type { BatchTextKey } from "../../../src/protocol/batchTexts";
import type { BatchStatus } from "../../../src/trace/batch/batchRecord";
import type { RunState } from "../../../src/trace/batch/runColumns";
import { formatDuration } from "../../format";
import { formatInteger, text } from "../../text";
import type { IconName } from "../../ui/icon";
import type { RunTable, TableAttempt } from "./runTable";

export const stateTexts: Readonly<Record<RunState, BatchTextKey>> = {
  absent: "runAbsent",
  waiting: "runWaiting",
  queued: "runQueued",
  running: "runRunning",
  "backing-off": "runBackingOff",
  succeeded: "runSucceeded",
  failed: "runFailed",
  cancelled: "runCancelled",
  prefailed: "runPrefailed",
  uncreated: "runUncreated",
};

export const stateIcons: Readonly<Record<RunState, IconName>> = {
  absent: "dash",
  waiting: "ellipsis",
  queued: "circle-large-outline",
  running: "loading",
  "backing-off": "history",
  succeeded: "pass",
  failed: "error",
  cancelled: "circle-slash",
  prefailed: "warning",
  uncreated: "debug-disconnect",
};

/** @param status of the batch: in an aborted one nothing waits any more, and no item is still to come */
export function stateWord(status: BatchStatus | undefined, state: RunState): string {
  if (status === "ABORTED" && state === "waiting") return text("runNeverRun");
  if (status === "ABORTED" && state === "absent") return text("runNeverCame");
  return text(stateTexts[state]);
}

export function attemptText(attempt: TableAttempt): string {
  if (attempt.outcome === undefined) return text("runRunning");
  if (attempt.outcome === "crashed") return text("attemptCrashed");
  return text(stateTexts[attempt.outcome]);
}

export function attemptIcon(attempt: Pick<TableAttempt, "outcome">): IconName {
  if (attempt.outcome === undefined) return "loading";
  return attempt.outcome === "crashed" ? "debug-disconnect" : stateIcons[attempt.outcome];
}

/** "Run 7: failed, attempt 2 of 2, connect ECONNREFUSED". */
export function runWords(
  table: RunTable,
  index: number,
  status: BatchStatus | undefined,
  attemptPlace?: number,
): string {
  const attempts = table.attemptCounts[index] ?? 0;
  const place = attemptPlace ?? attempts - 1;
  const attempt = table.attempt(index, place);
  const isLast = place >= attempts - 1;
  const words = attempt === undefined || isLast ? stateWord(status, table.state(index)) : attemptText(attempt);
  const of = attempts > 1 ? text("attemptOf", formatInteger(place + 1), formatInteger(attempts)) : "";
  const error = isLast ? table.error(index) : attempt?.error;
  const parts = [words, of, runLabel(table, index), error].filter((part) => part !== undefined && part !== "");
  return `${text("runTitle", formatInteger(index + 1))}: ${parts.join(", ")}`;
}

/** Its own name, else its task where runs of several tasks are in the batch. */
export function runLabel(table: RunTable, index: number): string {
  return table.name(index) ?? table.task(index);
}

/** How long an attempt took, or has taken so far. */
export function attemptDuration(attempt: TableAttempt, nowMs: number): string {
  if (Number.isNaN(attempt.endMs)) {
    return attempt.outcome === undefined ? text("tookSoFar", formatDuration(Math.max(0, nowMs - attempt.startMs))) : "";
  }
  return formatDuration(Math.max(0, attempt.endMs - attempt.startMs));
}
