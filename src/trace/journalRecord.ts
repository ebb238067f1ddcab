// The records of a journal as types and schemas. One record is one thing that happened; it is applied to spans by id, so
// that applying it twice changes nothing. Frame and checksum of a line are `journalFrame`'s.

import * as z from "zod/mini";
import type { SpanEvent, SpanLink, TraceSpan } from "./schema";
import { summaryStatuses, traceMetadataSchema } from "./schema";
import { isFields, isFiniteNumber } from "./soundSpan";

export const journalFormat = "tracekeeper-journal";

/** A reader refuses journals of a higher version; what is added without a new version may be ignored. */
export const journalVersion = 1;

const attributes = z.record(z.string(), z.unknown());
const timeMs = z.optional(z.number());

/** The first record, with sequence number 0. */
export const journalHeaderSchema = z.looseObject({
  t: z.literal("header"),
  format: z.literal(journalFormat),
  version: z.int().check(z.positive()),
  incarnation: z.int().check(z.positive()),
  writer: z.looseObject({
    instance: z.string().check(z.minLength(1)),
    rawSessionId: z.optional(z.string()),
    host: z.optional(z.string()),
    bootId: z.optional(z.string()),
    pidNamespace: z.optional(z.string()),
    pid: z.optional(z.int()),
    processStart: z.optional(z.string()),
  }),
  trace: z.looseObject({
    traceId: z.string(),
    sessionId: z.string(),
    /** ISO 8601; the header's own time where it is missing. */
    startedAt: z.optional(z.string()),
    metadata: z.optional(traceMetadataSchema),
  }),
  /** How often the writer brings the journal to the disk; one that says so notes it in its heartbeats. */
  fsync: z.optional(z.unknown()),
  /**
   * What this incarnation goes on from: the writer of the snapshot that it took over, or the trace id of a snapshot
   * without one. Only a snapshot that is named here, or that this journal's own writer wrote, is combined with it.
   */
  continues: z.optional(
    z.looseObject({
      instance: z.optional(z.string()),
      incarnation: z.optional(z.int().check(z.positive())),
      traceId: z.optional(z.string()),
    }),
  ),
});
export type JournalHeader = z.infer<typeof journalHeaderSchema>;

// Spans are checked and mended when they are applied, by the same code that mends those of a snapshot.
const spanFields = z.looseObject({ spanId: z.string() });
const changedFields = z.looseObject({});

/** All records but the header, by the value of `t`. */
export const journalRecordSchemas = {
  /** A span begins, or is opened again by a later incarnation. `startTime` is the record's time where it is missing. */
  begin: z.looseObject({ t: z.literal("begin"), span: spanFields }),
  /** A span ends. `set` holds what changed since it began; `set.endTime` is the record's time where it is missing. */
  end: z.looseObject({ t: z.literal("end"), id: z.string(), set: z.optional(changedFields) }),
  /** A finished span as a whole. */
  span: z.looseObject({ t: z.literal("span"), span: spanFields }),
  /** Fields of a span that is open or closed; null takes a field away. */
  set: z.looseObject({ t: z.literal("set"), id: z.string(), set: changedFields }),
  /** Attributes that are added to a span's; null takes one away. */
  attributes: z.looseObject({ t: z.literal("attributes"), id: z.string(), attributes }),
  /** Text that is appended to a span's output, as a model or a program gives it out. */
  text: z.looseObject({ t: z.literal("text"), id: z.string(), text: z.string() }),
  /** An event on a span. `timeMs` is the record's time where it is missing. */
  event: z.looseObject({
    t: z.literal("event"),
    id: z.string(),
    event: z.looseObject({ name: z.string(), timeMs, attributes: z.optional(attributes) }),
  }),
  link: z.looseObject({
    t: z.literal("link"),
    id: z.string(),
    link: z.looseObject({
      spanId: z.string(),
      traceId: z.optional(z.string()),
      attributes: z.optional(attributes),
    }),
  }),
  /** Fields of the trace's metadata; null takes one away. */
  metadata: z.looseObject({ t: z.literal("metadata"), metadata: changedFields }),
  /** The session ended. The first of this and `crash` counts; what follows it changes no state. */
  finish: z.looseObject({ t: z.literal("finish"), status: z.enum(summaryStatuses), error: z.optional(z.string()) }),
  crash: z.looseObject({ t: z.literal("crash"), reason: z.optional(z.string()), signal: z.optional(z.string()) }),
  /** The session waits for something from outside, until `resumed`. */
  waiting: z.looseObject({ t: z.literal("waiting"), reason: z.string() }),
  resumed: z.looseObject({ t: z.literal("resumed") }),
  /**
   * Written while nothing else is, so that silence means something; and in front of another record when there is something
   * to note of syncs and snapshots (see `decodeMark`), which readers need not know.
   */
  heartbeat: z.looseObject({
    t: z.literal("heartbeat"),
    synced: z.optional(z.unknown()),
    snapshots: z.optional(z.unknown()),
  }),
  /** The wall clock moved against the monotonic one. */
  "clock-jump": z.looseObject({ t: z.literal("clock-jump"), byMs: z.number() }),
  /** Appends have become too slow to be waited for; what is logged is no longer acknowledged at once. */
  degraded: z.looseObject({ t: z.literal("degraded"), phase: z.enum(["from", "to"]), reason: z.optional(z.string()) }),
  /** Events that were given up on purpose. */
  dropped: z.looseObject({
    t: z.literal("dropped"),
    count: z.int().check(z.positive()),
    reason: z.optional(z.string()),
  }),
  "process-exit": z.looseObject({
    t: z.literal("process-exit"),
    pid: z.optional(z.int()),
    command: z.optional(z.string()),
    code: z.optional(z.nullable(z.int())),
    signal: z.optional(z.nullable(z.string())),
  }),
} as const;

