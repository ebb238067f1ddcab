import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addMark, boundMarks, type Durability, type DurabilityMark, singleMark } from "../../../src/trace/durability";
import { buildSafety, lossAt, mostLost } from "../../../src/trace/timeline/safety";
import { timelineOf } from "./timelineSpans";

const startMs = 1_000;
const never = Number.POSITIVE_INFINITY;

function durabilityOf(synced: readonly DurabilityMark[], snapshots: readonly DurabilityMark[] = []): Durability {
  return { incarnation: 1, startMs, fsync: "interval", synced, snapshots };
}

describe("what would have been lost", () => {
  // Events at 1000, 1100, 1200, 1300, 1400, 1500.
  const { columns } = timelineOf(`
    main s 1000-1500
    a t 1100-1200 < main
    b t 1300-1400 < main
  `);

  it("is everything since the beginning of the last sync that was done", () => {
    const safety = buildSafety(columns, [durabilityOf([singleMark(250, 320, 3)])], never);
    const lost = (atMs: number) => lossAt(safety, safety.synced, atMs);
    expect(lost(1_000)).toEqual({ events: 1, sinceMs: 1_000 });
    expect(lost(1_319)).toEqual({ events: 4, sinceMs: 1_000 });
    // What happened while it was under way is not covered by it.
    expect(lost(1_320)).toEqual({ events: 1, sinceMs: 1_300 });
    expect(lost(1_500)).toEqual({ events: 3, sinceMs: 1_300 });
  });

  it("is nothing once the session has ended and is on the disk", () => {
    const safety = buildSafety(columns, [durabilityOf([])], 1_600);
    expect(lossAt(safety, safety.synced, 1_599).events).toBe(6);
    expect(lossAt(safety, safety.synced, 1_600)).toEqual({ events: 0, sinceMs: undefined });
  });

  it("is told apart for the disk and for S.json", () => {
    const safety = buildSafety(columns, [durabilityOf([singleMark(450, 455, 6)], [singleMark(150, 160, 2)])], never);
    expect(lossAt(safety, safety.synced, 1_460).events).toBe(0);
    expect(lossAt(safety, safety.snapshots, 1_460).events).toBe(3);
  });

  it("goes over several incarnations", () => {
    const second: Durability = { incarnation: 2, startMs: 1_350, synced: [singleMark(60, 70, 1)], snapshots: [] };
    const safety = buildSafety(columns, [durabilityOf([singleMark(50, 60, 1)]), second], never);
    expect(lossAt(safety, safety.synced, 1_415).events).toBe(4);
    expect(lossAt(safety, safety.synced, 1_420).events).toBe(0);
  });

  const marks = fc.array(fc.record({ afterMs: fc.nat(400), tookMs: fc.nat(60) }), { maxLength: 20 }).map((parts) => {
    let at = 0;
    return parts.map(({ afterMs, tookMs }, index) => {
      at += afterMs;
      const mark = singleMark(at, at + tookMs, index);
      at += tookMs;
      return mark;
    });
  });
  const spans = fc
    .array(fc.tuple(fc.nat(3_000), fc.nat(500)), { minLength: 1, maxLength: 30 })
    .map((parts) =>
      parts.map(([from, length], index) => `s${index} t ${startMs + from}-${startMs + from + length}`).join("\n"),
    );

  it("over a stretch is the most of all its instants", () => {
    fc.assert(
      fc.property(
        spans,
        marks,
        fc.array(fc.integer({ min: 900, max: 5_000 }), { minLength: 2, maxLength: 8 }),
        (text, synced, at) => {
          const safety = buildSafety(timelineOf(text).columns, [durabilityOf(synced)], never);
          const edges = Float64Array.from(new Set(at)).sort();
          const most = mostLost(safety, safety.synced, edges);
          for (const [index, value] of most.entries()) {
            let worst = 0;
            // All times are whole, so nothing changes between quarters of a ms.
            for (let ms = edges[index]!; ms < edges[index + 1]!; ms += 0.25) {
              worst = Math.max(worst, lossAt(safety, safety.synced, ms).events);
            }
            expect(value).toBe(worst);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is never less where marks were joined", () => {
    fc.assert(
      fc.property(spans, marks, fc.integer({ min: 900, max: 6_000 }), (text, synced, atMs) => {
        const { columns: any } = timelineOf(text);
        const exact = buildSafety(any, [durabilityOf(synced)], never);
        const few = boundMarks(synced.reduce<DurabilityMark[]>(addMark, []), 3);
        const joined = buildSafety(any, [durabilityOf(few)], never);
        expect(lossAt(joined, joined.synced, atMs).events).toBeGreaterThanOrEqual(
          lossAt(exact, exact.synced, atMs).events,
        );
      }),
    );
  });
});
