// What would have been lost at any instant, from when things happened and from the marks of syncs and snapshots. An event
// is the beginning or the end of a span, at the time that the trace names. Where a mark says less than what happened
// (joined ones, and none behind the last), the result is the most that may have been lost.

import type { Durability, DurabilityMark } from "../durability";
import { FLAG, type SpanColumns } from "../spanColumns";
import { countBelow, countUpTo } from "./density";

/** Marks of one sort of all incarnations, in ms since the epoch. */
export interface Coverage {
  readonly marks: readonly DurabilityMark[];
}

export interface Safety {
  /** Times of all events, ascending. */
  readonly events: Float64Array;
  readonly synced: Coverage;
  readonly snapshots: Coverage;
  /** From here on everything is safe: the session ended, and what it recorded was brought to the disk. */
  readonly safeFromMs: number;
}

export function buildSafety(columns: SpanColumns, durability: readonly Durability[], safeFromMs: number): Safety {
  return {
    events: eventTimes(columns),
    synced: coverageOf(durability, "synced"),
    snapshots: coverageOf(durability, "snapshots"),
    safeFromMs,
  };
}

function eventTimes({ count, startMs, endMs, flags }: SpanColumns): Float64Array {
  const times = new Float64Array(2 * count);
  let size = 0;
  for (let row = 0; row < count; row++) {
    if (((flags[row] ?? 0) & FLAG.synthetic) !== 0) continue;
    const start = startMs[row] ?? Number.NaN;
    const end = endMs[row] ?? Number.NaN;
    if (!Number.isNaN(start)) times[size++] = start;
    if (!Number.isNaN(end)) times[size++] = end;
  }
  return times.slice(0, size).sort();
}

function coverageOf(durability: readonly Durability[], sort: "synced" | "snapshots"): Coverage {
  const marks = durability.flatMap((one) =>
    one[sort].map((mark) => ({
      ...mark,
      beganMs: one.startMs + mark.beganMs,
      doneMs: one.startMs + mark.doneMs,
      lastBeganMs: one.startMs + mark.lastBeganMs,
    })),
  );
  return { marks: marks.sort((a, b) => a.doneMs - b.doneMs) };
}

export interface Loss {
  /** Events that were not covered. */
  readonly events: number;
  /** When the first of them happened; undefined without any. */
  readonly sinceMs: number | undefined;
}

/** What would have been lost at `atMs` of what this sort of mark covers. */
export function lossAt(safety: Safety, coverage: Coverage, atMs: number): Loss {
  if (atMs >= safety.safeFromMs) return { events: 0, sinceMs: undefined };
  const coveredMs = coveredUntil(coverage, atMs);
  const first = countBelow(safety.events, coveredMs);
  const count = Math.max(0, countUpTo(safety.events, atMs) - first);
  return { events: count, sinceMs: count > 0 ? safety.events[first] : undefined };
}

/** The last mark that was done by then; undefined before the first. */
export function markBefore(coverage: Coverage, atMs: number): DurabilityMark | undefined {
  return coverage.marks[marksDone(coverage, atMs) - 1];
}

/** The most that would have been lost within each two neighbours of `edgesMs`, which ascend. */
export function mostLost(safety: Safety, coverage: Coverage, edgesMs: Float64Array): Uint32Array {
  const most = new Uint32Array(Math.max(0, edgesMs.length - 1));
  const lossBefore = (atMs: number) => {
    // Just before a mark is done, everything up to that instant is only covered by the one before.
    const coveredMs = coveredUntil(coverage, previous(atMs));
    return Math.max(0, countBelow(safety.events, atMs) - countBelow(safety.events, coveredMs));
  };
  for (let index = 0; index < most.length; index++) {
    const fromMs = edgesMs[index] ?? 0;
    const toMs = Math.min(edgesMs[index + 1] ?? 0, safety.safeFromMs);
    if (fromMs >= safety.safeFromMs) break;
    let worst = Math.max(lossAt(safety, coverage, fromMs).events, lossBefore(toMs));
    const end = marksDone(coverage, toMs);
    for (let mark = marksDone(coverage, fromMs); mark < end; mark++) {
      worst = Math.max(worst, lossBefore(coverage.marks[mark]?.doneMs ?? 0));
    }
    most[index] = worst;
  }
  return most;
}

/** Everything that happened before the result was covered at `atMs`. */
function coveredUntil(coverage: Coverage, atMs: number): number {
  const done = marksDone(coverage, atMs);
  const last = coverage.marks[done - 1]?.lastBeganMs ?? Number.NEGATIVE_INFINITY;
  const next = coverage.marks[done];
  // Within joined marks some were done already, and nothing waited longer than the longest.
  if (next === undefined || next.count === 1 || atMs < next.beganMs) return last;
  return Math.max(last, atMs - next.longestMs);
}

/** How many marks were done by then. */
function marksDone({ marks }: Coverage, atMs: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle]?.doneMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The instant before: times since the epoch have about 4,000 steps in a ms. */
function previous(ms: number): number {
  return ms - 0.001;
}
