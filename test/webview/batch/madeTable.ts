// Tables of runs as a page holds them, filled by the host's own encoder from the records of a log.
import { encodeRuns, SentTexts } from "../../../src/host/batch/encodeRuns";
import type { RunRows } from "../../../src/protocol/batchMessages";
import type { BatchRecord } from "../../../src/trace/batch/batchRecord";
import { BatchState } from "../../../src/trace/batch/batchState";
import { RunTable } from "../../../webview/batch/model/runTable";

export function stateOf(records: readonly BatchRecord[]): BatchState {
  const state = new BatchState("B");
  for (const record of records) state.apply(record);
  return state;
}

/** What the host sends of all runs, or of some. */
export function rowsOf(state: BatchState, sent = new SentTexts(), indexes?: readonly number[]): RunRows {
  return encodeRuns(state, indexes ?? Array.from({ length: state.runCount }, (_, index) => index), sent);
}

export function tableOf(records: readonly BatchRecord[]): RunTable {
  const state = stateOf(records);
  const table = new RunTable(state.runCount);
  const fault = table.apply(rowsOf(state));
  if (fault !== undefined) throw new Error(fault);
  return table;
}

/** All that the table holds, as text: two tables that say the same are equal in it. */
export function textOf(table: RunTable): string[] {
  return Array.from({ length: table.count }, (_, index) => {
    const attempts = Array.from({ length: table.attemptCounts[index] ?? 0 }, (__, place) => {
      const attempt = table.attempt(index, place);
      return `${attempt?.number} ${attempt?.startMs}-${attempt?.endMs} ${attempt?.outcome} ${attempt?.error ?? ""}`;
    });
    return [index, table.state(index), table.task(index), table.error(index) ?? "", ...attempts].join("; ");
  });
}
