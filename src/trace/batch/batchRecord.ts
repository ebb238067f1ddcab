// The records of a batch's log as types and schemas. One record is one thing that happened to the batch; the log is the
// only truth about it, and `BatchState` is a pure fold of these. Frame and checksum of a line are those of a journal.

import * as z from "zod/mini";
import { isFields } from "../soundSpan";

/** More runs than this are several batches. */
export const mostRuns = 100_000;

/** Fields that are not known are kept, but have no type. */
type Known<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

const index = z.int().check(z.minimum(0), z.maximum(mostRuns - 1));
const mostAttempts = 10_000;
const attemptNumber = z.int().check(z.minimum(1), z.maximum(mostAttempts));
const count = z.int().check(z.minimum(0));
const timeMs = z.number();
const text = z.string();
const by = z.optional(text);

/** The process that works on a batch. */
export const batchWriterSchema = z.looseObject({
  instance: z.optional(text),
  host: z.optional(text),
  pid: z.optional(z.int()),
  processStart: z.optional(text),
  bootId: z.optional(text),
  pidNamespace: z.optional(text),
  /** Of Tracekeeper. */
  version: z.optional(text),
});
export type BatchWriter = Known<z.infer<typeof batchWriterSchema>>;

export const batchSettingsSchema = z.looseObject({
  /** So many runs at once. */
  concurrency: z.int().check(z.minimum(1), z.maximum(1_000)),
  /** Of each run, the first one counted. */
  maxAttempts: z.int().check(z.minimum(1), z.maximum(1_000)),
  /** Pause after the first attempt that failed; each further one is `backoffFactor` times as long. */
  backoffMs: z.number().check(z.minimum(0)),
  backoffFactor: z.number().check(z.minimum(1)),
  maxBackoffMs: z.number().check(z.minimum(0)),
});
export type BatchSettings = Known<z.infer<typeof batchSettingsSchema>>;

export const itemOptionsSchema = z.looseObject({
  maxAttempts: z.optional(z.int().check(z.minimum(1), z.maximum(1_000))),
  tags: z.optional(z.array(text)),
  /** The first attempt begins so long after the run was created. */
  delayMs: z.optional(z.number().check(z.minimum(0))),
  /** So long the item's key leads to its run. */
  keyTtlMs: z.optional(z.number().check(z.minimum(0))),
  name: z.optional(text),
});
export type ItemOptions = Known<z.infer<typeof itemOptionsSchema>>;

const fault = z.looseObject({ code: text, message: text });
export type RunFault = Known<z.infer<typeof fault>>;

/** Where the bytes of a payload stand in `B.items.ndjson`. */
const placeSchema = z.looseObject({ offset: count, length: count, crc32: count });
export type PayloadPlace = Known<z.infer<typeof placeSchema>>;

export const batchStatuses = ["PENDING", "PROCESSING", "COMPLETED", "PARTIAL_FAILED", "ABORTED"] as const;
export type BatchStatus = (typeof batchStatuses)[number];

const streamAnswerSchema = z.looseObject({
  /** Of HTTP; 499 where the connection was gone before there was an answer. */
  status: z.int(),
  sealed: z.boolean(),
  /** Items that this stream brought, and items that were there already. */
  accepted: count,
  deduplicated: count,
  /** Why, in words. */
  reason: z.optional(text),
  /** A retry that was answered as success, because the work was done or under way. */
  isRetrySuccess: z.optional(z.literal(true)),
  error: z.optional(text),
});
export type RecordedAnswer = Known<z.infer<typeof streamAnswerSchema>>;

export const attemptOutcomes = ["succeeded", "failed", "crashed", "cancelled"] as const;
export type AttemptOutcomeWord = (typeof attemptOutcomes)[number];
export const runOutcomes = ["succeeded", "failed", "cancelled"] as const;
export type RunOutcome = (typeof runOutcomes)[number];

/** Longest text of an error in a record. */
export const mostErrorLength = 2_000;

