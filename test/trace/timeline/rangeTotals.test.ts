import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLAG, kindCodes } from "../../../src/trace/spanColumns";
import { rangeTotals } from "../../../src/trace/timeline/rangeTotals";
import { arbitrarySpans } from "../arbitrarySpans";
import { type TimelineTrace, timelineOf, timelineOfSpans } from "./timelineSpans";

function usageOf({ columns }: TimelineTrace, tokens: Readonly<Record<number, number>> = {}) {
  const of = new Float64Array(columns.count).fill(Number.NaN);
  for (const [row, count] of Object.entries(tokens)) of[Number(row)] = count;
  return { tokens: of, cost: new Float64Array(columns.count).fill(Number.NaN) };
}

describe("totals of a range", () => {
  const trace = timelineOf(`
    main s 0-100
    turn g 0-20 < main
    a t 20-60 < main
    b t 30-50 < main
    c t 30-40 < main
    d t 60- < main
  `);

  it("count what began in it, and apart from that what was under way", () => {
    const totals = rangeTotals(trace.columns, trace.work, usageOf(trace), 20, 60);
    expect(totals).toMatchObject({ spans: 3, running: 1, open: 0, peak: 3, busyMs: 40 + 20 + 10 });
    expect(totals.byKind[kindCodes.indexOf("tool")]).toBe(3);
    expect(rangeTotals(trace.columns, trace.work, usageOf(trace), 60, 100)).toMatchObject({
      spans: 1,
      open: 1,
      peak: 1,
    });
  });

  it("name no tokens and no cost that nobody reported", () => {
    expect(rangeTotals(trace.columns, trace.work, usageOf(trace), 0, 100)).toMatchObject({
      tokens: undefined,
      cost: undefined,
    });
    const totals = rangeTotals(trace.columns, trace.work, usageOf(trace, { 1: 1200, 2: 0 }), 0, 100);
    expect(totals).toMatchObject({ tokens: 1200, tokenReports: 2, cost: undefined, costReports: 0 });
  });

  it("count usage once that an outer step tells again", () => {
    const nested = timelineOf(`
      main s 0-100
      agent t 0-90 < main
      turn.1 g 10-20 < agent
      turn.2 g 30-40 < agent
    `);
    const usage = usageOf(nested, { 1: 900, 2: 400, 3: 500 });
    expect(rangeTotals(nested.columns, nested.work, usage, 0, 100)).toMatchObject({ tokens: 900, tokenReports: 2 });
  });

  it("count failures apart from recovered ones", () => {
    trace.columns.flags[2] = FLAG.failure;
    trace.columns.flags[3] = FLAG.recovered;
    expect(rangeTotals(trace.columns, trace.work, usageOf(trace), 20, 60)).toMatchObject({ failures: 1, recovered: 1 });
  });

  it("of neighbouring ranges add up to those of the whole, for any spans", () => {
    fc.assert(
      fc.property(arbitrarySpans, fc.array(fc.integer({ min: 0, max: 41 }), { maxLength: 5 }), (spans, cuts) => {
        const any = timelineOfSpans(spans);
        fc.pre(!Number.isNaN(any.work.firstMs));
        const usage = usageOf(any, { 0: 5 });
        const edges = [any.work.firstMs, ...cuts.filter((cut) => cut > any.work.firstMs && cut < any.work.lastMs)];
        edges.sort((a, b) => a - b);
        edges.push(any.work.lastMs);
        const whole = rangeTotals(any.columns, any.work, usage, any.work.firstMs, any.work.lastMs);
        let [sum, tokens] = [0, 0];
        for (let at = 0; at + 1 < edges.length; at++) {
          const part = rangeTotals(any.columns, any.work, usage, edges[at]!, edges[at + 1]!);
          sum += part.spans;
          tokens += part.tokens ?? 0;
          expect(part.peak).toBeLessThanOrEqual(whole.peak);
        }
        // The last range holds its end, and so does an empty one there.
        if (new Set(edges).size === edges.length) {
          expect(sum).toBe(whole.spans);
          expect(tokens).toBe(whole.tokens ?? 0);
        }
      }),
    );
  });
});