export type RecordType = keyof typeof journalRecordSchemas;

type SpanPart = Partial<Omit<TraceSpan, "spanId">>;

/** What a writer may write; a reader finds the same, with spans that may still lack fields. */
export type JournalRecord =
  | { readonly t: "begin" | "span"; readonly span: SpanPart & { readonly spanId: string } }
  | { readonly t: "end"; readonly id: string; readonly set?: SpanPart | undefined }
  | { readonly t: "set"; readonly id: string; readonly set: Readonly<Record<string, unknown>> }
  | { readonly t: "attributes"; readonly id: string; readonly attributes: Readonly<Record<string, unknown>> }
  | { readonly t: "text"; readonly id: string; readonly text: string }
  | {
      readonly t: "event";
      readonly id: string;
      readonly event: Omit<SpanEvent, "timeMs"> & { readonly name: string; readonly timeMs?: number | undefined };
    }
  | { readonly t: "link"; readonly id: string; readonly link: SpanLink }
  | { readonly t: "metadata"; readonly metadata: Readonly<Record<string, unknown>> }
  | z.infer<
      (typeof journalRecordSchemas)[Exclude<
        RecordType,
        "begin" | "span" | "end" | "set" | "attributes" | "text" | "event" | "link" | "metadata"
      >]
    >;

export function isRecordType(type: string): type is RecordType {
  return Object.hasOwn(journalRecordSchemas, type);
}

/**
 * The record in `value`, or undefined where it is none of its type. Those that come most often are checked by hand, because
 * a schema takes longer than reading them. Agreement with the schema is tested with random values.
 */
export function toRecord(type: RecordType, value: Readonly<Record<string, unknown>>): JournalRecord | undefined {
  const isSound = isFrequent(type) ? isSoundAs[type](value) : journalRecordSchemas[type].safeParse(value).success;
  return isSound ? (value as JournalRecord) : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const isSpanFields = ({ span }: Fields) => isFields(span) && typeof span["spanId"] === "string";
const isTextOrNone = (value: unknown) => value === undefined || typeof value === "string";
const areFieldsOrNone = (value: unknown) => value === undefined || isFields(value);

/** For a value whose `t` is the type. */
const isSoundAs = {
  begin: isSpanFields,
  span: isSpanFields,
  end: ({ id, set }: Fields) => typeof id === "string" && areFieldsOrNone(set),
  set: ({ id, set }: Fields) => typeof id === "string" && isFields(set),
  attributes: ({ id, attributes: added }: Fields) => typeof id === "string" && isFields(added),
  text: ({ id, text }: Fields) => typeof id === "string" && typeof text === "string",
  event: ({ id, event }: Fields) =>
    typeof id === "string" &&
    isFields(event) &&
    typeof event["name"] === "string" &&
    (event["timeMs"] === undefined || isFiniteNumber(event["timeMs"])) &&
    areFieldsOrNone(event["attributes"]),
  link: ({ id, link }: Fields) =>
    typeof id === "string" &&
    isFields(link) &&
    typeof link["spanId"] === "string" &&
    isTextOrNone(link["traceId"]) &&
    areFieldsOrNone(link["attributes"]),
} satisfies Partial<Record<RecordType, (value: Fields) => boolean>>;

function isFrequent(type: RecordType): type is keyof typeof isSoundAs {
  return Object.hasOwn(isSoundAs, type);
}
