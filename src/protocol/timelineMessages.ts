// The panel's questions about its timeline. What is long (one entry a row) comes in parts, so that no message is larger
// than 1 MB; the rest comes at once.

import * as z from "zod/mini";
import { durabilityRequests } from "./durabilityMessages";

const whole = z.number().check(z.int());
const count = z.number().check(z.int(), z.nonnegative());
const float64 = z.custom<Float64Array>((value) => value instanceof Float64Array, "expected a Float64Array");
const float32 = z.custom<Float32Array>((value) => value instanceof Float32Array, "expected a Float32Array");
const int32 = z.custom<Int32Array>((value) => value instanceof Int32Array, "expected an Int32Array");
const uint32 = z.custom<Uint32Array>((value) => value instanceof Uint32Array, "expected a Uint32Array");

export const laneModes = ["concurrency", "agent"] as const;
export type LaneMode = (typeof laneModes)[number];

/** Entries of one part. */
export const timelinePartLength = 40_000;
/** Columns of a profile: more px than any screen has. */
export const mostProfileEdges = 16_385;

/** What a panel keeps of its timeline. */
export const timelineStateSchema = z.object({
  open: z.optional(z.boolean()),
  heightPx: z.optional(z.number()),
  mode: z.optional(z.enum(laneModes)),
  /** The critical path is shown. */
  path: z.optional(z.boolean()),
  /** Idle stretches are as long as they were. */
  trueScale: z.optional(z.boolean()),
  /** Shown as text. */
  text: z.optional(z.boolean()),
  /** The marked range, in ms. */
  range: z.optional(z.tuple([z.number(), z.number()])),
});

const layout = { epoch: count, layout: count };

/** The members that the union of all requests gets. `id` and `method` are as in every request. */
export const timelineRequests = [
  z.object({
    method: z.literal("timeline"),
    id: whole,
    params: z.object({
      epoch: count,
      mode: z.enum(laneModes),
      /** Also the critical path, which takes as long as all the rest. */
      wantsPath: z.boolean(),
      /** The layout that the panel has, 0 for none. */
      layout: count,
      /** Where open rows end in the panel. */
      openEndMs: z.optional(z.number()),
    }),
  }),
  z.object({ method: z.literal("timelineRows"), id: whole, params: z.object({ ...layout, from: count }) }),
  z.object({ method: z.literal("timelinePath"), id: whole, params: z.object({ ...layout, from: count }) }),
  /** How much was at work between each two neighbours of `edgesMs`, which ascend. */
  z.object({
    method: z.literal("timelineProfile"),
    id: whole,
    params: z.object({
      epoch: count,
      edgesMs: z.array(z.number()).check(z.maxLength(mostProfileEdges)),
      /** Also what would have been lost. */
      wantsLoss: z.optional(z.boolean()),
      openEndMs: z.optional(z.number()),
    }),
  }),
  ...durabilityRequests,
  z.object({
    method: z.literal("rangeTotals"),
    id: whole,
    params: z.object({ epoch: count, fromMs: z.number(), toMs: z.number(), openEndMs: z.optional(z.number()) }),
  }),
] as const;

export const laneGroupSchema = z.object({
  kind: z.enum(["main", "agent", "output"]),
  /** Of the sub-agents in it; "" for other groups. */
  name: z.string(),
  firstLane: count,
  laneCount: count,
  agents: count,
});
export type LaneGroupView = z.infer<typeof laneGroupSchema>;

/** See `Bursts` in src/trace/timeline/bursts.ts. */
export const burstsSchema = z.object({
  parent: int32,
  row: int32,
  fromMs: float64,
  toMs: float64,
  endMs: float64,
  calls: uint32,
  peak: uint32,
  failed: uint32,
  gapMs: z.number(),
  overallGapMs: z.number(),
});
export type BurstColumns = z.infer<typeof burstsSchema>;

export const timelineResultSchema = z.object({
  revision: whole,
  /** Names what follows; rows and path are asked for by it. */
  layout: count,
  /** Entries at the start of `timelineRows` that are those of the layout which the panel has. */
  keptCount: count,
  rowCount: count,
  laneCount: count,
  groups: z.array(laneGroupSchema),
  /** Groups before the list was cut. */
  groupCount: count,
  /** By start; of very many those with the most calls. */
  bursts: burstsSchema,
  burstCount: count,
  /** Segments of the critical path, where it was wanted, and for how much of the time they say a step was at work. */
  pathCount: count,
  pathMs: z.number(),
  /** So long the panel waits before it asks again. */
  restMs: z.number(),
});
export type TimelineResult = z.infer<typeof timelineResultSchema>;

/** `gone`: the layout is no longer known, and the panel asks for another one. */
export const timelineRowsResultSchema = z.object({ gone: z.boolean(), from: count, rows: int32, lanes: int32 });
export type TimelineRowsResult = z.infer<typeof timelineRowsResultSchema>;

/** By time; -1 where no step was at work. */
export const timelinePathResultSchema = z.object({
  gone: z.boolean(),
  from: count,
  row: int32,
  fromMs: float64,
  toMs: float64,
});
export type TimelinePathResult = z.infer<typeof timelinePathResultSchema>;

export const timelineProfileResultSchema = z.object({
  /** Mean number of steps at work. */
  atWork: float32,
  /** Calls that began. */
  begun: uint32,
  /** The most events that would have been lost in a power cut, and that were in the journal alone. */
  unsynced: z.optional(uint32),
  unsaved: z.optional(uint32),
});
export type TimelineProfileResult = z.infer<typeof timelineProfileResultSchema>;

/** See `RangeTotals` in src/trace/timeline/rangeTotals.ts. */
export const rangeTotalsResultSchema = z.object({
  spans: count,
  byKind: z.array(count),
  running: count,
  failures: count,
  recovered: count,
  open: count,
  tokens: z.optional(z.number()),
  cost: z.optional(z.number()),
  tokenReports: count,
  costReports: count,
  peak: count,
  busyMs: z.number(),
});
export type RangeTotalsResult = z.infer<typeof rangeTotalsResultSchema>;
