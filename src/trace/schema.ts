// Trace v2 as types and as a schema. The schema says what a sound trace is; unknown fields survive on every level.
// Field list: altimate-code v0.8.10, `packages/opencode/src/altimate/observability/tracing.ts`; ours are additive.

import * as z from "zod/mini";

export const spanKinds = ["session", "generation", "tool", "text", "span", "user-message"] as const;
export type SpanKind = (typeof spanKinds)[number];

export const summaryStatuses = ["completed", "error", "running", "crashed"] as const;
export type SummaryStatus = (typeof summaryStatuses)[number];

const count = z.number();

export const tokenCountsSchema = z.looseObject({
  input: z.optional(count),
  output: z.optional(count),
  reasoning: z.optional(count),
  cacheRead: z.optional(count),
  cacheWrite: z.optional(count),
  total: z.optional(count),
});
export type TokenCounts = z.infer<typeof tokenCountsSchema>;

/** An event within a span, as OpenTelemetry has it; `timeMs` is wall time in milliseconds. Ours. */
export const spanEventSchema = z.looseObject({
  name: z.string(),
  timeMs: z.number(),
  attributes: z.optional(z.record(z.string(), z.unknown())),
});
export type SpanEvent = z.infer<typeof spanEventSchema>;

/** A link to a span of this or another trace. Ours. */
export const spanLinkSchema = z.looseObject({
  spanId: z.string(),
  traceId: z.optional(z.string()),
  attributes: z.optional(z.record(z.string(), z.unknown())),
});
export type SpanLink = z.infer<typeof spanLinkSchema>;

export const traceSpanSchema = z.looseObject({
  spanId: z.string(),
  parentSpanId: z.nullable(z.string()),
  name: z.string(),
  kind: z.enum(spanKinds),
  /** Milliseconds since the epoch, may have a fraction. */
  startTime: z.number(),
  /** Missing while the span is open. */
  endTime: z.optional(z.number()),
  status: z.enum(["ok", "error"]),
  statusMessage: z.optional(z.string()),
  /** Closed by a restart of the producer, which is not a failure. */
  interrupted: z.optional(z.boolean()),
  model: z.optional(
    z.looseObject({
      modelId: z.optional(z.string()),
      providerId: z.optional(z.string()),
      variant: z.optional(z.string()),
    }),
  ),
  finishReason: z.optional(z.string()),
  tokens: z.optional(tokenCountsSchema),
  cost: z.optional(z.number()),
  tool: z.optional(z.looseObject({ callId: z.optional(z.string()), durationMs: z.optional(z.number()) })),
  input: z.optional(z.unknown()),
  output: z.optional(z.unknown()),
  attributes: z.optional(z.record(z.string(), z.unknown())),
  events: z.optional(z.array(spanEventSchema)),
  links: z.optional(z.array(spanLinkSchema)),
});
export type TraceSpan = z.infer<typeof traceSpanSchema>;

/** Who writes a trace: enough to tell whether that process is still there. Ours; every part may be unknown. */
export const writerSchema = z.looseObject({
  instance: z.string(),
  incarnation: z.int().check(z.positive()),
  /** All journal records up to this sequence number are in the snapshot. */
  seq: z.int().check(z.nonnegative()),
  /** Length of the journal, in bytes, up to and with that record. */
  offsetBytes: z.int().check(z.nonnegative()),
  rawSessionId: z.optional(z.string()),
  host: z.optional(z.string()),
  bootId: z.optional(z.string()),
  pidNamespace: z.optional(z.string()),
  pid: z.optional(z.int()),
  /** Start of the process in the system's own units. */
  processStart: z.optional(z.string()),
  /** Older incarnations, and up to which number their records are in the snapshot as well. */
  earlier: z.optional(
    z.array(
      z.looseObject({
        instance: z.string(),
        incarnation: z.int().check(z.positive()),
        seq: z.int().check(z.nonnegative()),
      }),
    ),
  ),
});
/** Records of one journal, up to a sequence number. */
export type JournalMark = Pick<z.infer<typeof writerSchema>, "instance" | "incarnation" | "seq">;
export type Writer = z.infer<typeof writerSchema>;

export const traceMetadataSchema = z.looseObject({
  title: z.optional(z.string()),
  model: z.optional(z.string()),
  providerId: z.optional(z.string()),
  agent: z.optional(z.string()),
  variant: z.optional(z.string()),
  prompt: z.optional(z.string()),
  userId: z.optional(z.string()),
  environment: z.optional(z.string()),
  version: z.optional(z.string()),
  tags: z.optional(z.array(z.string())),
});
export type TraceMetadata = z.infer<typeof traceMetadataSchema>;

export const traceSummarySchema = z.looseObject({
  totalTokens: z.optional(count),
  totalCost: z.optional(count),
  totalToolCalls: z.optional(count),
  totalGenerations: z.optional(count),
  /** Milliseconds. */
  duration: z.optional(count),
  status: z.optional(z.enum(summaryStatuses)),
  error: z.optional(z.string()),
  tokens: z.optional(tokenCountsSchema),
  loops: z.optional(
    z.array(
      z.looseObject({
        tool: z.string(),
        inputHash: z.optional(z.string()),
        count: z.number(),
        description: z.optional(z.string()),
      }),
    ),
  ),
  narrative: z.optional(z.string()),
  topTools: z.optional(
    z.array(z.looseObject({ name: z.string(), count: z.number(), totalDuration: z.optional(z.number()) })),
  ),
  /** Ours: failed spans, for lists that must not read the spans. */
  failures: z.optional(count),
  /** Ours: spans without an end. */
  openSpans: z.optional(count),
});
export type TraceSummary = z.infer<typeof traceSummarySchema>;

export const traceFileSchema = z.looseObject({
  version: z.literal(2),
  traceId: z.string(),
  sessionId: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  endedAt: z.optional(z.string()),
  metadata: traceMetadataSchema,
  spans: z.array(traceSpanSchema),
  summary: traceSummarySchema,
  writer: z.optional(writerSchema),
  /** Ours: when the journals were brought to the disk; see `decodeDurability`, which believes nothing of it unseen. */
  durability: z.optional(z.unknown()),
});
export type TraceFile = z.infer<typeof traceFileSchema>;
