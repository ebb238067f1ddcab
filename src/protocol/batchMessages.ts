// The messages between the host and the page of a batch. The page pulls on load, then gets numbered changes of which one is
// under way at a time: the next one is the sum of all that happened since. Runs travel as typed arrays; the page names
// runs and intents, never sessions, commands, paths or URLs.

import * as z from "zod/mini";
import { attemptOutcomes, batchStatuses, mostRuns } from "../trace/batch/batchRecord";
import { batchWords } from "../trace/batch/describeBatch";
import { runStates } from "../trace/batch/runColumns";

const count = z.number().check(z.int(), z.nonnegative());
const runIndex = z.number().check(z.int(), z.nonnegative(), z.lt(mostRuns));
const attemptNumber = z.number().check(z.int(), z.gte(1), z.lte(10_000));
const timeMs = z.number();

function typedArray<T>(name: string, is: (value: unknown) => value is T) {
  return z.custom<T>(is, `expected ${name}`);
}
const float64 = typedArray("a Float64Array", (value) => value instanceof Float64Array);
const uint32 = typedArray("a Uint32Array", (value) => value instanceof Uint32Array);
const uint16 = typedArray("a Uint16Array", (value) => value instanceof Uint16Array);
const uint8 = typedArray("a Uint8Array", (value) => value instanceof Uint8Array);

/** What stands for "no text" in the columns of text numbers. */
export const noText = 0xffff_ffff;
/** What stands for an attempt that has not ended. */
export const openOutcome = 0xff;

/**
 * Some runs with all their attempts. The attempts of all these runs follow one another; `attemptCounts` tells how many are
 * each one's. Times are ms since 1970, NaN where there is none.
 */
export const runRowsSchema = z
  .object({
    indexes: uint32,
    /** Places in `runStates`. */
    states: uint8,
    tasks: uint32,
    /** Where the item has a name of its own. */
    names: uint32,
    createdMs: float64,
    endedMs: float64,
    /** Of the run as a whole, cut to a line. */
    errors: uint32,
    attemptCounts: uint16,
    attempts: z.object({
      numbers: uint16,
      startMs: float64,
      endMs: float64,
      /** Places in `attemptOutcomes`, or `openOutcome`. */
      outcomes: uint8,
      errors: uint32,
      retryMs: float64,
    }),
    /** New texts, of which the first has the number `firstText`. */
    firstText: count,
    texts: z.array(z.string()),
  })
  .check(
    z.refine(({ attempts, firstText: _, texts: __, indexes, ...perRun }) => {
      let sum = 0;
      for (const attemptsOfRun of perRun.attemptCounts) sum += attemptsOfRun;
      return (
        Object.values(perRun).every((column) => column.length === indexes.length) &&
        Object.values(attempts).every((column) => column.length === sum)
      );
    }, "columns of different lengths"),
  );
export type RunRows = z.infer<typeof runRowsSchema>;

/** What a person can have done with a batch. */
export const batchActions = ["cancel", "pause", "unpause", "retryFailed", "goOn"] as const;
export type BatchAction = (typeof batchActions)[number];

/** Why something can't be done now. */
export const batchHindrances = [
  "over",
  "cancelled",
  "isPaused",
  "isNotPaused",
  "nothingFailed",
  "notCreated",
  "nobodyRuns",
  "runsAlready",
  "elsewhere",
  "unreachable",
  "restricted",
  "underWay",
  /** trigger.dev runs it, and has no such thing. */
  "engine",
] as const;
export type BatchHindrance = (typeof batchHindrances)[number];

const controlSchema = z.object({
  /** It can be done where this is missing. */
  hindrance: z.optional(z.enum(batchHindrances)),
});

const statusSchema = z.enum(batchStatuses);

const problemSchema = z.object({
  severity: z.enum(["error", "warning", "info"]),
  message: z.string(),
  offsetBytes: z.optional(z.number()),
  count: z.optional(z.number()),
});
export type BatchProblem = z.infer<typeof problemSchema>;

/** All of a batch but its runs. Texts are data. */
export const batchHeaderSchema = z.object({
  id: z.string(),
  name: z.optional(z.string()),
  /** "local" or "trigger.dev". */
  engine: z.optional(z.string()),
  externalId: z.optional(z.string()),
  runCount: count,
  status: statusSchema,
  sealed: z.boolean(),
  isPaused: z.boolean(),
  isCancelled: z.boolean(),
  isFinal: z.boolean(),
  abortReason: z.optional(z.string()),
  createdMs: timeMs,
  /** When its processing began. */
  startedMs: z.optional(timeMs),
  updatedMs: timeMs,
  endedMs: z.optional(timeMs),
  word: z.enum(batchWords),
  /** `word` in the person's language. */
  label: z.string(),
  /** By the places of `runStates`. */
  counts: z.array(count).check(z.length(runStates.length)),
  concurrency: z.optional(count),
  maxAttempts: z.optional(count),
  /** The session that triggered it can be opened. */
  hasParent: z.boolean(),
  runner: z.object({
    type: z.enum(["alive", "gone", "unknown"]),
    pid: z.optional(z.number()),
    host: z.optional(z.string()),
  }),
  controls: z.object({
    cancel: controlSchema,
    pause: controlSchema,
    unpause: controlSchema,
    retryFailed: controlSchema,
    goOn: controlSchema,
  }),
  changes: z.array(
    z.object({
      atMs: timeMs,
      status: statusSchema,
      sealed: z.boolean(),
      completedMs: z.optional(timeMs),
      why: z.string(),
    }),
  ),
  streams: z.array(
    z.object({
      atMs: timeMs,
      number: count,
      httpStatus: z.number(),
      sealed: z.boolean(),
      accepted: count,
      deduplicated: count,
      reason: z.optional(z.string()),
      isRetrySuccess: z.boolean(),
      error: z.optional(z.string()),
    }),
  ),
  /** Changes and streams before the lists were cut. */
  changeCount: count,
  streamCount: count,
  problems: z.array(problemSchema),
  problemCount: count,
});
export type BatchHeader = z.infer<typeof batchHeaderSchema>;

