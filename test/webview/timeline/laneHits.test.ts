import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hitInLane, nearestInLane, rowBeside } from "../../../webview/timeline/laneHits";
import { LaneStore } from "../../../webview/timeline/laneStore";

// Row: lane, start, end.
const rows: readonly (readonly [number, number, number])[] = [
  [0, 0, 10],
  [1, 5, 30],
  [2, 6, 7],
  [0, 20, 40],
  [2, 60, 60],
  [0, 50, 90],
];
const store = new LaneStore();
store.append(Int32Array.of(0, 1, 2, 3, 5, 4), Int32Array.of(0, 1, 2, 0, 0, 2));
const times = {
  startMs: Float64Array.from(rows, ([, start]) => start),
  endMs: Float64Array.from(rows, ([, , end]) => end),
};

describe("the row under the pointer", () => {
  it.each([
    ["within a bar", 0, 5, 0, 0],
    ["within a later bar of the lane", 0, 70, 0, 5],
    ["between two bars", 0, 15, 0, undefined],
    ["shortly behind a bar", 0, 11, 2, 0],
    ["shortly before a bar", 0, 19, 2, 3],
    ["near an instant", 2, 58, 3, 4],
    ["beyond the last", 1, 50, 3, undefined],
  ])("is found %s", (_, lane, atMs, reachMs, row) => {
    expect(hitInLane(store, times, lane, atMs, reachMs)?.row).toBe(row);
  });

  it("is told together with those that it cannot be told apart from", () => {
    expect(hitInLane(store, times, 0, 30, 30)).toEqual({ row: 3, together: 3 });
    expect(hitInLane(store, times, 0, 30, 1)).toEqual({ row: 3, together: 1 });
  });

  it("is the nearest of all, for any lane", () => {
    const parts = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(9)), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(parts, fc.integer({ min: -5, max: 400 }), fc.nat(12), (lengths, atMs, reachMs) => {
        const lane = new LaneStore();
        lane.append(
          Int32Array.from(lengths, (_, row) => row),
          Int32Array.from(lengths, () => 0),
        );
        let at = 0;
        const made = lengths.map(([pause, length]) => {
          at += pause + length;
          return [at - length, at] as const;
        });
        const of = {
          startMs: Float64Array.from(made, ([start]) => start),
          endMs: Float64Array.from(made, ([, end]) => end),
        };
        const distances = made.map(([start, end]) => Math.max(0, start - atMs, atMs - end));
        const least = Math.min(...distances);
        const hit = hitInLane(lane, of, 0, atMs, reachMs);
        if (least > reachMs) expect(hit).toBeUndefined();
        else expect(distances[hit?.row ?? -1]).toBe(least);
      }),
    );
  });
});

describe("the row beside", () => {
  it.each([
    [0, "next", 3],
    [3, "next", 5],
    [5, "next", 5],
    [0, "previous", 0],
    [5, "first", 0],
    [0, "last", 5],
    [0, "below", 1],
    [1, "below", 2],
    [1, "above", 0],
    [5, "below", 1],
    [4, "above", 1],
    [0, "above", 0],
    [4, "below", 4],
  ] as const)("of row %d, %s, is row %d", (row, step, beside) => {
    expect(rowBeside(store, times, 3, row, step)).toBe(beside);
  });

  it("is none for a row in no lane", () => {
    expect(rowBeside(store, times, 3, 77, "next")).toBe(-1);
  });

  it("in another lane overlaps in time, or else is the nearest", () => {
    expect(nearestInLane(store, times, 0, 22, 25)).toBe(3);
    expect(nearestInLane(store, times, 0, 42, 43)).toBe(3);
    expect(nearestInLane(store, times, 0, 47, 48)).toBe(5);
    expect(nearestInLane(store, times, 0, 200, 300)).toBe(5);
    expect(nearestInLane(store, times, 9, 0, 1)).toBe(-1);
  });
});
