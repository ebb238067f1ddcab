import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildTree } from "../../../src/trace/spanTree";
import { rowsAround } from "../../../webview/model/rowsAround";
import { arbitraryFacts, columnsOf, madeRows } from "./madeColumns";
import { madePicture } from "./madePicture";
import { visibleRows } from "./visibleRows";

describe("the rows around one", () => {
  it("are those that the list shows there", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryFacts, { maxLength: 60 }),
        fc.func(fc.boolean()),
        fc.nat(),
        fc.integer({ min: 0, max: 12 }),
        (facts, rule, at, reach) => {
          const rows = madeRows(facts);
          const columns = columnsOf(rows);
          const { forest } = madePicture(columns).model;
          const isExpanded = (row: number) => rule(row);
          const expanded = Uint8Array.from(rows, (_, row) => (isExpanded(row) ? 1 : 0));
          const shown = [...visibleRows(buildTree(columns), expanded, undefined)];
          if (shown.length === 0) return;
          const place = at % shown.length;
          const around = rowsAround(forest, shown[place] ?? -1, reach, isExpanded);
          const expected = shown.slice(Math.max(0, place - reach), place + reach + 1);
          expect([...around].sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
        },
      ),
    );
  });
});
