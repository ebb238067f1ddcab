// What may be asked for when a batch is created.

import { type BatchSettings, batchSettingsSchema, mostRuns } from "../trace/batch/batchRecord";
import { BatchRefused, type BatchRequest } from "./batchEngine";

/** The key of a single request counts for so long. */
export const freeKeyAfterMs = 30 * 60_000;
const mostKeyLength = 2_048;
const mostNameLength = 1_024;

export const defaultSettings: BatchSettings = {
  concurrency: 4,
  // What failed may have had its effects: it is tried again only where that was asked for.
  maxAttempts: 1,
  backoffMs: 1_000,
  backoffFactor: 2,
  maxBackoffMs: 30_000,
};

/** Throws `BatchRefused`. */
export function checkRequest(request: BatchRequest): void {
  const { runCount, name, parentRunId, parentSession, idempotencyKey, requestKey } = request;
  if (!Number.isInteger(runCount) || runCount < 1 || runCount > mostRuns) {
    throw new BatchRefused(400, `runCount has to be a whole number from 1 to ${mostRuns}`);
  }
  for (const [what, key] of Object.entries({ idempotencyKey, requestKey })) {
    if (key !== undefined && (key === "" || key.length > mostKeyLength)) {
      throw new BatchRefused(422, `${what} has to have 1 to ${mostKeyLength} characters`);
    }
  }
  for (const [what, text] of Object.entries({ name, parentRunId, parentSession })) {
    if (text !== undefined && text.length > mostNameLength) {
      throw new BatchRefused(422, `${what} has more than ${mostNameLength} characters`);
    }
  }
}

/** Throws `BatchRefused`. */
export function resolveSettings(defaults: BatchSettings, given: Partial<BatchSettings> = {}): BatchSettings {
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parsed = batchSettingsSchema.safeParse({ ...defaults, ...known });
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".") ?? "one of them";
  throw new BatchRefused(422, `The settings of the batch are impossible: ${field}`);
}