/** Everything about the one run that is selected. */
export const runDetailsSchema = z.object({
  index: runIndex,
  runId: z.optional(z.string()),
  state: z.enum(runStates),
  task: z.string(),
  name: z.optional(z.string()),
  tags: z.array(z.string()),
  idempotencyKey: z.optional(z.string()),
  /** The earlier run that is used in its place. */
  cachedFrom: z.optional(z.string()),
  payloadBytes: z.optional(count),
  payloadType: z.optional(z.string()),
  createdMs: z.optional(timeMs),
  endedMs: z.optional(timeMs),
  /** In capitals, for example PAYLOAD_TOO_LARGE. */
  faultCode: z.optional(z.string()),
  error: z.optional(z.string()),
  attempts: z.array(
    z.object({
      number: attemptNumber,
      startMs: timeMs,
      endMs: z.optional(timeMs),
      outcome: z.optional(z.enum(attemptOutcomes)),
      error: z.optional(z.string()),
      exitCode: z.optional(z.number()),
      retryMs: z.optional(timeMs),
      /** Its trace is there. */
      hasTrace: z.boolean(),
    }),
  ),
});
export type RunDetails = z.infer<typeof runDetailsSchema>;

/** Where commands with keys of their own lead; the trace panel has these and others. */
export const batchNavigateTargets = ["shortcuts", "search", "nextFailure", "previousFailure"] as const;

export const runFilterStates = z.array(z.enum(runStates)).check(z.maxLength(runStates.length));

/** What the page keeps over hiding and reloading. */
export const batchViewStateSchema = z.object({
  version: z.literal(1),
  /** Another batch's state says nothing. */
  id: z.string(),
  states: runFilterStates,
  /** Of a group of errors. */
  pattern: z.optional(z.string()),
  sort: z.enum(["index", "state", "duration", "attempts"]),
  isDescending: z.boolean(),
  selected: z.optional(runIndex),
  attempt: z.optional(attemptNumber),
  listTop: z.number(),
  matrixTop: z.number(),
  cellPx: z.optional(z.number()),
  matrixPx: z.optional(z.number()),
  sidePx: z.optional(z.number()),
});
export type BatchViewState = z.infer<typeof batchViewStateSchema>;

/** Host to page. */
export const batchHostMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("init"),
    texts: z.record(z.string(), z.string()),
    platform: z.enum(["mac", "other"]),
    /** IANA name of the zone in which times are shown. */
    timeZone: z.string(),
    /** Of the host's clock, which is the one that the times of the batch are compared with. */
    nowMs: timeMs,
  }),
  /** The log is being read: part of it, from 0 to 1. */
  z.object({ type: z.literal("loading"), part: z.number() }),
  z.object({
    type: z.literal("state"),
    /** One more than that of the message before; the first is 1. */
    number: count,
    /** Another epoch: what was sent of runs before is of another log. */
    epoch: count,
    header: batchHeaderSchema,
    rows: z.optional(runRowsSchema),
    /** All runs have been sent. */
    isWhole: z.boolean(),
  }),
  /** The selected run; without details where the batch has no such run. */
  z.object({ type: z.literal("run"), index: runIndex, details: z.optional(runDetailsSchema) }),
  /** Shows and selects a run. */
  z.object({ type: z.literal("reveal"), index: runIndex, attempt: z.optional(attemptNumber) }),
  z.object({ type: z.literal("navigate"), target: z.enum(batchNavigateTargets) }),
  z.object({
    type: z.literal("unavailable"),
    reason: z.enum(["missing", "unreadable"]),
    message: z.string(),
  }),
]);
export type BatchHostMessage = z.infer<typeof batchHostMessageSchema>;
export type BatchNavigateTarget = Extract<BatchHostMessage, { type: "navigate" }>["target"];

/** Page to host: what happened, and what the person wants. */
export const batchPageMessageSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), state: z.optional(batchViewStateSchema) }),
  /** The message of that number is applied. */
  z.object({ type: z.literal("taken"), number: count }),
  /** A gap in the numbers: send everything again. */
  z.object({ type: z.literal("resync"), reason: z.string().check(z.maxLength(200)) }),
  /** Its details are wanted, until another one is selected; without an index nobody's. */
  z.object({ type: z.literal("select"), index: z.optional(runIndex) }),
  /** Opens the trace of an attempt, the last one where none is named, at its failing step. */
  z.object({
    type: z.literal("openRun"),
    index: runIndex,
    attempt: z.optional(attemptNumber),
    beside: z.boolean(),
    /** Leaves the focus where it is. */
    keepsFocus: z.optional(z.boolean()),
  }),
  z.object({ type: z.literal("control"), action: z.enum(batchActions) }),
  z.object({ type: z.literal("retryRun"), index: runIndex }),
  z.object({ type: z.literal("copyError"), index: runIndex, attempt: z.optional(attemptNumber) }),
  z.object({ type: z.literal("copyId") }),
  z.object({ type: z.literal("openParent") }),
  z.object({ type: z.literal("openLog"), offsetBytes: z.optional(count) }),
  z.object({ type: z.literal("revealLog") }),
  z.object({ type: z.literal("reload") }),
  z.object({
    type: z.literal("log"),
    level: z.enum(["debug", "info", "warn", "error"]),
    message: z.string().check(z.maxLength(4_000)),
  }),
]);
export type BatchPageMessage = z.infer<typeof batchPageMessageSchema>;
