// Which rows of a tree are printed: nothing is left out without being counted, and the failing step is there.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type TreeItem, type TreeOptions, treeItems } from "../src/cli/treeItems";
import { actionKey } from "../src/trace/actionKey";
import { buildColumns } from "../src/trace/buildColumns";
import { findFailures } from "../src/trace/failures";
import type { TraceSpan } from "../src/trace/schema";
import { buildTree } from "../src/trace/spanTree";
import type { SessionState } from "../src/trace/state";

const failed: SessionState = { status: "failed", reasons: [] };

function span(index: number, parent: number | null, more: Partial<TraceSpan> = {}): TraceSpan {
  return {
    spanId: `s${index}`,
    parentSpanId: parent === null ? null : `s${parent}`,
    name: "read",
    kind: "tool",
    startTime: 1_000 + index,
    endTime: 1_000 + index,
    status: "ok",
    ...more,
  };
}

const root = span(0, null, { kind: "session", name: "run", status: "error" });

function rowsOf(spans: readonly TraceSpan[], options: TreeOptions = { isFull: false }, state = failed) {
  const { columns } = buildColumns(spans);
  const tree = buildTree(columns);
  const { failingStep } = findFailures(columns, tree, (row) => actionKey(spans[row] as TraceSpan), state);
  return { items: treeItems(columns, tree, spans, options), columns, failingStep };
}

/** "run", ".read", ".+97 read": a dot for each level. */
function drawn(items: readonly TreeItem[], spans: readonly TraceSpan[]): string[] {
  return items.map((item) => {
    const indent = ".".repeat(item.depth);
    if (item.type === "step") return `${indent}${spans[item.row]?.name}${item.hidden > 0 ? ` (+${item.hidden})` : ""}`;
    const name = item.alike === undefined ? "" : ` ${spans[item.alike]?.name}`;
    return `${indent}+${item.count}${name}${item.steps > item.count ? ` (${item.steps})` : ""}`;
  });
}

