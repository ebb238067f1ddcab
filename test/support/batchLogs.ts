// Batches made up for tests, screenshots and benchmarks, as the records of their logs: of any size, the same each time,
// and cut off at any moment of their lives.

import { attemptSessionId, runIdOf } from "../../src/trace/batch/batchIds";
import {
  type BatchRecord,
  type BatchRecordOf,
  type BatchWriter,
  batchRecordBody,
} from "../../src/trace/batch/batchRecord";
import { encodeFrame } from "../../src/trace/journalFrame";

export const madeBatchId = "batch_NightlyEvalsOfNov20AB";

export interface MadeBatch {
  readonly id?: string;
  readonly name?: string;
  readonly runs: number;
  readonly startMs?: number;
  readonly concurrency?: number;
  readonly maxAttempts?: number;
  readonly tasks?: readonly string[];
  /** How long an attempt takes, in ms. */
  readonly durationMs?: (index: number, attempt: number) => number;
  /** The error of an attempt that fails; undefined for one that succeeds. */
  readonly errorOf?: (index: number, attempt: number) => string | undefined;
  /** Runs that could not be created as they came. */
  readonly prefailed?: Readonly<Record<number, { readonly code: string; readonly message: string }>>;
  readonly uncreated?: Readonly<Record<number, { readonly code: string; readonly message: string }>>;
  /** The client lost the answer to its items, and sent them again. */
  readonly retriedStream?: boolean;
  readonly writer?: BatchWriter;
  readonly parentSession?: string;
}

const defaultErrors = [
  "connect ECONNREFUSED 127.0.0.1:5432",
  "Expected 200, got 503 from https://api.example/v1/orders",
  "Timed out after 30 s",
];

/** Fails one run in fifteen for good, and one in seven once. */
export function usualErrors(index: number, attempt: number): string | undefined {
  if (index % 15 === 7) return defaultErrors[(index + (index % 30 === 7 ? 0 : 1)) % defaultErrors.length];
  return index % 7 === 3 && attempt === 1 ? defaultErrors[2] : undefined;
}

export function madeDuration(index: number, attempt: number): number {
  return 1_500 + ((index * 7_919 + attempt * 104_729) % 9_000);
}

