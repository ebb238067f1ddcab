// The shape of a checkpoint in a trace. Each of its events is checked by itself: one that is damaged, or that a later version
// wrote, costs no other.

import * as z from "zod/mini";

const text = z.string();

export const scopeSchema = z.object({ id: text, parentId: z.optional(text), runId: text });

const stepSchema = z.object({
  path: text.check(z.minLength(1)),
  id: text,
  index: z.number(),
  name: text,
  action: text,
  file: text,
  line: z.number(),
  definitionHash: text,
});

const sums = z.object({
  input: z.number(),
  output: z.number(),
  reasoning: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
});

const resultSchema = z.object({
  step: stepSchema,
  status: z.enum(["ok", "failed", "skipped"]),
  startMs: z.number(),
  endMs: z.number(),
  values: z.object({
    isOk: z.boolean(),
    isSkipped: z.boolean(),
    output: text,
    exitCode: z.optional(z.number()),
    status: z.optional(z.number()),
    json: z.optional(z.unknown()),
  }),
  hasNoJson: z.optional(z.literal(true)),
  isMasked: z.optional(z.literal(true)),
  isCut: z.optional(z.literal(true)),
  attempts: z.number(),
  message: z.optional(text),
  rawError: z.optional(text),
  isInterrupted: z.optional(z.literal(true)),
  skipReason: z.optional(text),
  isRecovered: z.optional(z.literal(true)),
  usage: z.optional(z.object({ tokens: z.optional(sums), costUsd: z.optional(z.number()) })),
  origin: z.optional(z.object({ sessionId: text, traceId: text, spanId: z.optional(text) })),
});
export type KeptResult = z.infer<typeof resultSchema>;

const eventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("runStarted"),
    name: text,
    path: text,
    params: z.record(text, z.unknown()),
    isResumed: z.boolean(),
  }),
  z.object({ type: z.literal("stepStarted"), step: stepSchema }),
  z.object({ type: z.literal("stepFinished"), result: resultSchema }),
  z.object({
    type: z.literal("runFinished"),
    isOk: z.boolean(),
    error: z.optional(text),
    isInterrupted: z.optional(z.literal(true)),
  }),
]);

export const deliveredSchema = z.object({
  seq: z.number(),
  scopeSeq: z.number(),
  scope: scopeSchema,
  timeMs: z.number(),
  event: eventSchema,
});

export const checkpointSchema = z.object({
  number: z.int().check(z.positive()),
  sources: z.array(z.unknown()),
  events: z.array(z.unknown()),
});
