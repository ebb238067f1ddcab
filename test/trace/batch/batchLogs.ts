// Logs of batches as tests write them: records with times of their own, framed as on the disk.

import { type BatchRecord, type BatchRecordOf, batchRecordBody } from "../../../src/trace/batch/batchRecord";
import { encodeFrame } from "../../../src/trace/journalFrame";

export const sampleId = "batch_ABCDEFGHIJKLMNOPQRSTU";
export const sampleRunId = "run_ABCDEFGHIJKLMNOPQRSTU";

export const sampleCreated: BatchRecordOf<"created"> = {
  type: "created",
  at: 1_000,
  id: sampleId,
  runCount: 3,
  engine: "local",
  settings: { concurrency: 2, maxAttempts: 2, backoffMs: 100, backoffFactor: 2, maxBackoffMs: 1_000 },
  writer: { pid: 1, host: "ann", version: "1.0.0" },
};

/** Without its time, which is one more than that of the record before. */
export type UntimedRecord = BatchRecord extends infer R
  ? R extends BatchRecord
    ? Omit<R, "at"> & { at?: number }
    : never
  : never;

export function timed(records: readonly UntimedRecord[]): BatchRecord[] {
  let at = 1_000;
  return records.map((record) => {
    at = record.at ?? at + 1;
    return { ...record, at } as BatchRecord;
  });
}

export function encodeLog(records: readonly BatchRecord[], tag = "abcd"): Uint8Array {
  const lines = records.map((record, seq) =>
    encodeFrame(batchRecordBody(record), { seq, wallMs: record.at, monoMs: record.at - 1_000, tag }),
  );
  return Buffer.concat(lines);
}

/** Three items, of which the first succeeds, the second at its second attempt, and the third can't be created. */
export const wholeLife: readonly UntimedRecord[] = [
  sampleCreated,
  { type: "item", index: 0, task: "a", place: { offset: 0, length: 4, crc32: 1 }, payloadType: "application/json" },
  { type: "item", index: 2, task: "b", problem: { code: "PAYLOAD_TOO_LARGE", message: "too large" } },
  { type: "item", index: 1, task: "a" },
  { type: "sealed" },
  { type: "stream", number: 1, answer: { status: 200, sealed: true, accepted: 3, deduplicated: 0 } },
  { type: "run", index: 0, runId: `${sampleRunId}_0` },
  { type: "attempt", index: 0, attempt: 1, session: `${sampleRunId}_0` },
  { type: "run", index: 1, runId: `${sampleRunId}_1` },
  { type: "attempt", index: 1, attempt: 1, session: `${sampleRunId}_1` },
  { type: "uncreated", index: 2, code: "DISK", message: "no room" },
  { type: "completion", successfulRunCount: 2, failedRunCount: 1, status: "PARTIAL_FAILED" },
  { type: "attemptEnded", index: 1, attempt: 1, outcome: "failed", error: "exit 1", exitCode: 1, retryAt: 1_500 },
  { type: "attemptEnded", index: 0, attempt: 1, outcome: "succeeded", exitCode: 0 },
  { type: "runEnded", index: 0, outcome: "succeeded" },
  { type: "attempt", index: 1, attempt: 2, session: `${sampleRunId}_1_a2` },
  { type: "attemptEnded", index: 1, attempt: 2, outcome: "succeeded" },
  { type: "runEnded", index: 1, outcome: "succeeded" },
  { type: "completed" },
];
