// Where lanes and the names of their groups lie from top to bottom, in CSS px. Many lanes are drawn lower, down to a
// height at which they can still be told apart; beyond that they are scrolled.

import type { LaneGroupView } from "../../src/protocol/timelineMessages";

export const usualLanePx = 18;
/** Low enough to see more of them, and high enough for words. */
const leastWordsPx = 14;
/** Of so many lanes nobody reads words: they are an outline. */
const manyLanes = 40;
export const leastLanePx = 7;
export const groupHeadPx = 18;
const endPx = 4;

export interface GroupPlace {
  readonly group: LaneGroupView;
  readonly top: number;
  /** Of its first lane. */
  readonly lanesTop: number;
}

export interface LaneStack {
  readonly lanePx: number;
  readonly height: number;
  readonly places: readonly GroupPlace[];
}

/** @param heightPx the room there is */
export function stackLanes(groups: readonly LaneGroupView[], heightPx: number): LaneStack {
  // A single group of everything needs no name.
  const hasHeads = groups.length > 1 || groups.some(({ kind }) => kind !== "main");
  const headPx = hasHeads ? groupHeadPx : 0;
  const laneCount = groups.reduce((sum, group) => sum + group.laneCount, 0);
  const room = heightPx - groups.length * headPx - endPx;
  const least = laneCount > manyLanes ? leastLanePx : leastWordsPx;
  const lanePx = Math.min(usualLanePx, Math.max(least, Math.floor(room / Math.max(1, laneCount))));
  let top = 0;
  const places = groups.map((group) => {
    const place = { group, top, lanesTop: top + headPx };
    top += headPx + group.laneCount * lanePx;
    return place;
  });
  return { lanePx, height: top + endPx, places };
}

/** Top of a lane; -1 for one that is in no group. */
export function laneTop(stack: LaneStack, lane: number): number {
  const place = stack.places[placeAt(stack, (found) => found.group.firstLane <= lane)];
  if (place === undefined || lane >= place.group.firstLane + place.group.laneCount) return -1;
  return place.lanesTop + (lane - place.group.firstLane) * stack.lanePx;
}

/** The lane at a height; -1 between lanes. */
export function laneAt(stack: LaneStack, y: number): number {
  const place = stack.places[placeAt(stack, (found) => found.top <= y)];
  if (place === undefined || y < place.lanesTop) return -1;
  const lane = Math.floor((y - place.lanesTop) / stack.lanePx);
  return lane < place.group.laneCount ? place.group.firstLane + lane : -1;
}

/** Index of the last place for which `holds`; -1 without one. */
function placeAt({ places }: LaneStack, holds: (place: GroupPlace) => boolean): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const place = places[middle];
    if (place !== undefined && holds(place)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
