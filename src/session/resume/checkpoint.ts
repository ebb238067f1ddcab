// What a checkpoint holds, as the attributes of an event of the root span: what the bus recorded since the one before.
// Whatever stands there is read with care, because the trace may be damaged, old, or made by somebody else.

import * as z from "zod/mini";
import type { Delivered } from "../bus/delivered";
import type { RuntimeState } from "../bus/runtimeState";
import type { RunEvent } from "../steps/runEvent";
import { keptResult, restoredResult } from "./keptResult";

export type RunState = RuntimeState<RunEvent>;

export interface Checkpoint {
  /** Counts from 1 in each trace, so that a lost one is missed. */
  readonly number: number;
  readonly state: RunState;
}

const text = z.string();

const scopeSchema = z.object({ id: text, parentId: z.optional(text), runId: text });

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

const deliveredSchema = z.object({
  seq: z.number(),
  scopeSeq: z.number(),
  scope: scopeSchema,
  timeMs: z.number(),
  event: eventSchema,
});

const checkpointSchema = z.object({
  number: z.int().check(z.positive()),
  sources: z.array(z.unknown()),
  events: z.array(z.unknown()),
});

/** Plain data that has JSON. */
export function checkpointAttributes({ number, state }: Checkpoint): Readonly<Record<string, unknown>> {
  const events = state.events.map(({ isReplayed: _isReplayed, event, ...rest }) => ({
    ...rest,
    event: event.type === "stepFinished" ? { ...event, result: keptResult(event.result) } : event,
  }));
  return { number, sources: state.sources, events };
}

/** Undefined for what is no checkpoint; what is unsound in one is left out of it. */
export function readCheckpoint(attributes: unknown): Checkpoint | undefined {
  const parsed = z.safeParse(checkpointSchema, attributes);
  if (!parsed.success) return undefined;
  const { number, sources, events } = parsed.data;
  return {
    number,
    state: {
      sources: sources.flatMap((source) => {
        const scope = z.safeParse(scopeSchema, source);
        return scope.success ? [scopeOf(scope.data)] : [];
      }),
      events: events.flatMap((event) => {
        const delivered = z.safeParse(deliveredSchema, event);
        return delivered.success ? [deliveredOf(delivered.data)] : [];
      }),
    },
  };
}

function scopeOf({ id, parentId, runId }: z.infer<typeof scopeSchema>): Delivered<RunEvent>["scope"] {
  return { id, parentId, runId };
}

function deliveredOf({ scope, event, ...rest }: z.infer<typeof deliveredSchema>): Delivered<RunEvent> {
  const restored =
    event.type === "stepFinished" ? { type: event.type, result: restoredResult(event.result) } : (event as RunEvent);
  return { ...rest, scope: scopeOf(scope), event: restored, isReplayed: false };
}
