// What lies under the pointer, and where the keys go from a row: to its neighbours in the lane and in the lanes beside.

import { firstEndingFrom, firstStartingFrom, type RowTimes } from "./laneBars";
import type { LaneStore } from "./laneStore";

export interface LaneHit {
  readonly row: number;
  /** Rows that cannot be told apart at this zoom, the row included. */
  readonly together: number;
}

/** @param reachMs how far beside a bar the pointer still takes it; @param fromMs, toMs of the px under it */
export function hitInLane(
  store: LaneStore,
  times: RowTimes,
  lane: number,
  atMs: number,
  reachMs: number,
): LaneHit | undefined {
  const rows = store.rowsOf(lane);
  const count = store.rowCount(lane);
  const first = firstEndingFrom(rows, count, times, atMs - reachMs);
  let best = -1;
  let bestDistance = Number.POSITIVE_INFINITY;
  const end = firstStartingFrom(rows, Math.min(first, count), count, times, atMs + reachMs);
  const isNear = (index: number) => {
    const startMs = times.startMs[rows[index] ?? 0] ?? 0;
    const endMs = times.endMs[rows[index] ?? 0] ?? 0;
    return Math.max(0, startMs - atMs, atMs - endMs);
  };
  // Of thousands within reach those at the time itself are the nearest: starts ascend.
  const around = firstStartingFrom(rows, first, count, times, atMs);
  for (const index of [around - 1, around, first]) {
    if (index < first || index >= count) continue;
    const distance = isNear(index);
    if (distance <= reachMs && distance < bestDistance) {
      best = index;
      bestDistance = distance;
    }
  }
  if (best < 0) return undefined;
  return { row: rows[best] ?? 0, together: Math.max(1, end - first) };
}

export type LaneStep = "next" | "previous" | "first" | "last" | "above" | "below";

/** The row to which a key leads; -1 where there is none. */
export function rowBeside(store: LaneStore, times: RowTimes, laneCount: number, row: number, step: LaneStep): number {
  const lane = store.laneOf(row);
  if (lane < 0) return -1;
  const rows = store.rowsOf(lane);
  const count = store.rowCount(lane);
  const at = indexInLane(store, times, lane, row);
  switch (step) {
    case "next":
      return rows[Math.min(count - 1, at + 1)] ?? -1;
    case "previous":
      return rows[Math.max(0, at - 1)] ?? -1;
    case "first":
      return rows[0] ?? -1;
    case "last":
      return rows[count - 1] ?? -1;
    case "above":
    case "below": {
      const by = step === "above" ? -1 : 1;
      for (let other = lane + by; other >= 0 && other < laneCount; other += by) {
        const found = nearestInLane(store, times, other, times.startMs[row] ?? 0, times.endMs[row] ?? 0);
        if (found >= 0) return found;
      }
      return row;
    }
  }
}

/** The row of a lane that overlaps a stretch, or else is nearest to it; -1 in an empty lane. */
export function nearestInLane(store: LaneStore, times: RowTimes, lane: number, fromMs: number, toMs: number): number {
  const rows = store.rowsOf(lane);
  const count = store.rowCount(lane);
  if (count === 0) return -1;
  const after = firstEndingFrom(rows, count, times, fromMs);
  if (after >= count) return rows[count - 1] ?? -1;
  const startMs = times.startMs[rows[after] ?? 0] ?? 0;
  if (startMs <= toMs || after === 0) return rows[after] ?? -1;
  const beforeEndMs = times.endMs[rows[after - 1] ?? 0] ?? 0;
  return (fromMs - beforeEndMs < startMs - toMs ? rows[after - 1] : rows[after]) ?? -1;
}

/** Index of a row in its lane. */
export function indexInLane(store: LaneStore, times: RowTimes, lane: number, row: number): number {
  const rows = store.rowsOf(lane);
  const count = store.rowCount(lane);
  let index = firstStartingFrom(rows, 0, count, times, times.startMs[row] ?? 0);
  // Starts within a lane differ, but by as little as a thousandth of a millisecond.
  while (index + 1 < count && rows[index] !== row) index++;
  return index;
}
