// Bursts: runs of calls that start shortly after each other. How short is read off the trace: the gaps between starts of
// one parent's calls are split into two classes on a logarithmic scale (Otsu's method); where they make no two classes,
// `usualGapMs` parts them.
//
// A run is a burst when it has at least `leastCalls` and stands out: it takes no more than a second, or its calls come
// `leastFactor` times as often as the trace's calls do as a whole. Over all parents the same is asked of all calls in the
// order of their starts; what is a burst of one parent already is not named again.

import { FLAG, kindCodes, type SpanColumns } from "../spanColumns";
import { LanePacker } from "./packLanes";
import { ROW, type WorkRows } from "./workRows";

export const leastCalls = 4;
const leastFactor = 4;
const shortMs = 1_000;
const usualGapMs = 200;
/** Closer starts are never parted, farther ones never joined. */
const leastGapMs = 20;
const mostGapMs = 1_000;
/** The classes must lie this far apart, as factors of their means. */
const leastRatio = 5;
/** And each must hold this part of the gaps. */
const leastShare = 0.02;
/** A burst of several parents has no larger part of its calls from one of them. */
const mostOfOneParent = 0.75;

export interface Bursts {
  /** Row of the parent; -1 for calls of several parents. */
  readonly parent: Int32Array;
  /** The first of its calls. */
  readonly row: Int32Array;
  /** Starts of the first and of the last call. */
  readonly fromMs: Float64Array;
  readonly toMs: Float64Array;
  /** When the last of them ended; the end of the trace while one is open. */
  readonly endMs: Float64Array;
  readonly calls: Uint32Array;
  /** How many were at work at once, at most. */
  readonly peak: Uint32Array;
  /** Calls whose failure counts or was recovered. */
  readonly failed: Uint32Array;
  /** Starts that are closer belong together: within one parent, and over all of them. */
  readonly gapMs: number;
  readonly overallGapMs: number;
}

interface Burst {
  readonly parent: number;
  readonly row: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly endMs: number;
  readonly calls: number;
  readonly peak: number;
  readonly failed: number;
}

const called: readonly boolean[] = kindCodes.map((kind) => kind === "tool" || kind === "generation" || kind === "span");

export function findBursts(columns: SpanColumns, work: WorkRows): Bursts {
  const calls = callsOf(columns, work);
  const { first, grouped } = groupByParent(columns, calls);
  const start = (row: number) => work.startMs[row] ?? 0;
  const gapMs = partingGap(gapsWithin(grouped, first, start));
  const overallGapMs = partingGap(gapsBetween(calls, start));
  const firstCall = calls[0];
  const lastCall = calls.at(-1);
  const lengthMs = firstCall === undefined || lastCall === undefined ? 0 : start(lastCall) - start(firstCall);
  const usualRate = calls.length / Math.max(1, lengthMs);
  const found: Burst[] = [];
  const packer = new LanePacker();
  const measure = (members: Int32Array, parent: number) => {
    const fromMs = start(members[0] ?? 0);
    const toMs = start(members.at(-1) ?? 0);
    if (members.length < leastCalls) return;
    const tookMs = toMs - fromMs;
    if (tookMs > shortMs && members.length / tookMs < leastFactor * usualRate) return;
    found.push({ parent, fromMs, toMs, ...measured(columns, work, members, packer) });
  };
  for (let slot = 0; slot + 1 < first.length; slot++) {
    const members = grouped.subarray(first[slot] ?? 0, first[slot + 1] ?? 0);
    if (members.length < leastCalls) continue;
    const parent = columns.parent[members[0] ?? 0] ?? -1;
    for (const run of runs(members, start, gapMs)) measure(run, parent);
  }
  for (const run of runs(calls, start, overallGapMs)) {
    if (hasSeveralParents(columns, run)) measure(run, -1);
  }
  found.sort((a, b) => a.fromMs - b.fromMs || b.calls - a.calls);
  return { ...toColumns(found), gapMs, overallGapMs };
}

/** Calls by start: neither what the program printed nor messages, which nobody called. */
function callsOf({ kind, flags }: SpanColumns, { ordered, role }: WorkRows): Int32Array {
  return ordered.filter(
    (row) => role[row] === ROW.work && called[kind[row] ?? 0] === true && ((flags[row] ?? 0) & FLAG.noStart) === 0,
  );
}

/** Calls by parent, each group by start. The last group is that of calls at the top. */
function groupByParent({ parent, count }: SpanColumns, calls: Int32Array) {
  const first = new Int32Array(count + 2);
  const slotOf = (row: number) => {
    const above = parent[row] ?? -1;
    return above < 0 ? count : above;
  };
  for (const row of calls) first[slotOf(row) + 1] = (first[slotOf(row) + 1] ?? 0) + 1;
  for (let slot = 0; slot <= count; slot++) first[slot + 1] = (first[slot + 1] ?? 0) + (first[slot] ?? 0);
  const next = first.slice();
  const grouped = new Int32Array(calls.length);
  for (const row of calls) {
    const at = next[slotOf(row)] ?? 0;
    grouped[at] = row;
    next[slotOf(row)] = at + 1;
  }
  return { first, grouped };
}

