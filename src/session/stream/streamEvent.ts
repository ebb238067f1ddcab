// What a session tells those that follow it: what was recorded, record by record, as it happens. The same shapes are made
// of a trace on the disk, so that whoever shows them needs to know one form.

import * as z from "zod/mini";

const text = z.string();
const fields = z.record(text, z.unknown());
/** ms since the epoch. */
const timeMs = z.number();

const record = z.discriminatedUnion("op", [
  /** A span begins; `isEarlier`: it had begun before anybody followed, and was still open then. */
  z.object({ op: z.literal("begin"), spanId: text, timeMs, span: fields, isEarlier: z.optional(z.boolean()) }),
  /** A span ends: the fields that its beginning did not have. */
  z.object({ op: z.literal("end"), spanId: text, timeMs, span: fields }),
  /** A finished span as a whole. */
  z.object({ op: z.literal("span"), spanId: text, timeMs, span: fields }),
  z.object({ op: z.literal("set"), spanId: text, timeMs, fields }),
  z.object({ op: z.literal("attributes"), spanId: text, timeMs, fields }),
  z.object({ op: z.literal("event"), spanId: text, timeMs, fields }),
  z.object({ op: z.literal("link"), spanId: text, timeMs, fields }),
  /** More output of a span. */
  z.object({ op: z.literal("text"), spanId: text, timeMs, text }),
  z.object({ op: z.literal("metadata"), timeMs, fields }),
  z.object({ op: z.literal("note"), name: text, timeMs, fields }),
]);
export type StreamRecord = z.infer<typeof record>;

export const streamEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), version: z.literal(1), sessionId: text, traceId: text, title: text }),
  z.object({ type: z.literal("record"), record }),
  /** So many records were not sent, because they were not taken in time. */
  z.object({ type: z.literal("gap"), records: z.number() }),
  z.object({ type: z.literal("end"), status: z.enum(["completed", "error", "crashed"]), error: z.optional(text) }),
]);
export type StreamEvent = z.infer<typeof streamEventSchema>;

/** What follows is left out of a record that would be larger; the trace has it. */
export const mostRecordBytes = 1024 * 1024;

/** Set on a span whose payloads were left out for their size. */
export const cutMark = "tracekeeper.notStreamed";
