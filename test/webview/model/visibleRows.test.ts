import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildColumns } from "../../../src/trace/buildColumns";
import { buildTree } from "../../../src/trace/spanTree";
import { arbitrarySpans } from "../../trace/arbitrarySpans";
import { visibleRows } from "./visibleRows";

//     0
//   1   4
//  2 3   5
const tree = buildTree({
  count: 6,
  parent: Int32Array.of(-1, 0, 1, 1, 0, 4),
  startMs: Float64Array.of(0, 1, 2, 3, 4, 5),
});
const mask = (...rows: number[]) => Uint8Array.from({ length: 6 }, (_, row) => (rows.includes(row) ? 1 : 0));

describe("visibleRows", () => {
  const cases: readonly [string, number[], Uint8Array | undefined, number[]][] = [
    ["everything when all is expanded", [0, 1, 2, 3, 4, 5], undefined, [0, 1, 2, 3, 4, 5]],
    ["only the top when nothing is", [], undefined, [0]],
    ["nothing below a collapsed row, whatever is expanded there", [1, 4], undefined, [0]],
    ["siblings after a collapsed row", [0, 4], undefined, [0, 1, 4, 5]],
    ["matches with their ancestors", [0, 1, 4], mask(3), [0, 1, 3]],
    ["a match without its children, unless they match too", [0, 1, 4], mask(1, 5), [0, 1, 4, 5]],
    ["the collapsed row that holds a match", [0], mask(3), [0, 1]],
    ["nothing when nothing matches", [0, 1, 4], mask(), []],
  ];
  it.each(cases)("shows %s", (_name, expanded, filter, expected) => {
    expect([...visibleRows(tree, (row) => expanded.includes(row), filter)]).toEqual(expected);
    expect([...visibleRows(tree, mask(...expanded), filter)]).toEqual(expected);
  });

  it("agrees with the definition for any tree, expansion and filter", () => {
    const bits = fc.uint8Array({ minLength: 41, maxLength: 41, max: 1 });
    fc.assert(
      fc.property(arbitrarySpans, bits, fc.option(bits, { nil: undefined }), (spans, expanded, filter) => {
        const { columns } = buildColumns(spans);
        const random = buildTree(columns);
        const kept = new Set<number>();
        for (let row = 0; row < columns.count; row++) {
          if (filter === undefined || filter[row] !== 0)
            for (let up = row; up >= 0; up = columns.parent[up]!) kept.add(up);
        }
        const isShown = (row: number) => {
          for (let up = columns.parent[row]!; up >= 0; up = columns.parent[up]!) if (expanded[up] === 0) return false;
          return kept.has(row);
        };
        expect([...visibleRows(random, expanded, filter)]).toEqual([...random.preorder].filter(isShown));
      }),
    );
  });
});
