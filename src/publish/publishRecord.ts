// The records of a publication's log as types and schemas. One record is one thing that happened; the log is the only truth
// about a publication, and `BatchState` is a pure fold of it. Frame and checksum of a line are those of a journal.

import * as z from "zod/mini";
import { isFields } from "../trace/soundSpan";

const text = z.string();
const count = z.int().check(z.minimum(0));

/** Which endpoints a batch is created on: those of a team, or those that anybody may send to and that forget after a day. */
export const families = ["authenticated", "ephemeral"] as const;
export type Family = (typeof families)[number];
const family = z.enum(families);

export const steps = ["initialise", "events", "finalise", "fail"] as const;
export type Step = (typeof steps)[number];
const step = z.enum(steps);

/** What the server is told of a run when its batch is initialised. */
const batchStart = z.object({
  name: text,
  executionType: z.enum(["crew", "flow"]),
  /** Milliseconds since the epoch. */
  startedMs: z.number(),
  /** Goes into `execution_metadata`. */
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type BatchStart = z.infer<typeof batchStart>;

/** Bytes of the events' file that go into one request. */
const eventPart = z.object({ offset: count, length: count, events: count, crc32: count });
export type EventPart = z.infer<typeof eventPart>;

/** `unauthorised`: 401 and 403. `failed`: no whole answer, or a status of 500 or more; the same may work in a moment. */
export const outcomes = ["confirmed", "refused", "unauthorised", "failed"] as const;
export type Outcome = (typeof outcomes)[number];

/** A process, so far as it is known. */
const writer = z.looseObject({
  instance: text,
  host: z.optional(text),
  bootId: z.optional(text),
  pidNamespace: z.optional(text),
  pid: z.optional(z.int()),
  processStart: z.optional(text),
});

const schemas = {
  /** The first record. */
  job: z.object({
    traceId: text,
    /** Of the trace, as its list names it: for whoever looks for its publications. */
    session: text,
    family,
    /** A person has said yes to this publication, which holds also where publishing is turned off. */
    isExplicit: z.boolean(),
    baseUrl: text,
    start: batchStart,
    /** Who works on it, so that nobody else does. */
    writer: z.optional(writer),
  }),
  /** Somebody else began the same batch: what it knows of the run. */
  merge: z.object({ metadata: batchStart.shape.metadata }),
  /** All events are in the file. */
  ready: z.object({ events: count, durationMs: z.number(), parts: z.array(eventPart) }),
  request: z.object({ step, family, attempt: count, part: z.optional(count) }),
  answer: z.object({
    step,
    family,
    part: z.optional(count),
    outcome: z.enum(outcomes),
    status: z.optional(z.int()),
    message: z.optional(text),
    batchId: z.optional(text),
    accessCode: z.optional(text),
  }),
  /** The events are not whole, and never will be. */
  cut: z.object({ reason: text }),
  /** Nothing more is to leave; no request says so. */
  stopped: z.object({ reason: text }),
  /** It is tried anew, with a batch of its own. */
  round: z.object({ traceId: text, isExplicit: z.optional(z.boolean()) }),
  owner: z.object({ writer }),
  /** Its owner does no more for now. */
  left: z.object({ reason: z.optional(text) }),
} as const;

type RecordType = keyof typeof schemas;
/** `at` is wall time in ms. */
export type PublishRecord = {
  [T in RecordType]: { readonly type: T; readonly at: number } & Readonly<z.infer<(typeof schemas)[T]>>;
}[RecordType];
/** Without its time, which is that of the append. */
export type NewPublishRecord = {
  [T in RecordType]: { readonly type: T } & Readonly<z.infer<(typeof schemas)[T]>>;
}[RecordType];
export type RecordOf<T extends RecordType> = Extract<PublishRecord, { readonly type: T }>;

/** The record as it stands in a line, without what frames it. */
export function publishRecordBody(record: NewPublishRecord): string {
  return JSON.stringify(record).slice(1, -1);
}

/** Undefined for what is none, or one of a newer version. */
export function parsePublishRecord(value: unknown): PublishRecord | undefined {
  if (!isFields(value)) return undefined;
  const { type, w: at } = value;
  if (typeof type !== "string" || !Object.hasOwn(schemas, type) || typeof at !== "number") return undefined;
  const parsed = schemas[type as RecordType].safeParse(value);
  return parsed.success ? ({ ...parsed.data, type, at } as PublishRecord) : undefined;
}
