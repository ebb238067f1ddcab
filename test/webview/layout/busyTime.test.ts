import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BusyTime } from "../../../webview/layout/busyTime";

const apartMs = 60;

/** Idle stretches of a list of intervals, by definition. */
function idleOf(intervals: readonly (readonly [number, number])[], lastMs: number) {
  const idle: { startMs: number; endMs: number }[] = [];
  const inOrder = intervals.toSorted((a, b) => a[0] - b[0]);
  let until = inOrder[0]?.[0] ?? 0;
  for (const [start, end] of [...inOrder, [lastMs, lastMs] as const]) {
    if (start - until >= apartMs) idle.push({ startMs: until, endMs: start });
    until = Math.max(until, end);
  }
  return idle;
}

const interval = fc
  .tuple(fc.integer({ min: 0, max: 3_000 }), fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 })))
  .map(([start, length]) => [start, start + length] as const);

describe("busy time", () => {
  it("leaves exactly the stretches in which nothing was busy, in whatever order intervals come", () => {
    fc.assert(
      fc.property(fc.array(interval, { minLength: 1, maxLength: 60 }), fc.nat({ max: 500 }), (intervals, more) => {
        const busy = new BusyTime(apartMs);
        for (const [start, end] of intervals) busy.add(start, end);
        const lastMs = Math.max(...intervals.map(([, end]) => end)) + more;
        expect(busy.idle(lastMs)).toEqual(idleOf(intervals, lastMs));
      }),
    );
  });

  it("ends the last stretch where something is busy that has no end", () => {
    const busy = new BusyTime(apartMs);
    busy.add(0, 10);
    busy.add(500, 510);
    expect(busy.idle(2_000, 300)).toEqual([{ startMs: 10, endMs: 300 }]);
    expect(busy.idle(2_000, 900)).toEqual([
      { startMs: 10, endMs: 500 },
      { startMs: 510, endMs: 900 },
    ]);
  });

  it("forgets the shortest of very many stretches, and never a long one", () => {
    const busy = new BusyTime(apartMs);
    const count = 30_000;
    const long = new Set([7, 400, 29_000]);
    let at = 0;
    const expected: { startMs: number; endMs: number }[] = [];
    for (let index = 0; index < count; index++) {
      busy.add(at, at + 5);
      const gapMs = long.has(index) ? 10_000_000 : 60 + (index % 40);
      if (long.has(index)) expected.push({ startMs: at + 5, endMs: at + 5 + gapMs });
      at += 5 + gapMs;
    }
    const idle = busy.idle(at - 1);
    expect(idle.length).toBeLessThan(5_000);
    expect(idle.filter(({ startMs, endMs }) => endMs - startMs > 1_000_000)).toEqual(expected);
  });
});