/** All records by the value of `type`. `at`, in ms since 1970, is the time of the line and stands in its frame. */
export const batchRecordSchemas = {
  /** Always the first. */
  created: z.looseObject({
    type: z.literal("created"),
    at: timeMs,
    id: text.check(z.minLength(1)),
    runCount: z.int().check(z.minimum(1), z.maximum(mostRuns)),
    name: z.optional(text),
    parentRunId: z.optional(text),
    /** Safe id of the session in the same directory that triggered it. */
    parentSession: z.optional(text),
    resumeParentOnCompletion: z.optional(z.boolean()),
    idempotencyKey: z.optional(text),
    /** Key of the single request, which counts for half an hour. */
    requestKey: z.optional(text),
    /** "local" or "trigger.dev". */
    engine: text,
    settings: batchSettingsSchema,
    writer: batchWriterSchema,
  }),
  /** Another process took the batch over. */
  opened: z.looseObject({ type: z.literal("opened"), at: timeMs, writer: batchWriterSchema }),
  item: z.looseObject({
    type: z.literal("item"),
    at: timeMs,
    index,
    task: text,
    /** Missing where there is no payload. */
    place: z.optional(placeSchema),
    payloadType: z.optional(text),
    idempotencyKey: z.optional(text),
    options: z.optional(itemOptionsSchema),
    /** It can't be run as it came and becomes a pre-failed run. */
    problem: z.optional(fault),
    /** The payload of the one before is lost, and this one takes its place. */
    again: z.optional(z.literal(true)),
  }),
  /** Another installation runs the batch, and knows it by this id. */
  handedOver: z.looseObject({
    type: z.literal("handedOver"),
    at: timeMs,
    externalId: text,
    /** Of the installation. */
    url: z.optional(text),
  }),
  stream: z.looseObject({
    type: z.literal("stream"),
    at: timeMs,
    /** From 1 on. */
    number: z.int().check(z.minimum(1)),
    answer: streamAnswerSchema,
  }),
  sealed: z.looseObject({ type: z.literal("sealed"), at: timeMs }),
  /** A run was created. */
  run: z.looseObject({
    type: z.literal("run"),
    at: timeMs,
    index,
    runId: text,
    prefailed: z.optional(fault),
    /** The run of an earlier item with the same key, which is used in its place. */
    cachedFrom: z.optional(text),
  }),
  /** Neither a run nor a pre-failed run could be created. */
  uncreated: z.looseObject({ type: z.literal("uncreated"), at: timeMs, index, code: text, message: text }),
  /** Every item has a run or is known to get none. Nothing else sets these. */
  completion: z.looseObject({
    type: z.literal("completion"),
    at: timeMs,
    /** Runs that were created. */
    successfulRunCount: count,
    failedRunCount: count,
    status: z.enum(["PENDING", "PARTIAL_FAILED", "ABORTED"]),
  }),
  /** An attempt begins. `session` is the safe id of its trace in the same directory. */
  attempt: z.looseObject({ type: z.literal("attempt"), at: timeMs, index, attempt: attemptNumber, session: text }),
  attemptEnded: z.looseObject({
    type: z.literal("attemptEnded"),
    at: timeMs,
    index,
    attempt: attemptNumber,
    outcome: z.enum(attemptOutcomes),
    error: z.optional(text),
    exitCode: z.optional(z.int()),
    /** Another attempt follows then. */
    retryAt: z.optional(timeMs),
  }),
  runEnded: z.looseObject({
    type: z.literal("runEnded"),
    at: timeMs,
    index,
    outcome: z.enum(runOutcomes),
    /** Where no attempt tells it. */
    error: z.optional(text),
  }),
  /** All runs have ended. */
  completed: z.looseObject({ type: z.literal("completed"), at: timeMs }),
  /** No run exists and none will. */
  aborted: z.looseObject({ type: z.literal("aborted"), at: timeMs, reason: text, by }),
  paused: z.looseObject({ type: z.literal("paused"), at: timeMs, by }),
  unpaused: z.looseObject({ type: z.literal("unpaused"), at: timeMs, by }),
  cancelled: z.looseObject({ type: z.literal("cancelled"), at: timeMs, by }),
  /** These runs, which had ended, get another attempt. */
  retried: z.looseObject({ type: z.literal("retried"), at: timeMs, indexes: z.array(index), by }),
} as const;