function gapsWithin(grouped: Int32Array, first: Int32Array, start: (row: number) => number): Float64Array {
  const gaps = new Float64Array(grouped.length);
  let size = 0;
  for (let slot = 0; slot + 1 < first.length; slot++) {
    const end = first[slot + 1] ?? 0;
    for (let at = (first[slot] ?? 0) + 1; at < end; at++) {
      gaps[size++] = start(grouped[at] ?? 0) - start(grouped[at - 1] ?? 0);
    }
  }
  return gaps.subarray(0, size);
}

function gapsBetween(calls: Int32Array, start: (row: number) => number): Float64Array {
  const gaps = new Float64Array(Math.max(0, calls.length - 1));
  for (let at = 0; at < gaps.length; at++) gaps[at] = start(calls[at + 1] ?? 0) - start(calls[at] ?? 0);
  return gaps;
}

const binsPerDecade = 8;
/** From 0.1 ms to about 12 days. */
const decades = 10;

/** The gap from which on two starts no longer belong together. */
export function partingGap(gaps: Float64Array): number {
  const bins = new Float64Array(decades * binsPerDecade);
  for (const gap of gaps) {
    const bin = Math.floor((Math.log10(Math.max(0.1, gap)) + 1) * binsPerDecade);
    bins[Math.min(bins.length - 1, bin)] = (bins[Math.min(bins.length - 1, bin)] ?? 0) + 1;
  }
  const total = gaps.length;
  let sum = 0;
  for (const [bin, size] of bins.entries()) sum += bin * size;
  let best = -1;
  let bestBetween = 0;
  let lower = 0;
  let lowerSum = 0;
  for (let bin = 0; bin + 1 < bins.length; bin++) {
    lower += bins[bin] ?? 0;
    lowerSum += bin * (bins[bin] ?? 0);
    const upper = total - lower;
    if (lower < total * leastShare || upper < total * leastShare || upper === 0 || lower === 0) continue;
    const apart = (sum - lowerSum) / upper - lowerSum / lower;
    if (apart < Math.log10(leastRatio) * binsPerDecade) continue;
    const between = lower * upper * apart * apart;
    // Of equally good places between two classes the middle one would do; the first one is the closest to the calls.
    if (between > bestBetween * (1 + 1e-12)) {
      bestBetween = between;
      best = bin;
    }
  }
  if (best < 0) return usualGapMs;
  return Math.min(mostGapMs, Math.max(leastGapMs, 10 ** ((best + 1) / binsPerDecade - 1)));
}

function* runs(members: Int32Array, start: (row: number) => number, gapMs: number): Generator<Int32Array> {
  let from = 0;
  for (let at = 1; at <= members.length; at++) {
    if (at < members.length && start(members[at] ?? 0) - start(members[at - 1] ?? 0) <= gapMs) continue;
    if (at - from >= leastCalls) yield members.subarray(from, at);
    from = at;
  }
}

/** Where most calls are one parent's, they are that one's burst, and the others happened to be near. */
function hasSeveralParents({ parent }: SpanColumns, members: Int32Array): boolean {
  const counts = new Map<number, number>();
  let most = 0;
  for (const row of members) {
    const above = parent[row] ?? -1;
    const count = (counts.get(above) ?? 0) + 1;
    counts.set(above, count);
    most = Math.max(most, count);
  }
  return most <= members.length * mostOfOneParent;
}

function measured(columns: SpanColumns, work: WorkRows, members: Int32Array, packer: LanePacker) {
  packer.clear();
  let endMs = Number.NEGATIVE_INFINITY;
  let failed = 0;
  for (const row of members) {
    const flags = columns.flags[row] ?? 0;
    const end = work.endMs[row] ?? 0;
    packer.add(work.startMs[row] ?? 0, end);
    endMs = Math.max(endMs, end);
    if ((flags & (FLAG.failure | FLAG.recovered)) !== 0) failed++;
  }
  return { row: members[0] ?? 0, endMs, calls: members.length, peak: packer.laneCount, failed };
}

function toColumns(bursts: readonly Burst[]): Omit<Bursts, "gapMs" | "overallGapMs"> {
  return {
    parent: Int32Array.from(bursts, ({ parent }) => parent),
    row: Int32Array.from(bursts, ({ row }) => row),
    fromMs: Float64Array.from(bursts, ({ fromMs }) => fromMs),
    toMs: Float64Array.from(bursts, ({ toMs }) => toMs),
    endMs: Float64Array.from(bursts, ({ endMs }) => endMs),
    calls: Uint32Array.from(bursts, ({ calls }) => calls),
    peak: Uint32Array.from(bursts, ({ peak }) => peak),
    failed: Uint32Array.from(bursts, ({ failed }) => failed),
  };
}