/** All records of the batch's life, in the order of their times. */
export function madeBatch(batch: MadeBatch): BatchRecord[] {
  const id = batch.id ?? madeBatchId;
  const startMs = batch.startMs ?? Date.UTC(2026, 10, 20, 14, 1, 50);
  const concurrency = batch.concurrency ?? 4;
  const maxAttempts = batch.maxAttempts ?? 3;
  const backoffMs = 1_000;
  const durationMs = batch.durationMs ?? madeDuration;
  const errorOf = batch.errorOf ?? usualErrors;
  const tasks = batch.tasks ?? ["score-answer"];
  const records: BatchRecord[] = [];
  let at = startMs;
  const created: BatchRecordOf<"created"> = {
    type: "created",
    at,
    id,
    runCount: batch.runs,
    name: batch.name ?? "nightly",
    engine: "local",
    settings: { concurrency, maxAttempts, backoffMs, backoffFactor: 2, maxBackoffMs: 60_000 },
    writer: batch.writer ?? { pid: 4242, host: "build-7", version: "0.1.0" },
    ...(batch.parentSession === undefined ? {} : { parentSession: batch.parentSession }),
  };
  records.push(created);
  let offset = 0;
  const perItemMs = Math.max(0.02, Math.min(5, 2_000 / batch.runs));
  for (let index = 0; index < batch.runs; index++) {
    const length = 40 + (index % 17);
    const problem = batch.prefailed?.[index];
    records.push({
      type: "item",
      at: Math.round(at + 300 + index * perItemMs),
      index,
      task: tasks[index % tasks.length] ?? "task",
      place: { offset, length, crc32: index },
      payloadType: "application/json",
      ...(problem === undefined ? {} : { problem }),
    });
    offset += length;
  }
  at = Math.round(at + 400 + batch.runs * perItemMs);
  records.push({ type: "sealed", at });
  const answer = { status: 200, sealed: true, accepted: batch.runs, deduplicated: 0 };
  records.push({ type: "stream", at: at + 2, number: 1, answer });
  if (batch.retriedStream === true) {
    records.push({
      type: "stream",
      at: at + 900,
      number: 2,
      answer: {
        status: 200,
        sealed: true,
        accepted: 0,
        deduplicated: 0,
        isRetrySuccess: true,
        reason: "the batch is being processed already",
      },
    });
  }
  for (let index = 0; index < batch.runs; index++) {
    const fault = batch.uncreated?.[index];
    const runId = runIdOf(id, index);
    const prefailed = batch.prefailed?.[index];
    const when = Math.round(at + 10 + index * perItemMs);
    if (fault !== undefined) records.push({ type: "uncreated", at: when, index, ...fault });
    else records.push({ type: "run", at: when, index, runId, ...(prefailed === undefined ? {} : { prefailed }) });
  }
  at = Math.round(at + 20 + batch.runs * perItemMs);
  const failedRunCount = Object.keys(batch.uncreated ?? {}).length;
  records.push({
    type: "completion",
    at,
    successfulRunCount: batch.runs - failedRunCount,
    failedRunCount,
    status: failedRunCount === 0 ? "PENDING" : failedRunCount === batch.runs ? "ABORTED" : "PARTIAL_FAILED",
  });
  if (failedRunCount === batch.runs) return records;
  // Each slot takes the next run when it is free; a run keeps its slot between its attempts.
  const free = Array.from({ length: concurrency }, (_, slot) => at + slot);
  let last = at;
  for (let index = 0; index < batch.runs; index++) {
    if (batch.prefailed?.[index] !== undefined || batch.uncreated?.[index] !== undefined) continue;
    let slot = 0;
    for (let other = 1; other < free.length; other++) if ((free[other] ?? 0) < (free[slot] ?? 0)) slot = other;
    let now = free[slot] ?? at;
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      records.push({
        type: "attempt",
        at: now,
        index,
        attempt,
        session: attemptSessionId(runIdOf(id, index), attempt),
      });
      now += Math.round(durationMs(index, attempt));
      const error = errorOf(index, attempt);
      const isLast = error === undefined || attempt === maxAttempts;
      const retryAt = now + backoffMs * 2 ** (attempt - 1);
      records.push({
        type: "attemptEnded",
        at: now,
        index,
        attempt,
        outcome: error === undefined ? "succeeded" : "failed",
        exitCode: error === undefined ? 0 : 1,
        ...(error === undefined ? {} : { error }),
        ...(isLast ? {} : { retryAt }),
      });
      if (isLast) {
        records.push({ type: "runEnded", at: now, index, outcome: error === undefined ? "succeeded" : "failed" });
        break;
      }
      now = retryAt;
    }
    free[slot] = now + 1;
    last = Math.max(last, now);
  }
  records.push({ type: "completed", at: last + 5 });
  // Stable: what happens at one time stays in its order.
  return records.sort((one, other) => one.at - other.at);
}

/** The records until some moment, counted from the first. */
export function untilMs(records: readonly BatchRecord[], ms: number): BatchRecord[] {
  const startMs = records[0]?.at ?? 0;
  return records.filter(({ at }) => at - startMs <= ms);
}

/** A batch whose items never came all. */
export function abortedBatch(startMs = Date.UTC(2026, 10, 20, 9, 30, 0)): BatchRecord[] {
  const runs = 40;
  const [created, ...rest] = madeBatch({ runs, startMs, name: "import of invoices" });
  if (created === undefined) return [];
  const items = rest.filter((record) => record.type === "item").slice(0, 23);
  const refused = { sealed: false, accepted: 23, deduplicated: 0 };
  return [
    created,
    ...items,
    {
      type: "stream",
      at: startMs + 700,
      number: 1,
      answer: { ...refused, status: 400, error: 'Line 24: "payload" is no JSON' },
    },
    {
      type: "stream",
      at: startMs + 4_000,
      number: 2,
      answer: { status: 499, sealed: false, accepted: 0, deduplicated: 23, error: "The client closed the connection" },
    },
    { type: "aborted", at: startMs + 30 * 60_000, reason: "not sealed within 30 minutes" },
  ];
}

/** @param fromSeq number of the first record, where others stand before them */
export function encodeBatchLog(records: readonly BatchRecord[], fromSeq = 0): Uint8Array {
  const first = records[0]?.at ?? 0;
  return Buffer.concat(
    records.map((record, at) =>
      encodeFrame(batchRecordBody(record), {
        seq: fromSeq + at,
        wallMs: record.at,
        monoMs: Math.max(0, record.at - first),
        tag: "abcd",
      }),
    ),
  );
}