export type BatchRecordType = keyof typeof batchRecordSchemas;
export type BatchRecordOf<T extends BatchRecordType> = Known<z.infer<(typeof batchRecordSchemas)[T]>>;
export type BatchRecord = { [T in BatchRecordType]: BatchRecordOf<T> }[BatchRecordType];

export function isBatchRecordType(type: unknown): type is BatchRecordType {
  return typeof type === "string" && Object.hasOwn(batchRecordSchemas, type);
}

/** Names that the frame of a line uses. */
const frameKeys = new Set(["s", "w", "m", "i", "c"]);

/** What is written of a record into its line: its fields as JSON without the braces; the time is the frame's. */
export function batchRecordBody(record: BatchRecord): string {
  const { at: _, ...fields } = record;
  return JSON.stringify(fields).slice(1, -1);
}

export type ParsedRecord =
  | { readonly type: "record"; readonly record: BatchRecord }
  /** Of a type that this reader does not know. */
  | { readonly type: "unknown"; readonly name: string }
  | { readonly type: "unsound"; readonly message: string };

/** A line's object, whose frame was sound, as a record. */
export function parseBatchRecord(value: unknown): ParsedRecord {
  if (!isFields(value)) return { type: "unsound", message: "A record has a sound checksum, but is none" };
  const name = value["type"];
  const at = value["w"];
  if (typeof name !== "string" || typeof at !== "number") {
    return { type: "unsound", message: "A record has a sound checksum, but no type or no time" };
  }
  if (!isBatchRecordType(name)) return { type: "unknown", name };
  const frequent = parseFrequent(name, value, at);
  if (frequent !== undefined) return { type: "record", record: frequent };
  const fields = Object.fromEntries(Object.entries(value).filter(([key]) => !frameKeys.has(key)));
  const parsed = batchRecordSchemas[name].safeParse({ ...fields, at });
  if (parsed.success) return { type: "record", record: parsed.data as BatchRecord };
  return { type: "unsound", message: `A record of type "${name}" lacks what it needs` };
}

/**
 * Records of which a log has one or more for each run, checked by hand: a schema takes longer than reading them. Undefined
 * where the schema has to judge, because there is more in the record than the usual fields.
 */
function parseFrequent(type: BatchRecordType, value: Fields, at: number): BatchRecord | undefined {
  const { index, attempt } = value;
  if (!isIndex(index) || !Number.isFinite(at)) return undefined;
  switch (type) {
    case "run": {
      const { runId } = value;
      if (typeof runId !== "string" || hasMore(value, 3)) return undefined;
      return { type, at, index, runId };
    }
    case "attempt": {
      const { session } = value;
      if (!isAttempt(attempt) || typeof session !== "string" || hasMore(value, 4)) return undefined;
      return { type, at, index, attempt, session };
    }
    case "attemptEnded": {
      const outcome = attemptOutcomes.find((word) => word === value["outcome"]);
      const { error, exitCode, retryAt } = value;
      const optional = countOf(error) + countOf(exitCode) + countOf(retryAt);
      const isSound =
        isAttempt(attempt) &&
        outcome !== undefined &&
        (error === undefined || typeof error === "string") &&
        (exitCode === undefined || Number.isSafeInteger(exitCode)) &&
        (retryAt === undefined || Number.isFinite(retryAt)) &&
        !hasMore(value, 4 + optional);
      if (!isSound) return undefined;
      const ended: BatchRecordOf<"attemptEnded"> = { type, at, index, attempt, outcome };
      if (error !== undefined) ended.error = error;
      if (exitCode !== undefined) ended.exitCode = exitCode as number;
      if (retryAt !== undefined) ended.retryAt = retryAt as number;
      return ended;
    }
    case "runEnded": {
      const outcome = runOutcomes.find((word) => word === value["outcome"]);
      return outcome === undefined || hasMore(value, 3) ? undefined : { type, at, index, outcome };
    }
    default:
      return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < mostRuns;
}

function isAttempt(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= mostAttempts;
}

function countOf(value: unknown): number {
  return value === undefined ? 0 : 1;
}

/** More fields than these and those of the frame. */
function hasMore(value: Fields, count: number): boolean {
  let left = count + frameKeys.size;
  for (const _ in value) if (--left < 0) return true;
  return false;
}
