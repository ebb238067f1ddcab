import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { notKept, RowOrder } from "../../../webview/model/rowOrder";
import { SpanForest } from "../../../webview/model/spanForest";
import { columnsOf, madeRow } from "./madeColumns";
import { finished } from "./madePicture";

/** Rows in order, all of them at the top, in chunks of four. */
function flat(count: number): RowOrder {
  const facts = { startMs: 0, lastsMs: 0, kind: 0, status: 0, mark: 0, name: "bash", under: 0 } as const;
  const columns = columnsOf(Array.from({ length: count }, () => madeRow(facts, -1)));
  const forest = new SpanForest(columns, count);
  forest.linkRange(0, count);
  return finished(RowOrder.build(forest, 4));
}

const part = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const step = fc.oneof(
  fc.record({ type: fc.constant("hide" as const), from: part, to: part }),
  fc.record({
    type: fc.constant("insert" as const),
    at: part,
    count: fc.integer({ min: 1, max: 12 }),
    reasons: fc.nat({ max: 2 }),
  }),
  fc.record({ type: fc.constant("remove" as const), from: part, to: part }),
  fc.record({ type: fc.constant("keep" as const), at: part, isKept: fc.boolean() }),
  fc.record({ type: fc.constant("anew" as const), seed: fc.nat({ max: 5 }) }),
);

describe("the order of rows", () => {
  it("is that of a plain list of rows and reasons, whatever comes, goes, hides and shows", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.array(step, { maxLength: 40 }), (count, steps) => {
        const order = flat(count);
        let rows = Array.from({ length: count }, (_, row) => row);
        const reasons = new Map(rows.map((row) => [row, 0]));
        let next = count;
        /** Ranges that were hidden: only what was hidden is shown again. */
        const hidden: number[][] = [];
        for (const each of steps) {
          const at = (where: number) => Math.floor(where * rows.length);
          if (each.type === "insert") {
            const previous = each.at < 0.1 || rows.length === 0 ? -1 : (rows[at(each.at)] ?? -1);
            const came = Array.from({ length: each.count }, () => next++);
            order.insertAfter(previous, Int32Array.from(came), new Int32Array(came.length).fill(each.reasons));
            rows = rows.toSpliced(previous < 0 ? 0 : rows.indexOf(previous) + 1, 0, ...came);
            for (const row of came) reasons.set(row, each.reasons);
          } else if (rows.length === 0) continue;
          else if (each.type === "hide" || each.type === "remove") {
            const [from, to] = [at(each.from), at(each.to)].toSorted((a, b) => a - b) as [number, number];
            const range = rows.slice(from, to + 1);
            if (each.type === "remove") {
              order.remove(range[0] ?? 0, range.at(-1) ?? 0);
              rows = rows.toSpliced(from, range.length);
              for (const row of range) expect(order.has(row)).toBe(false);
              hidden.length = 0;
            } else {
              const again = hidden.findIndex(
                (other) => other.every((row) => range.includes(row)) && other.length === range.length,
              );
              const by = again >= 0 ? -1 : 1;
              if (again >= 0) hidden.splice(again, 1);
              else hidden.push(range);
              order.hide(range[0] ?? 0, range.at(-1) ?? 0, by);
              for (const row of range) reasons.set(row, (reasons.get(row) ?? 0) + by);
            }
          } else if (each.type === "keep") {
            const row = rows[at(each.at)] ?? 0;
            order.setKept(row, each.isKept);
            const before = reasons.get(row) ?? 0;
            reasons.set(row, each.isKept ? before & ~notKept : before | notKept);
          } else {
            for (const row of rows) reasons.set(row, row % 3 === each.seed ? 1 : 0);
            finished(order.hideAnew((row) => reasons.get(row) ?? 0));
            hidden.length = 0;
          }
          const shown = rows.filter((row) => reasons.get(row) === 0);
          expect([...order.toArray()]).toEqual(rows);
          expect([order.count, order.shownCount]).toEqual([rows.length, shown.length]);
          expect(order.shownRows(0, 999)).toEqual(shown);
          expect(order.shownRows(2, 7)).toEqual(shown.slice(2, 7));
          expect(rows.map((row) => order.hiddenBy(row))).toEqual(rows.map((row) => reasons.get(row)));
          expect(rows.map((row) => order.positionOf(row))).toEqual(rows.map((row) => shown.indexOf(row)));
          expect(rows.map((row) => order.placeOf(row))).toEqual(rows.map((_, place) => place));
          expect([-1, 0, 3, shown.length].map((position) => order.rowAt(position))).toEqual(
            [-1, 0, 3, shown.length].map((position) => shown[position] ?? -1),
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});
