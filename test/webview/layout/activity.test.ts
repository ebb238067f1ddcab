import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TraceSpan } from "../../../src/trace/schema";
import { FLAG } from "../../../src/trace/spanColumns";
import { activity, idleStretches } from "../../../webview/layout/activity";
import { buildTimes, buildTraceModel } from "../../../webview/model/traceModel";
import { madeUp } from "../../trace/traceSamples";

/** Start of the made-up traces. */
const zero = 1_000_000;

function picture(spans: readonly Partial<TraceSpan>[], openEndMs?: number) {
  const model = buildTraceModel(madeUp(spans).columns);
  return { model, times: buildTimes(model, openEndMs) };
}

const session = { kind: "session", startTime: 0, endTime: 100_000 } as const;

describe("times of rows", () => {
  it("end an open row at the given time, or at the last time that any row names", () => {
    const spans = [
      { kind: "session", startTime: 0 },
      { kind: "tool", startTime: 10, endTime: 50 },
    ] as const;
    expect(picture(spans).times.endMs[0]).toBe(zero + 50);
    expect(picture(spans, zero + 900).times.endMs[0]).toBe(zero + 900);
    expect(picture(spans, zero + 20).times.endMs[0]).toBe(zero + 50);
  });

  it("start a row without a time where its parent starts", () => {
    const { times, model } = picture([session, { kind: "tool", startTime: Number.NaN, endTime: 50 }]);
    expect(model.columns.flags[1]! & FLAG.noStart).not.toBe(0);
    expect(times.startMs[1]).toBe(zero);
  });
});

describe("idle stretches", () => {
  it("lie between the ends of what happens within the session, not within what works", () => {
    const { model, times } = picture([
      session,
      { kind: "generation", startTime: 0, endTime: 20_000 },
      { kind: "tool", parentSpanId: "s1", startTime: 15_000, endTime: 20_000 },
      { kind: "span", startTime: 60_000, endTime: 90_000 },
      { kind: "tool", parentSpanId: "s3", startTime: 80_000, endTime: 90_000 },
    ]);
    expect(idleStretches(model.columns, model.tree, times)).toEqual([
      { startMs: zero + 20_000, endMs: zero + 60_000 },
      { startMs: zero + 60_000, endMs: zero + 80_000 },
      { startMs: zero + 90_000, endMs: zero + 100_000 },
    ]);
  });

  it("never overlap a span without children", () => {
    const leaf = fc.record({
      startTime: fc.integer({ min: 0, max: 90_000 }),
      length: fc.integer({ min: 0, max: 9_000 }),
    });
    fc.assert(
      fc.property(fc.array(leaf, { minLength: 1, maxLength: 30 }), (leaves) => {
        const { model, times } = picture([
          session,
          ...leaves.map(({ startTime, length }) => ({ kind: "tool" as const, startTime, endTime: startTime + length })),
        ]);
        for (const gap of idleStretches(model.columns, model.tree, times)) {
          for (const { startTime, length } of leaves) {
            const isApart = zero + startTime + length <= gap.startMs || zero + startTime >= gap.endMs;
            expect(isApart).toBe(true);
          }
        }
      }),
    );
  });
});

describe("density of activity", () => {
  it("counts how many worked at once, generations apart from the rest", () => {
    const { model, times } = picture([
      session,
      { kind: "generation", startTime: 0, endTime: 50_000 },
      { kind: "tool", parentSpanId: "s1", startTime: 25_000, endTime: 50_000 },
      { kind: "tool", parentSpanId: "s1", startTime: 25_000, endTime: 100_000 },
    ]);
    const { generations, others, peak } = activity(model.columns, model.tree, times, times.scale, 4);
    expect([...generations].map((value) => Math.round(value))).toEqual([1, 1, 0, 0]);
    expect([...others].map((value) => Math.round(value))).toEqual([0, 2, 1, 1]);
    expect(Math.round(peak)).toBe(3);
  });

  it("adds up to the time that was worked, at every number of columns", () => {
    const leaf = fc.record({
      startTime: fc.integer({ min: 0, max: 90_000 }),
      length: fc.integer({ min: 2_000, max: 9_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(leaf, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 100, max: 400 }),
        (leaves, buckets) => {
          const { model, times } = picture([
            session,
            ...leaves.map(({ startTime, length }) => ({
              kind: "tool" as const,
              startTime,
              endTime: startTime + length,
            })),
          ]);
          const { others } = activity(model.columns, model.tree, times, times.scale, buckets);
          const bucketMs = times.scale.drawnLength / buckets;
          const worked = others.reduce((sum, value) => sum + value * bucketMs, 0);
          expect(worked).toBeCloseTo(
            leaves.reduce((sum, { length }) => sum + length, 0),
            -1,
          );
        },
      ),
    );
  });

  it("marks the column in which a failure ended", () => {
    const { model, times } = picture([
      session,
      { kind: "tool", startTime: 10_000, endTime: 60_000, status: "error", statusMessage: "no" },
    ]);
    const { failures } = activity(model.columns, model.tree, times, times.scale, 10);
    expect([...failures]).toEqual([0, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
  });
});
