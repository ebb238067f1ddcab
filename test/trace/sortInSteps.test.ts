import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finish, rowsPerStep } from "../../src/base/steps";
import { outlineInSteps } from "../../src/trace/conversationOutline";
import { sortInSteps } from "../../src/trace/sortInSteps";
import { kindCodes, type SpanColumns } from "../../src/trace/spanColumns";
import type { SpanSource } from "../../src/trace/spanSource";
import { timesInSteps } from "../../src/trace/traceTimes";
import { generatedColumns } from "../support/generatedColumns";
import { randomFrom, traceShapes } from "../support/traceGenerator";

const length = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.constantFrom(...[1, 2, 3, 4].flatMap((steps) => [-1, 0, 1].map((more) => steps * rowsPerStep + more))),
);

describe("sorting in steps", () => {
  it("gives what sorting in one go gives, and keeps what is equal in its order", () => {
    fc.assert(
      fc.property(length, fc.integer({ min: 1, max: 1_000_000 }), fc.nat(), (count, values, seed) => {
        const random = randomFrom(seed);
        const keys = Array.from({ length: count }, () => Math.floor(random() * values));
        const compare = (a: number, b: number) => (keys[a] ?? 0) - (keys[b] ?? 0);
        const rows = Int32Array.from(keys.keys());
        finish(sortInSteps(rows, compare));
        expect([...rows]).toEqual([...keys.keys()].sort(compare));
      }),
      { numRuns: 30 },
    );
  });

  it("pauses while it compares, however many rows there are", () => {
    const random = randomFrom(1);
    const keys = Float64Array.from({ length: 200_000 }, random);
    let compared = 0;
    const compare = (a: number, b: number) => {
      compared++;
      return (keys[a] ?? 0) - (keys[b] ?? 0);
    };
    let most = 0;
    for (const _ of sortInSteps(Int32Array.from(keys.keys()), compare)) {
      most = Math.max(most, compared);
      compared = 0;
    }
    expect(Math.max(most, compared)).toBeLessThan(rowsPerStep * Math.log2(rowsPerStep) * 2);
  });
});

/** Columns of more rows than are gone through between two pauses, and not in order of time. */
function shuffled(shape: (typeof traceShapes)[number]): SpanColumns {
  const { columns } = generatedColumns({ spans: 2 * rowsPerStep + 100, shape, seed: 3 });
  const random = randomFrom(4);
  const startMs = columns.startMs.map((start, row) => (row === 0 ? start : start + Math.floor(random() * 100_000)));
  const endMs = columns.endMs.map((end, row) => end + 50 + (startMs[row] ?? 0) - (columns.startMs[row] ?? 0));
  return { ...columns, startMs, endMs };
}

const session = kindCodes.indexOf("session");
const tool = kindCodes.indexOf("tool");

describe.each(traceShapes)("a long trace that is not in order of time, %s", (shape) => {
  const columns = shuffled(shape);
  const { startMs, endMs, parent, kind, count } = columns;
  const rows = [...Array(count).keys()];
  const at = (row: number): [number, number] => [startMs[row] ?? 0, endMs[row] ?? 0];

  it("takes the time that its steps cover, and by themselves", () => {
    const times = finish(timesInSteps(columns));
    expect(times.startMs).toBe(startMs.reduce((a, b) => Math.min(a, b)));
    expect(times.endMs).toBe(endMs.reduce((a, b) => Math.max(a, b)));
    expect(times.busyMs).toBeCloseTo(covered(rows.filter((row) => kind[row] !== session).map(at)), 3);
    const children = rows.map((): number[] => []);
    for (const row of rows) children[parent[row] ?? -1]?.push(row);
    const own = rows.flatMap((row) => {
      const [from, to] = at(row);
      const below = (children[row] ?? []).map((child): [number, number] => {
        const [start, end] = at(child);
        return [Math.max(from, start), Math.min(to, end)];
      });
      return kind[row] === session ? [] : [to - from - covered(below)];
    });
    const longest = own.toSorted((a, b) => b - a).slice(0, 10);
    expect(times.slowest).toHaveLength(longest.length);
    for (const [index, { ownMs }] of times.slowest.entries()) expect(ownMs).toBeCloseTo(longest[index] ?? 0, 3);
  });

  it("is a conversation in the order in which its calls began, each inside the nearest call above it", () => {
    // Somebody speaks: then no step has to be read.
    const spoken = { ...columns, kind: columns.kind.with(1, kindCodes.indexOf("user-message")) };
    const spans = { count, fieldAt: () => undefined } as unknown as SpanSource;
    const outline = finish(outlineInSteps(spans, spoken));
    const isTool = (row: number) => spoken.kind[row] === tool;
    for (let item = 0; item < outline.count; item++) {
      const calls = [...outline.callRows.subarray(outline.firstCall[item] ?? 0, outline.firstCall[item + 1] ?? 0)];
      expect(calls).toEqual(calls.toSorted((a, b) => (startMs[a] ?? 0) - (startMs[b] ?? 0) || a - b));
    }
    expect([...outline.callRows].sort((a, b) => a - b)).toEqual(rows.filter(isTool));
    for (const row of rows) {
      let above = parent[row] ?? -1;
      while (above >= 0 && !isTool(above)) above = spoken.kind[above] === session ? -1 : (parent[above] ?? -1);
      expect(outline.insideRow[row]).toBe(above);
    }
  });
});

/** How much of the time the stretches cover together. */
function covered(stretches: readonly (readonly [number, number])[]): number {
  let sum = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const [from, to] of stretches.toSorted((a, b) => a[0] - b[0])) {
    sum += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return sum;
}
