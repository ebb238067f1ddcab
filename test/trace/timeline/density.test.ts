import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { begunBetween, buildDensity, meanAtWork } from "../../../src/trace/timeline/density";
import { ROW } from "../../../src/trace/timeline/workRows";
import { arbitrarySpans } from "../arbitrarySpans";
import { timelineOf, timelineOfSpans } from "./timelineSpans";

describe("density", () => {
  it("is the mean number of steps at work in each stretch", () => {
    const { work } = timelineOf(`
      main s 0-40
      a t 0-20 < main
      b t 10-15 < main
      c t 10-10 < main
    `);
    const density = buildDensity(work);
    expect([...meanAtWork(density, Float64Array.of(0, 10, 20, 40))]).toEqual([1, 1.5, 0]);
    expect([...begunBetween(density, Float64Array.of(0, 10, 20, 40))]).toEqual([1, 2, 0]);
    expect([...meanAtWork(density, Float64Array.of(12, 12))]).toEqual([2]);
    expect([...meanAtWork(density, Float64Array.of(-10, 10, 1_000))]).toEqual([0.5, expect.closeTo(15 / 990, 5)]);
  });

  it("keeps its digits far from the start of the epoch", () => {
    const zero = 1_795_170_000_000;
    const { work } = timelineOf(`a t ${zero}-${zero + 0.5}\nb t ${zero + 86_400_000}-${zero + 86_400_001}`);
    const means = meanAtWork(buildDensity(work), Float64Array.of(zero, zero + 0.25, zero + 0.75, zero + 86_400_000));
    expect([...means]).toEqual([expect.closeTo(1, 6), expect.closeTo(0.5, 6), 0]);
  });

  it("adds up to the time that steps took, for any spans and stretches", () => {
    const edges = fc.array(fc.integer({ min: -5, max: 60 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(arbitrarySpans, edges, (spans, times) => {
        const { work } = timelineOfSpans(spans);
        const sorted = Float64Array.from(times).sort();
        const means = meanAtWork(buildDensity(work), sorted);
        const counts = begunBetween(buildDensity(work), sorted);
        for (const [index, mean] of means.entries()) {
          const [from, to] = [sorted[index]!, sorted[index + 1]!];
          let total = 0;
          let begun = 0;
          for (const row of work.ordered) {
            if (work.role[row] !== ROW.work) continue;
            total += Math.max(0, Math.min(work.endMs[row]!, to) - Math.max(work.startMs[row]!, from));
            if (work.startMs[row]! >= from && work.startMs[row]! < to) begun++;
          }
          if (to > from) expect(mean).toBeCloseTo(total / (to - from), 4);
          expect(counts[index]).toBe(begun);
        }
      }),
    );
  });
});
