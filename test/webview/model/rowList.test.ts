import { describe, expect, it } from "vitest";
import type { TraceSpan } from "../../../src/trace/schema";
import type { Filter } from "../../../webview/model/filters";
import { RowList } from "../../../webview/model/rowList";
import { buildTimes, buildTraceModel } from "../../../webview/model/traceModel";
import { madeUp } from "../../trace/traceSamples";

const spans: Partial<TraceSpan>[] = [
  { kind: "session", startTime: 0, endTime: 10_000 },
  { kind: "generation", startTime: 0, endTime: 4_000 },
  {
    kind: "tool",
    name: "bash",
    parentSpanId: "s1",
    startTime: 100,
    endTime: 3_000,
    status: "error",
    statusMessage: "no",
  },
  { kind: "tool", name: "read", parentSpanId: "s1", startTime: 200, endTime: 300 },
  { kind: "generation", startTime: 5_000, endTime: 9_000 },
  { kind: "tool", name: "bash", parentSpanId: "s4", startTime: 6_000 },
];
const model = buildTraceModel(madeUp(spans).columns);
const times = buildTimes(model, undefined);

function list(change?: (rows: RowList) => void, within?: Uint8Array): RowList {
  const rows = new RowList();
  rows.begin(model.columns.count, true);
  change?.(rows);
  rows.rebuild(model, times, within);
  return rows;
}

describe("the rows of the tree", () => {
  it("are all of them at first", () => {
    expect([...list().rows]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("leave out what is within a collapsed row, and know where each row is", () => {
    const rows = list((it) => it.setExpanded(model, 1, false));
    expect([...rows.rows]).toEqual([0, 1, 4, 5]);
    expect(rows.positionOf(4)).toBe(2);
    expect(rows.positionOf(2)).toBe(-1);
  });

  it("come back when the path to one of them is opened, without forgetting what the person collapsed", () => {
    const rows = list((it) => {
      it.setExpanded(model, 1, false);
      it.openPath(model, 2);
    });
    expect([...rows.rows]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...rows.toggledRows]).toEqual([1]);
  });

  it.each([
    ["kind", [{ type: "kind", kind: "tool" }], [0, 1, 2, 3, 4, 5], 3],
    ["name", [{ type: "name", name: "read" }], [0, 1, 3], 1],
    ["failed", [{ type: "status", status: "failed" }], [0, 1, 2], 1],
    ["open", [{ type: "status", status: "open" }], [0, 4, 5], 1],
    ["duration, in which what never ended has none", [{ type: "longerThan", ms: 3_500 }], [0, 1, 4], 3],
    [
      "two of one group",
      [
        { type: "name", name: "read" },
        { type: "name", name: "bash" },
      ],
      [0, 1, 2, 3, 4, 5],
      3,
    ],
    [
      "two groups",
      [
        { type: "name", name: "bash" },
        { type: "status", status: "open" },
      ],
      [0, 4, 5],
      1,
    ],
  ] as [string, Filter[], number[], number][])(
    "are reduced to matches and their ancestors by %s",
    (_, filters, shown, count) => {
      const rows = list((it) => it.setFilters(filters));
      expect([...rows.rows]).toEqual(shown);
      expect(rows.matchCount).toBe(count);
    },
  );

  it("are expanded while filtered, and collapsed again as they were afterwards", () => {
    const rows = list((it) => {
      it.setExpanded(model, 1, false);
      it.setFilters([{ type: "name", name: "read" }]);
    });
    expect([...rows.rows]).toEqual([0, 1, 3]);
    rows.setFilters([]);
    rows.rebuild(model, times, undefined);
    expect([...rows.rows]).toEqual([0, 1, 4, 5]);
  });

  it("have a place among the siblings that are shown, and their number", () => {
    const places = (rows: RowList) =>
      Array.from(rows.rows, (row) => `${row}: ${rows.ordinalOf(model, row)} of ${rows.siblingCount(model, row)}`);
    expect(places(list())).toEqual(["0: 1 of 1", "1: 1 of 2", "2: 1 of 2", "3: 2 of 2", "4: 2 of 2", "5: 1 of 1"]);
    const rows = list((it) => it.setFilters([{ type: "name", name: "read" }]));
    expect(places(rows)).toEqual(["0: 1 of 1", "1: 1 of 1", "3: 1 of 1"]);
    rows.setFilters([{ type: "status", status: "open" }]);
    rows.rebuild(model, times, undefined);
    expect(places(rows)).toEqual(["0: 1 of 1", "4: 1 of 1", "5: 1 of 1"]);
  });

  it("keep rows that came after the search was answered", () => {
    expect([...list(undefined, Uint8Array.of(0, 0, 1, 0)).rows]).toEqual([0, 1, 2, 4, 5]);
  });

  it("open large traces with two levels, and stay open when a live one grows large", () => {
    const large = buildTraceModel(madeUp(Array.from({ length: 2_500 }, (_, index) => largeSpan(index))).columns);
    const rows = new RowList();
    rows.begin(large.columns.count, false);
    rows.rebuild(large, buildTimes(large, undefined), undefined);
    expect(Math.max(...Array.from(rows.rows, (row) => large.tree.depth[row] ?? 0))).toBe(2);
    rows.begin(100, false);
    rows.rebuild(large, buildTimes(large, undefined), undefined);
    expect(rows.rows.length).toBe(2_500);
  });
});

function largeSpan(index: number): Partial<TraceSpan> {
  return {
    kind: index === 0 ? "session" : "span",
    parentSpanId: index === 0 ? null : `s${index - (index % 5 || 5)}`,
    endTime: index + 9,
  };
}
