// Names of batches, runs and attempts, and of the files of a batch. All of them follow from the batch's id, so that a
// process that goes on with a batch finds what an earlier one has started.

import { safeId } from "../safeId";

/** What follows the prefix of an id of ours. */
export const batchIdLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
export const batchIdLength = 21;

const ownId = /^batch_([0-9A-Za-z]{21})$/;
const runId = /^run_([0-9A-Za-z]{21})_(0|[1-9][0-9]{0,5})$/;

export function isOwnBatchId(id: string): boolean {
  return ownId.test(id);
}

/** Also the session id of its first attempt. */
export function runIdOf(batchId: string, index: number): string {
  return `run_${ownId.exec(batchId)?.[1] ?? safeId(batchId)}_${index}`;
}

/** The batch and the index of a run of ours. */
export function parseRunId(id: string): { readonly batchId: string; readonly index: number } | undefined {
  const parts = runId.exec(id);
  return parts ? { batchId: `batch_${parts[1]}`, index: Number(parts[2]) } : undefined;
}

/** Session id of an attempt, which is safe as it is. @param attempt from 1 on */
export function attemptSessionId(run: string, attempt: number): string {
  return attempt === 1 ? run : `${run}_a${attempt}`;
}

/** The folder in a trace directory. */
export const batchFolder = "batches";

/** Names in that folder, for a batch with this safe id. */
export const batchFileNames = {
  log: (id: string) => `${id}.batch.ndjson`,
  items: (id: string) => `${id}.items.ndjson`,
  owner: (id: string) => `${id}.owner`,
} as const;

/** Safe id of the batch whose log has this name. */
export function parseBatchLogName(name: string): string | undefined {
  return /^([^./\\][^/\\]*)\.batch\.ndjson$/s.exec(name)?.[1];
}

/**
 * Attribute of the root of a run's trace: `{id, name, index, runCount, runId, attempt}`, where `id` is the batch's, `index`
 * counts from 0 and `attempt` from 1.
 */
export const batchRunAttribute = "tracekeeper.batch";
/** Attribute of the span of an action that triggered a batch: its `{id, name, runCount}`. */
export const triggeredBatchAttribute = "tracekeeper.triggeredBatch";
