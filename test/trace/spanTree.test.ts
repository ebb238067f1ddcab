import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildColumns } from "../../src/trace/buildColumns";
import type { TraceSpan } from "../../src/trace/schema";
import type { SpanColumns, SpanTree } from "../../src/trace/spanColumns";
import { buildTree } from "../../src/trace/spanTree";
import { arbitrarySpans } from "./arbitrarySpans";

function columnsOf(
  parents: readonly number[],
  starts?: readonly number[],
): Pick<SpanColumns, "count" | "parent" | "startMs"> {
  const startMs = Float64Array.from(starts ?? parents.map((_, row) => row));
  return { count: parents.length, parent: Int32Array.from(parents), startMs };
}

function childrenOf(tree: SpanTree, row: number): number[] {
  const rows: number[] = [];
  for (let child = row < 0 ? tree.firstRoot : tree.firstChild[row]!; child >= 0; child = tree.nextSibling[child]!) {
    rows.push(child);
  }
  return rows;
}

describe("buildTree", () => {
  it("makes an empty tree of no rows", () => {
    const tree = buildTree(columnsOf([]));
    expect(tree.firstRoot).toBe(-1);
    expect([...tree.preorder]).toEqual([]);
  });

  it("orders siblings by start, then by row, and those without a start first", () => {
    const tree = buildTree(columnsOf([-1, 0, 0, 0, 0, 0], [0, 5, 3, Number.NaN, 3, Number.NaN]));
    expect(childrenOf(tree, 0)).toEqual([3, 5, 2, 4, 1]);
  });

  it("orders rows at the top in the same way", () => {
    const tree = buildTree(columnsOf([-1, -1, -1], [2, Number.NaN, 1]));
    expect(childrenOf(tree, -1)).toEqual([1, 2, 0]);
  });

  it("goes down a chain of 100,000 and across 100,000 siblings without recursion", () => {
    const count = 100_000;
    const chain = buildTree(columnsOf(Array.from({ length: count }, (_, row) => row - 1)));
    expect(chain.depth[count - 1]).toBe(count - 1);
    expect(chain.subtreeSize[0]).toBe(count);
    const starts = Array.from({ length: count }, (_, row) => -row);
    const siblings = buildTree(
      columnsOf(
        Array.from({ length: count }, (_, row) => (row === 0 ? -1 : 0)),
        starts,
      ),
    );
    expect([...siblings.preorder.subarray(0, 3), siblings.preorder[count - 1]]).toEqual([0, count - 1, count - 2, 1]);
  });

  it("holds a chain whose children come first in the file", () => {
    const count = 10_000;
    const spans: TraceSpan[] = Array.from({ length: count }, (_, row) => ({
      spanId: `s${row}`,
      parentSpanId: row === count - 1 ? null : `s${row + 1}`,
      name: "step",
      kind: "span",
      startTime: row,
      status: "ok",
    }));
    const tree = buildTree(buildColumns(spans).columns);
    expect(tree.depth[0]).toBe(count - 1);
    expect(tree.firstRoot).toBe(count - 1);
  });

  it("loses no span and is consistent for any spans", () => {
    fc.assert(
      fc.property(arbitrarySpans, (spans) => {
        const { columns } = buildColumns(spans);
        const tree = buildTree(columns);
        expect([...tree.preorder].sort((a, b) => a - b)).toEqual(
          Array.from({ length: columns.count }, (_, row) => row),
        );
        const position = new Map([...tree.preorder].map((row, index) => [row, index]));
        for (let row = -1; row < columns.count; row++) {
          const children = childrenOf(tree, row);
          const expected = Array.from({ length: columns.count }, (_, child) => child)
            .filter((child) => columns.parent[child] === row)
            .sort((a, b) => startOf(columns, a) - startOf(columns, b) || a - b);
          expect(children).toEqual(expected);
          const sizes = children.reduce((sum, child) => sum + tree.subtreeSize[child]!, 0);
          if (row < 0) expect(sizes).toBe(columns.count);
          else expect(tree.subtreeSize[row]).toBe(sizes + 1);
          // A subtree is one run of the preorder, each child right after what comes before it.
          let next = row < 0 ? 0 : position.get(row)! + 1;
          for (const child of children) {
            expect(position.get(child)).toBe(next);
            expect(tree.depth[child]).toBe(row < 0 ? 0 : tree.depth[row]! + 1);
            next += tree.subtreeSize[child]!;
          }
        }
      }),
    );
  });
});

/** Finite, so that the difference of two missing starts is 0. */
function startOf(columns: Pick<SpanColumns, "startMs">, row: number): number {
  const start = columns.startMs[row]!;
  return Number.isNaN(start) ? -1 : start;
}
