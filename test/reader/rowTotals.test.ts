import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RowTally } from "../../src/reader/rowTotals";
import type { TraceSpan } from "../../src/trace/schema";
import { FLAG, type SpanColumns } from "../../src/trace/spanColumns";
import { spansInMemory } from "../../src/trace/spanSource";
import { spanOf } from "./pictures";

interface Row {
  /** NaN where it has none. */
  readonly start: number;
  readonly elided: number;
}

function spansOf(rows: readonly Row[]): TraceSpan[] {
  return rows.map(({ elided }, index) =>
    elided === 0
      ? spanOf(`s${index}`)
      : spanOf(`s${index}`, { name: `elided-1-${elided}-of-9000`, attributes: { elided, totalSpans: 9000 } }),
  );
}

function columnsOf(rows: readonly Row[]): SpanColumns {
  const zeros = new Uint32Array(rows.length);
  return {
    count: rows.length,
    startMs: Float64Array.from(rows, ({ start }) => start),
    endMs: new Float64Array(rows.length),
    parent: new Int32Array(rows.length).fill(-1),
    kind: new Uint8Array(rows.length),
    status: new Uint8Array(rows.length),
    flags: Uint32Array.from(rows, ({ elided }) => (elided === 0 ? 0 : FLAG.elided)),
    name: zeros,
    label: zeros,
    outcome: zeros,
    strings: [""],
  };
}

const row = fc.record({
  start: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(Number.NaN)),
  elided: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 9 }) }),
});

describe("the totals of rows", () => {
  it("that changed and came one by one are those of counting them all", () => {
    const step = fc.record({
      changed: fc.array(fc.tuple(fc.nat(30), row), { maxLength: 4 }),
      added: fc.array(row, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const tally = new RowTally();
        const rows: Row[] = [];
        for (const { changed, added } of steps) {
          const from = rows.length;
          const changedRows = new Set<number>();
          for (const [at, next] of changed) {
            if (at >= from) continue;
            rows[at] = next;
            changedRows.add(at);
          }
          rows.push(...added);
          const spans = spansInMemory(spansOf(rows));
          const totals = tally.update(columnsOf(rows), spans, Uint32Array.from(changedRows), from);
          const starts = rows.map(({ start }) => start).filter((start) => !Number.isNaN(start));
          expect(totals).toEqual({
            firstStartMs: Math.min(Number.POSITIVE_INFINITY, ...starts),
            elidedCount: rows.reduce((sum, { elided }) => sum + elided, 0),
            hasConversation: false,
          });
        }
      }),
    );
  });

  it("ask only for the spans that stand for others", () => {
    const rows = Array.from({ length: 1_000 }, (_, start): Row => ({ start, elided: start === 500 ? 7 : 0 }));
    const source = spansInMemory(spansOf(rows));
    const asked: number[] = [];
    const shortSpanAt = (at: number) => {
      asked.push(at);
      return source.shortSpanAt(at);
    };
    const spans = { ...source, shortSpanAt };
    const tally = new RowTally();
    const totals = tally.update(columnsOf(rows), spans, new Uint32Array(), 0);
    expect(totals).toEqual({ firstStartMs: 0, elidedCount: 7, hasConversation: false });
    tally.update(columnsOf([...rows, { start: 3, elided: 0 }]), spans, Uint32Array.of(1, 2), 1_000);
    expect(asked).toEqual([500]);
  });
});
