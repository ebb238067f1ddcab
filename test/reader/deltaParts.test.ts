// Parts of what changed, put together as a panel does, against the columns themselves.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnChunkSchema } from "../../src/protocol/panelMessages";
import { ChangeLog } from "../../src/reader/changeLog";
import { columnChunk } from "../../src/reader/columnChunks";
import { type DeltaStart, deltaPart } from "../../src/reader/deltaParts";
import type { SpanColumns } from "../../src/trace/spanColumns";
import { SpanStore } from "../../webview/model/spanStore";

interface Row {
  readonly parent: number;
  readonly name: number;
  readonly startMs: number;
}

function columnsOf(rows: readonly Row[], strings: readonly string[]): SpanColumns {
  const zeros = new Uint32Array(rows.length);
  return {
    count: rows.length,
    startMs: Float64Array.from(rows, ({ startMs }) => startMs),
    endMs: new Float64Array(rows.length),
    parent: Int32Array.from(rows, ({ parent }) => parent),
    kind: new Uint8Array(rows.length),
    status: new Uint8Array(rows.length),
    flags: new Uint32Array(rows.length),
    name: Uint32Array.from(rows, ({ name }) => name),
    label: zeros,
    outcome: zeros.slice(),
    strings,
  };
}

/** Rows of which each hangs under any other that does not hang under it, and how many of them and of the texts came first. */
const grown = fc
  .record({
    order: fc.shuffledSubarray([...Array(24).keys()], { minLength: 1 }),
    seeds: fc.array(fc.nat(), { minLength: 24, maxLength: 24 }),
    before: fc.nat(24),
    changed: fc.uniqueArray(fc.nat(23)),
    maxBytes: fc.integer({ min: 40, max: 600 }),
  })
  .map(({ order, seeds, before, changed, maxBytes }) => {
    const count = order.length;
    const rank = new Map(
      [...order].sort((a, b) => (seeds[a] ?? 0) - (seeds[b] ?? 0)).map((row, index) => [row, index]),
    );
    const ids = [...order].sort((a, b) => a - b);
    const rows = ids.map((id): Row => {
      const above = ids.findIndex(
        (other) => (rank.get(other) ?? 0) < (rank.get(id) ?? 0) && (seeds[other] ?? 0) % 3 === 0,
      );
      return { parent: above, name: 1 + ((seeds[id] ?? 0) % 9), startMs: seeds[id] ?? 0 };
    });
    const first = Math.min(before, count);
    return { rows, first, changed: changed.filter((row) => row < first).sort((a, b) => a - b), maxBytes };
  });

const allStrings = ["", ...Array.from({ length: 9 }, (_, index) => `name ${index} ${"x".repeat(index * 7)}`)];

describe("what came between two revisions, in parts", () => {
  it("makes the new picture of the old one, and each part leaves a sound forest", () => {
    fc.assert(
      fc.property(grown, ({ rows, first, changed, maxBytes }) => {
        const now = columnsOf(rows, allStrings);
        const old = rows.slice(0, first).map((row, index) => {
          const parent = row.parent < first ? row.parent : -1;
          return changed.includes(index) ? { parent: -1, name: 1, startMs: -1 } : { ...row, parent };
        });
        // What hung under a row that has come since has changed, too.
        const moved = old.flatMap((row, index) => (row.parent === rows[index]?.parent ? [] : [index]));
        const known = allStrings.slice(0, 5);
        for (const row of old)
          if (row.name >= known.length) known.push(...allStrings.slice(known.length, row.name + 1));
        const changes = {
          from: { rows: first, strings: known.length },
          to: { rows: rows.length, strings: allStrings.length },
          changedRows: Uint32Array.from(new Set([...changed, ...moved])).sort(),
        };

        const store = new SpanStore(rows.length);
        const opened = columnChunk(columnsOf(old, known), { row: 0, text: 0 }, { rows: first, texts: known.length });
        expect(store.append(0, opened.columns, opened.strings)).toBe(true);
        let start: DeltaStart | undefined;
        do {
          const part = deltaPart(now, changes, start, maxBytes);
          for (const chunk of [part.changed, part.appended])
            expect(columnChunkSchema.safeParse(chunk).success).toBe(true);
          expect(store.applyDelta(part.changedRows, part.changed, part.appended, part.strings)).toBe(true);
          expectForest(store.columns);
          start = part.next;
        } while (start !== undefined);

        const { count } = store.columns;
        expect(count).toBe(rows.length);
        expect([...store.columns.parent.subarray(0, count)]).toEqual(rows.map(({ parent }) => parent));
        expect([...store.columns.startMs.subarray(0, count)]).toEqual(rows.map(({ startMs }) => startMs));
        const names = [...store.columns.name.subarray(0, count)].map((index) => store.columns.strings[index]);
        expect(names).toEqual(rows.map(({ name }) => allStrings[name]));
      }),
      { numRuns: 400 },
    );
  });
});

/** Every row leads to the top, through rows that are there. */
function expectForest({ count, parent }: SpanColumns): void {
  for (let row = 0; row < count; row++) {
    let above = row;
    for (let steps = 0; above >= 0; steps++) {
      expect(steps).toBeLessThanOrEqual(count);
      expect(above).toBeLessThan(count);
      above = parent[above] ?? -1;
    }
  }
}

describe("the log of changes", () => {
  const rows = (...values: number[]) => Uint32Array.from(values);

  it("sums what lies between two revisions, without rows that came between them", () => {
    const log = new ChangeLog({ rows: 10, strings: 3 });
    log.add(rows(2, 5), { rows: 12, strings: 4 });
    log.add(rows(5, 9, 11), { rows: 12, strings: 4 });
    log.add(rows(1), { rows: 15, strings: 6 });
    expect(log.between(1, 3)).toEqual({
      from: { rows: 10, strings: 3 },
      to: { rows: 12, strings: 4 },
      changedRows: rows(2, 5, 9),
    });
    expect(log.between(2, 4)?.changedRows).toEqual(rows(1, 5, 9, 11));
    expect(log.between(3, 4)).toMatchObject({ from: { rows: 12 }, to: { rows: 15, strings: 6 } });
    expect(log.extent).toEqual({ rows: 15, strings: 6 });
  });

  it("knows nothing of revisions that were not yet, nor backwards", () => {
    const log = new ChangeLog({ rows: 1, strings: 1 });
    log.add(rows(0), { rows: 1, strings: 1 });
    for (const [from, to] of [
      [0, 1],
      [1, 3],
      [2, 2],
      [2, 1],
    ] as const)
      expect(log.between(from, to)).toBeUndefined();
  });

  it("forgets what is long ago, so that it does not grow without end", () => {
    const log = new ChangeLog({ rows: 100_000, strings: 1 });
    const many = Uint32Array.from({ length: 20_000 }, (_, row) => row);
    for (let revision = 1; revision <= 6; revision++) log.add(many, log.extent);
    expect(log.between(1, 7)).toBeUndefined();
    expect(log.between(6, 7)?.changedRows).toHaveLength(20_000);
  });
});
