import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLAG } from "../../../src/trace/spanColumns";
import { buildTree } from "../../../src/trace/spanTree";
import { ActivityGrid } from "../../../webview/layout/activityGrid";
import { buildTimeScale } from "../../../webview/layout/timeScale";
import { arbitraryFacts, columnsOf, type MadeRow, madeRows } from "../model/madeColumns";
import { madePicture } from "../model/madePicture";
import { density, effectiveTimes, isActive } from "./referenceActivity";

function drawn(rows: readonly MadeRow[], buckets: number) {
  const columns = columnsOf(rows);
  const tree = buildTree(columns);
  const { times } = madePicture(columns);
  const right = effectiveTimes(columns, tree, undefined);
  return {
    columns,
    tree,
    times,
    right: density(columns, tree, right, times.scale, buckets),
    shown: times.density(buckets),
  };
}

describe("the density of activity", () => {
  it("is the mean number of active rows, or a fifth for each that starts where that is more", () => {
    const facts = fc.array(arbitraryFacts, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(facts, fc.integer({ min: 20, max: 300 }), (made, buckets) => {
        const rows = madeRows(made);
        const { columns, tree, times, right, shown } = drawn(rows, buckets);
        const groups = [
          [shown.generations, right.generations],
          [shown.others, right.others],
        ] as const;
        // A cell is one of some thousands: what lies in one cell may be drawn within it anywhere.
        const active = rows.filter((_, row) => isActive(columns, tree, row)).length;
        for (const [got, exact] of groups) {
          for (let bucket = 0; bucket < buckets; bucket++) {
            const value = got[bucket] ?? 0;
            const wanted = exact[bucket] ?? 0;
            expect(value).toBeGreaterThan(wanted - 0.25 * active);
            expect(value).toBeLessThan(Math.max(wanted, 0.2 * active) + 0.25 * active);
          }
        }
        expect(shown.peak).toBeCloseTo(
          Math.max(...shown.generations.map((value, bucket) => value + (shown.others[bucket] ?? 0))),
          9,
        );
        expect(times.scale.drawnLength).toBeGreaterThan(0);
      }),
    );
  });

  it("adds up to the time that was worked, at every number of columns", () => {
    const leaf = fc.record({ at: fc.integer({ min: 0, max: 90_000 }), ms: fc.integer({ min: 5_000, max: 9_000 }) });
    fc.assert(
      fc.property(
        fc.array(leaf, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 150, max: 400 }),
        (leaves, buckets) => {
          const scale = buildTimeScale(0, 100_000, []);
          const grid = new ActivityGrid(scale);
          for (const { at, ms } of leaves) grid.add(1, at, at + ms, 1);
          const columnMs = 100_000 / buckets;
          const worked = grid.density(scale, buckets).others.reduce((sum, value) => sum + value * columnMs, 0);
          const exact = leaves.reduce((sum, { ms }) => sum + ms, 0);
          // More only where rows start so late in a column that a fifth of it is more than their part of it.
          expect(worked).toBeGreaterThan(exact - 20 * leaves.length);
          expect(worked).toBeLessThan(exact + 0.2 * columnMs * leaves.length + 20 * leaves.length);
        },
      ),
    );
  });

  it("marks the column in which a failure ended, however narrow, and one of an open row at the end", () => {
    const session: MadeRow = { parent: -1, startMs: 0, endMs: 100_000, kind: 0, status: 0, flags: 0, name: "" };
    const failed = { ...session, parent: 0, kind: 2, status: 1, flags: FLAG.failure };
    const rows = [
      session,
      { ...failed, startMs: 10_000, endMs: 60_000 },
      { ...failed, startMs: 20_000, endMs: 30_500, flags: FLAG.recovered },
    ];
    expect([...drawn(rows, 10).shown.failures]).toEqual([0, 0, 0, 1, 0, 0, 2, 0, 0, 0]);
    const open = { ...failed, startMs: 50_000, endMs: Number.NaN, flags: FLAG.failure | FLAG.open };
    expect([...drawn([session, open], 4).shown.failures]).toEqual([0, 0, 0, 2]);
    const many = Array.from({ length: 300 }, (_, index) => ({
      ...failed,
      startMs: index * 300,
      endMs: index * 300 + 1,
    }));
    expect(drawn([session, ...many], 90).shown.failures.filter((mark) => mark === 2).length).toBe(81);
  });

  it("is the same when rows are put in, taken out and prolonged as when they are there from the start", () => {
    const row = fc.record({
      start: fc.integer({ min: 0, max: 50_000 }),
      ms: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
      group: fc.constantFrom(0 as const, 1 as const),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), fc.integer({ min: 1, max: 40 }), (rows, wider) => {
        const first = buildTimeScale(0, 2_000, []);
        const last = buildTimeScale(0, 4_000 * wider, []);
        const grown = new ActivityGrid(first);
        const made = new ActivityGrid(last);
        const endOf = (start: number, ms: number | undefined) => (ms === undefined ? undefined : start + ms);
        for (const { start, ms, group, leaves } of rows) {
          grown.add(group, start, undefined, 1);
          grown.addFailure(false, undefined, 1);
          if (ms !== undefined || leaves) grown.add(group, start, undefined, -1);
          grown.addFailure(false, undefined, -1);
          if (leaves) continue;
          if (ms !== undefined) grown.add(group, start, endOf(start, ms), 1);
          made.add(group, start, endOf(start, ms), 1);
        }
        const [got, wanted] = [grown.density(last, 50), made.density(last, 50)];
        for (let bucket = 0; bucket < 50; bucket++) {
          const tolerance = 0.05 * rows.length + 1e-6;
          expect(Math.abs((got.others[bucket] ?? 0) - (wanted.others[bucket] ?? 0))).toBeLessThan(tolerance);
          expect(Math.abs((got.generations[bucket] ?? 0) - (wanted.generations[bucket] ?? 0))).toBeLessThan(tolerance);
        }
      }),
    );
  });

  it("asks for another grid where something happens in a stretch without cells, and where cells are too wide", () => {
    const scale = buildTimeScale(0, 1_000_000, [{ startMs: 10_000, endMs: 990_000 }]);
    const grid = new ActivityGrid(scale);
    grid.add(0, 0, 10_000, 1);
    grid.add(0, 990_000, 1_000_000, 1);
    expect(grid.isWrongFor(scale)).toBe(false);
    grid.add(1, 500_000, 500_001, 1);
    expect(grid.isWrongFor(scale)).toBe(true);
    const wide = new ActivityGrid(buildTimeScale(0, 1_000_000, []));
    expect(wide.isWrongFor(buildTimeScale(0, 1_000_000, []))).toBe(false);
    expect(wide.isWrongFor(scale)).toBe(true);
  });
});