describe("treeItems", () => {
  it("prints a short trace whole", () => {
    const spans = [root, ...Array.from({ length: 79 }, (_, index) => span(index + 1, 0))];
    expect(rowsOf(spans).items).toHaveLength(80);
  });

  it("counts the middle of equal steps in a row", () => {
    const spans = [
      root,
      ...Array.from({ length: 100 }, (_, index) => span(index + 1, 0)),
      span(101, 0, { name: "bash" }),
    ];
    expect(drawn(rowsOf(spans).items, spans)).toEqual(["run", ".read", ".read", ".+97 read", ".read", ".bash"]);
  });

  it("keeps a failure that counts, and only counts those that were made good", () => {
    const spans = [
      root,
      ...Array.from({ length: 300 }, (_, index) => span(index + 1, 0, { input: { path: `f${index}` } })),
    ];
    spans[100] = span(100, 0, { status: "error", input: { path: "lost" } });
    spans[200] = span(200, 0, { status: "error", input: { path: "f250" } });
    const { items, failingStep } = rowsOf(spans);
    expect(drawn(items, spans)).toEqual([
      "run",
      ".read",
      ".read",
      ".+96 read",
      ".read",
      ".read",
      ".read",
      ".read",
      ".+197 read",
      ".read",
    ]);
    expect(items[5]).toMatchObject({ row: 100 });
    expect(failingStep?.row).toBe(100);
    expect(items[8]).toMatchObject({ type: "elided", failures: 0, recovered: 1 });
  });

  it("counts generations as alike, although each has a name of its own", () => {
    const spans = [root];
    for (let step = 1; step <= 200; step++) {
      const above = spans.length;
      spans.push(span(above, 0, { kind: "generation", name: `generation-${step}` }));
      spans.push(span(above + 1, above), span(above + 2, above, { name: "bash" }));
    }
    expect(drawn(rowsOf(spans).items, spans)).toEqual([
      "run",
      ...[1, 2].flatMap((step) => [`.generation-${step}`, "..read", "..bash"]),
      ".+197 generation-3 (591)",
      ".generation-200",
      "..read",
      "..bash",
    ]);
  });

  it("keeps the ends of very many different steps", () => {
    const spans = [
      root,
      ...Array.from({ length: 1_000 }, (_, index) => span(index + 1, 0, { name: `step ${index + 1}` })),
    ];
    const lines = drawn(rowsOf(spans).items, spans);
    expect(lines).toHaveLength(32);
    expect(lines.slice(15, 18)).toEqual([".step 15", ".+970", ".step 986"]);
  });

  it("keeps the failing step where ten thousand others failed as well", () => {
    const spans = [
      root,
      ...Array.from({ length: 10_000 }, (_, index) => span(index + 1, 0, { name: `step ${index}`, status: "error" })),
    ];
    const lost = spans[5_000] as TraceSpan;
    spans[5_000] = { ...lost, endTime: 90_000 };
    const { items, failingStep } = rowsOf(spans);
    expect(failingStep?.row).toBe(5_000);
    expect(items.filter((item) => item.type === "step" && item.row === 5_000)).toHaveLength(1);
    expect(items.length).toBeLessThan(50);
    expect(items.filter(({ type }) => type === "elided")).toMatchObject([{ failures: 4_984 }, { failures: 4_985 }]);
  });

  it("stops at a depth in a trace that is both broad and deep, but for the way to the failing step", () => {
    const spans = [root];
    const add = (above: number, level: number) => {
      for (const name of ["a", "b", "c"]) {
        const index = spans.length;
        spans.push(span(index, above, { name: `${name}${level}` }));
        if (level < 8) add(index, level + 1);
      }
    };
    add(0, 1);
    const last = spans.length - 1;
    spans[last] = { ...(spans[last] as TraceSpan), status: "error" };
    const { items } = rowsOf(spans);
    const lines = drawn(items, spans);
    expect(lines.length).toBeLessThan(320);
    expect(lines.filter((line) => line.startsWith("........"))).toEqual(["........+2", "........c8"]);
    expect(lines.some((line) => line.includes("(+"))).toBe(true);
  });

  it("goes down to a depth that is asked for and counts the rest", () => {
    const spans = [root, span(1, 0, { name: "a" }), span(2, 1, { name: "b" }), span(3, 2, { name: "c" })];
    expect(drawn(rowsOf(spans, { isFull: false, depth: 1 }).items, spans)).toEqual(["run", ".a (+2)"]);
    expect(drawn(rowsOf(spans, { isFull: true, depth: 0 }).items, spans)).toEqual(["run (+3)"]);
  });

  it("leaves the pieces of a program's output to those that print it", () => {
    const attributes = { "tracekeeper.output": { stream: "stdout", bytes: 2, times: [0] } };
    const output = span(1, 0, { kind: "text", name: "output", attributes: { "tracekeeper.output": true } });
    const spans = [root, output, span(2, 1, { kind: "text", attributes }), span(3, 1, { name: "stray" })];
    expect(drawn(rowsOf(spans, { isFull: true }).items, spans)).toEqual(["run", ".output", "..stray"]);
  });

  it("accounts for each step, whatever the tree", () => {
    const tree = fc.array(
      fc.record({
        above: fc.nat(),
        name: fc.constantFrom("a", "b"),
        isFailed: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
      }),
      { minLength: 1, maxLength: 600, size: "max" },
    );
    fc.assert(
      fc.property(tree, fc.boolean(), fc.option(fc.nat(5), { nil: undefined }), (nodes, isFull, depth) => {
        const spans = nodes.map(({ above, name, isFailed }, index) =>
          span(index, index === 0 ? null : above % index, { name, status: isFailed ? "error" : "ok" }),
        );
        const { items, failingStep, columns } = rowsOf(spans, { isFull, depth });
        let sum = 0;
        const open: boolean[] = [];
        for (const item of items) {
          sum += item.type === "step" ? 1 + item.hidden : item.steps;
          // No item follows the last one of its parent at the same level.
          expect(item.depth === 0 || open[item.depth] !== false || open.length <= item.depth).toBe(true);
          open.length = Math.min(open.length, item.depth + 1);
          open[item.depth] = !item.isLast;
        }
        expect(sum).toBe(spans.length);
        expect(open.every((goesOn) => !goesOn)).toBe(true);
        if (failingStep !== undefined && depth === undefined) {
          let length = 0;
          for (let row = failingStep.row; row >= 0; row = columns.parent[row] ?? -1) length++;
          const isPrinted = items.some((item) => item.type === "step" && item.row === failingStep.row);
          if (length <= 60) expect(isPrinted).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});
