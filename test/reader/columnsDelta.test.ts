import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ColumnChunk, columnChunkSchema } from "../../src/protocol/panelMessages";
import { columnChunks } from "../../src/reader/columnChunks";
import { keepsRows } from "../../src/reader/columnsDelta";
import { StringTable } from "../../src/reader/stringTable";
import type { SpanColumns } from "../../src/trace/spanColumns";
import { columnsDelta, withSharedStrings } from "../support/columnsDelta";

interface Row {
  readonly start: number;
  readonly end: number;
  readonly parent: number;
  readonly flags: number;
  readonly name: string;
  readonly label: string;
}

function columnsOf(rows: readonly Row[]): SpanColumns {
  const strings = [""];
  const intern = (text: string): number => {
    const known = strings.indexOf(text);
    return known >= 0 ? known : strings.push(text) - 1;
  };
  return {
    count: rows.length,
    startMs: Float64Array.from(rows, (row) => row.start),
    endMs: Float64Array.from(rows, (row) => row.end),
    parent: Int32Array.from(rows, (row) => row.parent),
    kind: Uint8Array.from(rows, () => 2),
    status: Uint8Array.from(rows, (row) => row.flags & 1),
    flags: Uint32Array.from(rows, (row) => row.flags),
    // Labels first, so that two tables never agree by chance.
    label: Uint32Array.from(rows, (row) => intern(row.label)),
    name: Uint32Array.from(rows, (row) => intern(row.name)),
    outcome: new Uint32Array(rows.length),
    strings,
  };
}

function rowsOf(chunk: ColumnChunk, strings: readonly string[]): Row[] {
  return Array.from(chunk.startMs, (start, row) => ({
    start,
    end: chunk.endMs[row] as number,
    parent: chunk.parent[row] as number,
    flags: chunk.flags[row] as number,
    name: strings[chunk.name[row] as number] as string,
    label: strings[chunk.label[row] as number] as string,
  }));
}

const rowArbitrary: fc.Arbitrary<Row> = fc.record({
  start: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NaN)),
  end: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NaN)),
  parent: fc.constant(-1),
  flags: fc.integer({ min: 0, max: 3 }),
  name: fc.constantFrom("bash", "read", ""),
  label: fc.string({ maxLength: 4 }),
});

describe("the difference between two pictures", () => {
  it("applied to the first gives the second, for any two", () => {
    fc.assert(
      fc.property(
        fc.array(rowArbitrary, { maxLength: 8 }),
        fc.array(rowArbitrary, { maxLength: 12 }),
        (before, after) => {
          fc.pre(after.length >= before.length);
          const table = new StringTable();
          const first = withSharedStrings(columnsOf(before), table);
          const sentStrings = [...table.list];
          const second = withSharedStrings(columnsOf(after), table);
          const delta = columnsDelta(first, second);
          sentStrings.push(...table.list.slice(sentStrings.length));

          const rows = rowsOf(first as unknown as ColumnChunk, sentStrings);
          const changed = rowsOf(delta.changed, sentStrings);
          delta.changedRows.forEach((row, index) => {
            rows[row] = changed[index] as Row;
          });
          rows.push(...rowsOf(delta.appended, sentStrings));
          expect(rows).toEqual(after);
        },
      ),
    );
  });

  it("names no row that stayed the same, also one without times", () => {
    const rows: Row[] = [{ start: Number.NaN, end: Number.NaN, parent: -1, flags: 0, name: "a", label: "" }];
    const table = new StringTable();
    const delta = columnsDelta(withSharedStrings(columnsOf(rows), table), withSharedStrings(columnsOf(rows), table));
    expect(delta.changedRows).toHaveLength(0);
    expect(delta.appended.startMs).toHaveLength(0);
  });

  it("sends arrays of their exact size, for a view would send its whole buffer", () => {
    const rows = Array.from({ length: 10 }, (_, start) => ({
      start,
      end: start,
      parent: -1,
      flags: 0,
      name: "n",
      label: "",
    }));
    const table = new StringTable();
    const first = withSharedStrings(columnsOf(rows.slice(0, 7)), table);
    const delta = columnsDelta(first, withSharedStrings(columnsOf(rows), table));
    for (const column of Object.values(delta.appended)) expect(column.byteLength).toBe(column.buffer.byteLength);
  });

  it.each([
    [["a", "b"], ["a", "b", "c"], true],
    [["a", "b"], ["a"], false],
    [["a", "b"], ["b", "a"], false],
    [[], ["a"], true],
  ])("rows %j to %j keep their numbers: %s", (before, after, expected) => {
    const ids = (of: readonly string[]) => ({ count: of.length, idOf: (row: number) => of[row] ?? "" });
    expect(keepsRows(ids(before), ids(after))).toBe(expected);
  });
});

describe("columns in chunks", () => {
  it("are whole again when put together, each chunk within its limit and sound", () => {
    fc.assert(
      fc.property(fc.array(rowArbitrary, { maxLength: 60 }), fc.integer({ min: 80, max: 600 }), (rows, maxBytes) => {
        const columns = columnsOf(rows);
        const together: Row[] = [];
        const strings: string[] = [];
        const chunks = [...columnChunks(columns, { maxBytes })];
        for (const chunk of chunks) strings.push(...chunk.strings);
        for (const chunk of chunks) {
          expect(columnChunkSchema.safeParse(chunk.columns).success).toBe(true);
          expect(chunk.fromRow).toBe(together.length);
          expect(chunk.columns.startMs.length * 36).toBeLessThanOrEqual(maxBytes);
          together.push(...rowsOf(chunk.columns, strings));
        }
        expect(together).toEqual(rows);
        expect(chunks.map((chunk) => chunk.last)).toEqual(chunks.map((_, index) => index === chunks.length - 1));
      }),
    );
  });

  it("leave out labels and outcomes that a panel asks for, and hold more rows", () => {
    const rows = fc.sample(rowArbitrary, { numRuns: 600, seed: 1 });
    const columns = columnsOf(rows);
    const options = { maxBytes: 1_000, lacksTexts: true };
    const chunks = [...columnChunks(columns, options)];
    for (const chunk of chunks) {
      expect(columnChunkSchema.safeParse(chunk.columns).success).toBe(true);
      expect([chunk.columns.label.length, chunk.columns.outcome.length]).toEqual([0, 0]);
    }
    expect(chunks.flatMap((chunk) => [...chunk.columns.name])).toEqual([...columns.name.subarray(0, columns.count)]);
    expect(chunks.length).toBeLessThan([...columnChunks(columns, { maxBytes: 1_000 })].length);
  });

  it("are not sound where only some rows have labels", () => {
    const [chunk] = columnChunks(columnsOf(fc.sample(rowArbitrary, { numRuns: 3, seed: 1 })));
    const parts = [{ label: new Uint32Array(2) }, { outcome: new Uint32Array() }, { name: new Uint32Array() }];
    for (const part of parts) expect(columnChunkSchema.safeParse({ ...chunk?.columns, ...part }).success).toBe(false);
  });

  it("are one message even for no row at all", () => {
    expect([...columnChunks(columnsOf([]))].map((chunk) => chunk.last)).toEqual([true]);
  });
});
