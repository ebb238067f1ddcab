import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstTexts } from "../../src/reader/firstTexts";
import type { TracePicture } from "../../src/reader/picture";
import { buildColumns } from "../../src/trace/buildColumns";
import type { TraceSpan } from "../../src/trace/schema";
import { spansInMemory } from "../../src/trace/spanSource";
import { buildTree } from "../../src/trace/spanTree";
import { RowList } from "../../webview/model/rowList";
import { madePicture } from "../webview/model/madePicture";

/** A trace whose columns have no texts, below the parents given by number. */
function pictureOf(parents: readonly number[]): TracePicture {
  const list: TraceSpan[] = parents.map((parent, row) => ({
    spanId: `s${row}`,
    parentSpanId: row === 0 ? null : `s${parent % row}`,
    name: "bash",
    kind: "tool",
    startTime: row,
    endTime: row,
    status: "ok",
    input: { command: `step ${row}` },
  }));
  const { columns } = buildColumns(list);
  columns.label.fill(0);
  columns.outcome.fill(0);
  const picture = { columns, tree: buildTree(columns), spans: spansInMemory(list), hasTexts: false, output: undefined };
  return picture as unknown as TracePicture;
}

describe("the texts that come with a trace", () => {
  it("are those of the rows that a panel foresees for a large trace", () => {
    const parents = fc.array(fc.nat(), { minLength: 1, maxLength: 300, size: "max" });
    fc.assert(
      fc.property(parents, fc.nat(), (list, at) => {
        const picture = pictureOf(list);
        const row = at % list.length;
        const texts = firstTexts(picture, row);
        const { model } = madePicture(picture.columns);
        const rows = new RowList();
        // As many rows as make a trace a large one, of which only the path to one is expanded all the way.
        rows.begin(1_000_000);
        rows.openPath(row, model);
        const order = (some: readonly number[]) => some.toSorted((a, b) => a - b);
        expect(order(texts?.rows ?? [])).toEqual(order(rows.foresee(model, row, 64)));
        expect(texts?.labels).toEqual(texts?.rows.map((each) => `step ${each}`));
        expect(texts?.outcomes).toHaveLength(texts?.rows.length ?? -1);
      }),
    );
  });

  it("are none where the columns have them, or there is no such row", () => {
    const picture = pictureOf([0, 0]);
    expect(firstTexts(picture, -1)).toBeUndefined();
    expect(firstTexts(picture, 2)).toBeUndefined();
    expect(firstTexts({ ...picture, hasTexts: true }, 0)).toBeUndefined();
  });
});
