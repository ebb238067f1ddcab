// What a panel is told of a trace's way to the disk; see src/trace/durability.ts for what is noted, and by whom.

import * as z from "zod/mini";

const count = z.number().check(z.int(), z.nonnegative());
const float64 = z.custom<Float64Array>((value) => value instanceof Float64Array, "expected a Float64Array");
const optionalNumber = z.optional(z.number());

export const durabilityRequests = [
  z.object({ method: z.literal("durability"), id: z.number().check(z.int()), params: z.object({ epoch: count }) }),
  /** What would have been lost at that instant. */
  z.object({
    method: z.literal("durabilityAt"),
    id: z.number().check(z.int()),
    params: z.object({ epoch: count, atMs: z.number() }),
  }),
] as const;

export const durabilityResultSchema = z.object({
  /** `notNoted`: our recorder's, but of a version that noted nothing. `foreign`: another one's. */
  known: z.enum(["noted", "notNoted", "foreign"]),
  fsync: z.optional(z.enum(["always", "interval", "never"])),
  /** The session crashed. */
  isCutOff: z.boolean(),
  incarnations: z.array(z.object({ incarnation: z.number(), startMs: z.number() })),
  /** When syncs and snapshots were done; of joined ones the last. */
  syncedMs: float64,
  snapshotMs: float64,
  syncCount: count,
  snapshotCount: count,
  crashes: z.array(z.object({ atMs: z.number(), reason: z.optional(z.string()) })),
  /** From when to when what was logged was not acknowledged at once. */
  degraded: z.array(z.object({ fromMs: z.number(), toMs: optionalNumber, reason: z.optional(z.string()) })),
  /** What was given up. */
  dropped: z.array(z.object({ atMs: z.number(), count: z.number(), reason: z.optional(z.string()) })),
  /** Journal records that `S.json` lacked when the trace was opened, and those that are lost. */
  recovered: z.optional(z.object({ records: z.number(), lost: z.number() })),
  /** Of a crashed session: what happened behind its last snapshot, and was in its journal alone. */
  onlyInJournal: count,
  onlyInJournalSinceMs: optionalNumber,
  /** When most would have been lost in a power cut. */
  worst: z.optional(z.object({ events: count, atMs: z.number() })),
});
export type DurabilityResult = z.infer<typeof durabilityResultSchema>;

/** Events are beginnings and ends of steps. */
export const durabilityAtResultSchema = z.object({
  /** Recorded, but on no disk yet: lost in a power cut. */
  unsynced: count,
  unsyncedSinceMs: optionalNumber,
  /** In the journal alone. */
  unsaved: count,
  lastSyncMs: optionalNumber,
  lastSnapshotMs: optionalNumber,
  /** What was logged then was not acknowledged at once, and a kill of the process could lose it. */
  isDegraded: z.boolean(),
  /** Otherwise it is the most that may have been lost. */
  isExact: z.boolean(),
});
export type DurabilityAtResult = z.infer<typeof durabilityAtResultSchema>;
