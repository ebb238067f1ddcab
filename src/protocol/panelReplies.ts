// What the host answers to a panel's questions, as schemas: a reply is checked on arrival like every other message. The
// types are those of `src/trace`; the compiler holds the two together.

import * as z from "zod/mini";
import type { ConversationPage } from "../trace/conversation";
import { foundPatterns } from "../trace/guardrails/foundLoops";
import { kindCodes } from "../trace/spanColumns";
import type { SpanDetails } from "../trace/spanDetails";
import type { TraceSummaryView } from "../trace/summarizeTrace";
import { dataEntrySchema, diffViewSchema, payloadViewSchema, textPartSchema } from "./payloadMessages";

const count = z.optional(z.number());
const row = z.number().check(z.int(), z.nonnegative());

const placeSchema = z.object({
  path: z.string(),
  line: count,
  column: count,
  origin: z.enum(["attribute", "stack", "text", "tool"]),
  find: z.optional(z.array(z.string())),
  context: z.optional(z.string()),
});

export const spanDetailsSchema: z.ZodMiniType<SpanDetails> = z.object({
  spanId: z.string(),
  parentSpanId: z.nullable(z.string()),
  title: z.string(),
  label: z.string(),
  outcome: z.string(),
  kind: z.enum(kindCodes),
  status: z.enum(["ok", "failed", "interrupted", "open"]),
  startMs: count,
  endMs: count,
  offsetMs: count,
  durationMs: count,
  error: z.optional(
    z.object({
      message: textPartSchema,
      type: z.optional(z.string()),
      stack: z.optional(textPartSchema),
    }),
  ),
  places: z.array(placeSchema),
  input: payloadViewSchema,
  output: payloadViewSchema,
  edit: z.optional(z.array(diffViewSchema)),
  calls: z.array(
    z.object({
      row: z.optional(row),
      name: z.string(),
      label: z.string(),
      outcome: z.string(),
      isFailed: z.boolean(),
    }),
  ),
  callsLeftOut: z.number(),
  tokens: z.optional(
    z.object({ input: count, output: count, reasoning: count, cacheRead: count, cacheWrite: count, total: count }),
  ),
  cost: count,
  model: z.optional(
    z.object({ id: z.optional(z.string()), provider: z.optional(z.string()), variant: z.optional(z.string()) }),
  ),
  finishReason: z.optional(z.string()),
  callId: z.optional(z.string()),
  attributes: z.array(dataEntrySchema),
  events: z.array(
    z.object({ index: z.number(), name: z.string(), timeMs: z.number(), attributes: z.array(dataEntrySchema) }),
  ),
  checkpoints: z.optional(z.object({ count: z.number(), lastMs: z.number() })),
  links: z.array(z.object({ spanId: z.string(), traceId: z.optional(z.string()) })),
  leftOut: z.number(),
  elided: z.optional(z.object({ elided: z.number(), totalSpans: z.number() })),
  run: z.optional(
    z.object({
      replayedFrom: z.optional(z.string()),
      resumedFrom: z.optional(z.string()),
      skipped: z.optional(z.string()),
      attempts: count,
      isRecovered: z.optional(z.boolean()),
      rawError: z.optional(z.string()),
    }),
  ),
});

const callStatus = z.enum(["ok", "failed", "interrupted", "open"]);
const conversationText = { text: z.string(), totalLength: z.number() };
const conversationBase = {
  row,
  startMs: count,
  insideRow: z.optional(row),
};
const conversationCallSchema = z.object({
  row,
  name: z.string(),
  label: z.string(),
  outcome: z.string(),
  status: callStatus,
});

const conversationCalls = { calls: z.array(conversationCallSchema), callsLeftOut: count };

/** Items of one part of the conversation. */
export const conversationPageLength = 200;

export const conversationSchema: z.ZodMiniType<ConversationPage> = z.object({
  from: z.number(),
  total: z.number(),
  at: z.number(),
  items: z.array(
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("user"), ...conversationBase, ...conversationText }),
      z.object({
        type: z.literal("assistant"),
        ...conversationBase,
        ...conversationText,
        ...conversationCalls,
        model: z.string(),
        status: callStatus,
        error: z.optional(z.object(conversationText)),
      }),
      z.object({ type: z.literal("calls"), ...conversationBase, ...conversationCalls }),
      z.object({ type: z.literal("error"), ...conversationBase, ...conversationText }),
    ]),
  ),
});

const tokenTotalsSchema = z.object({
  input: z.number(),
  output: z.number(),
  reasoning: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
  total: z.number(),
});

const loopSchema = z.object({
  pattern: z.enum(foundPatterns),
  tool: z.string(),
  label: z.string(),
  length: z.number(),
  count: z.number(),
  failures: z.number(),
  rows: z.array(row),
});

export const summarySchema: z.ZodMiniType<TraceSummaryView> = z.object({
  startMs: count,
  endMs: count,
  wallMs: count,
  busyMs: z.number(),
  gaps: z.array(z.object({ startMs: z.number(), endMs: z.number() })),
  slowest: z.array(z.object({ row, durationMs: z.number(), ownMs: z.number() })),
  tokens: z.optional(tokenTotalsSchema),
  cost: count,
  usageSource: z.enum(["spans", "summary", "none"]),
  models: z.array(
    z.object({
      model: z.string(),
      provider: z.optional(z.string()),
      calls: z.number(),
      failures: z.number(),
      durationMs: z.number(),
      tokens: z.optional(tokenTotalsSchema),
      cost: count,
    }),
  ),
  tools: z.array(
    z.object({ name: z.string(), count: z.number(), failures: z.number(), durationMs: z.number(), firstRow: row }),
  ),
  toolCount: z.number(),
  loops: z.array(loopSchema),
  counts: z.object({
    spans: z.number(),
    elided: z.number(),
    kinds: z.record(z.enum(kindCodes), z.number()),
    ok: z.number(),
    failed: z.number(),
    failures: z.number(),
    recovered: z.number(),
    interrupted: z.number(),
    open: z.number(),
  }),
  narrative: z.string(),
  producerNarrative: z.optional(z.string()),
});
