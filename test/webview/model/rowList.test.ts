import { describe, expect, it } from "vitest";
import type { TraceSpan } from "../../../src/trace/schema";
import type { Filter } from "../../../webview/model/filters";
import { RowList } from "../../../webview/model/rowList";
import type { PanelColumns } from "../../../webview/model/traceModel";
import { madeUp } from "../../trace/traceSamples";
import { finished, madePicture } from "./madePicture";

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

/** A list of the rows above, to which something happens once it is shown. */
function list(change?: (rows: RowList) => void, filters: readonly Filter[] = []): RowList {
  const { model, times } = madePicture(madeUp(spans).columns);
  const rows = new RowList();
  rows.begin(model.columns.count);
  rows.setFilters(filters);
  finished(rows.show(model, times, undefined));
  change?.(rows);
  return rows;
}

function filter(rows: RowList, filters: readonly Filter[]): void {
  const { model, times } = madePicture(madeUp(spans).columns);
  rows.setFilters(filters);
  finished(rows.show(model, times, undefined));
}

const shown = (rows: RowList) => rows.slice(0, rows.count);

describe("the rows of the tree", () => {
  it("are all of them at first", () => {
    expect(shown(list())).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("leave out what is within a collapsed row, and know where each row is", () => {
    const rows = list((it) => it.setExpanded(1, false));
    expect(shown(rows)).toEqual([0, 1, 4, 5]);
    expect(rows.positionOf(4)).toBe(2);
    expect(rows.positionOf(2)).toBe(-1);
  });

  it("come back when the path to one of them is opened, without forgetting what the person collapsed", () => {
    const rows = list((it) => {
      it.setExpanded(1, false);
      it.openPath(2);
    });
    expect(shown(rows)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(rows.toggledList()).toEqual([1]);
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
    (_, filters, expected, count) => {
      const rows = list(undefined, filters);
      expect(shown(rows)).toEqual(expected);
      expect(rows.matchCount).toBe(count);
    },
  );

  it("are expanded while filtered, and collapsed again as they were afterwards", () => {
    const rows = list((it) => it.setExpanded(1, false));
    filter(rows, [{ type: "name", name: "read" }]);
    expect(shown(rows)).toEqual([0, 1, 3]);
    filter(rows, []);
    expect(shown(rows)).toEqual([0, 1, 4, 5]);
  });

  it("may be collapsed while filtered, until the filters are others", () => {
    const rows = list((it) => it.setExpanded(1, false), [{ type: "name", name: "bash" }]);
    expect(shown(rows)).toEqual([0, 1, 4, 5]);
    filter(rows, [{ type: "kind", kind: "tool" }]);
    expect(shown(rows)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("have a place among the siblings that are shown, and their number", () => {
    const places = (rows: RowList) =>
      shown(rows).map((row) => `${row}: ${rows.ordinalOf(row)} of ${rows.siblingCount(row)}`);
    expect(places(list())).toEqual(["0: 1 of 1", "1: 1 of 2", "2: 1 of 2", "3: 2 of 2", "4: 2 of 2", "5: 1 of 1"]);
    const rows = list(undefined, [{ type: "name", name: "read" }]);
    expect(places(rows)).toEqual(["0: 1 of 1", "1: 1 of 1", "3: 1 of 1"]);
    filter(rows, [{ type: "status", status: "open" }]);
    expect(places(rows)).toEqual(["0: 1 of 1", "4: 1 of 1", "5: 1 of 1"]);
  });

  it("open large traces with two levels, and stay open when a live one grows large", () => {
    const { model, times } = madePicture(madeUp(Array.from({ length: 2_500 }, (_, index) => largeSpan(index))).columns);
    const rows = new RowList();
    rows.begin(model.columns.count);
    finished(rows.show(model, times, undefined));
    expect(Math.max(...shown(rows).map((row) => model.forest.depth[row] ?? 0))).toBe(2);
    rows.begin(100);
    finished(rows.show(model, times, undefined));
    expect(rows.count).toBe(2_500);
  });

  it("of another picture keep filters, the rule, and what was switched, also where rows have other numbers", () => {
    const rows = list((it) => {
      it.setAllExpanded(false);
      it.setExpanded(1, true);
    });
    const then = madeUp(spans).columns;
    const shownIn = (now: PanelColumns, isSameEpoch: boolean, before: PanelColumns | undefined) => {
      const { model, times } = madePicture(now);
      const next = rows.next(before, now, isSameEpoch);
      finished(next.show(model, times, undefined));
      return { rows: shown(next), keeps: next.keepsNumbers };
    };
    rows.setExpanded(0, true);
    expect(shownIn(then, true, then)).toEqual({ rows: [0, 1, 2, 3, 4], keeps: true });
    expect(shownIn(then, false, then)).toEqual({ rows: [0, 1, 2, 3, 4], keeps: true });
    expect(shownIn(then, false, undefined)).toEqual({ rows: [0], keeps: false });
    const named = spans.map((span, index) => ({
      spanId: `s${index}`,
      parentSpanId: index === 0 ? null : "s0",
      ...span,
    }));
    const earlier: Partial<TraceSpan> = { spanId: "e", parentSpanId: null, name: "earlier", startTime: 0, endTime: 1 };
    const shifted = shownIn(madeUp([earlier, ...named]).columns, false, then);
    expect(shifted).toEqual({ rows: [0, 1, 2, 3, 4, 5], keeps: false });
  });
});

function largeSpan(index: number): Partial<TraceSpan> {
  return {
    kind: index === 0 ? "session" : "span",
    parentSpanId: index === 0 ? null : `s${index - (index % 5 || 5)}`,
    endTime: index + 9,
  };
}
