import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pickRows, sliceRows } from "../../../src/reader/columnsDelta";
import { SpanStore } from "../../../webview/model/spanStore";
import { madeUp } from "../../trace/traceSamples";

const { columns } = madeUp(Array.from({ length: 57 }, (_, index) => ({ name: `step ${index}`, endTime: index + 5 })));

function texts(store: SpanStore): string[] {
  const { columns: held } = store;
  return Array.from(held.name, (index) => held.strings[index] ?? "");
}

describe("the panel's columns", () => {
  it("are the same however the chunks are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 12 }), (sizes) => {
        const store = new SpanStore();
        let row = 0;
        let isFirst = true;
        for (const size of [...sizes, columns.count]) {
          const to = Math.min(columns.count, row + size);
          expect(store.append(row, sliceRows(columns, row, to), isFirst ? columns.strings : [])).toBe(true);
          isFirst = false;
          row = to;
        }
        expect(store.columns).toEqual({ ...columns, strings: columns.strings });
      }),
    );
  });

  it("take in a change and what came after it", () => {
    const store = new SpanStore();
    store.append(0, sliceRows(columns, 0, 50), columns.strings);
    const changed = pickRows(columns, [3, 7]);
    changed.name.fill(columns.strings.length);
    expect(store.applyDelta(Uint32Array.of(3, 7), changed, sliceRows(columns, 50, 57), ["renamed"])).toBe(true);
    expect(store.count).toBe(57);
    expect(texts(store).filter((text) => text === "renamed")).toHaveLength(2);
    expect(texts(store).at(-1)).toBe("step 56");
  });

  it.each([
    ["a chunk that leaves rows out", (store: SpanStore) => store.append(9, sliceRows(columns, 9, 12), [])],
    [
      "a change of a row that is not there",
      (store: SpanStore) => store.applyDelta(Uint32Array.of(8), pickRows(columns, [8]), sliceRows(columns, 0, 0), []),
    ],
  ])("refuse %s and stay as they are", (_, change) => {
    const store = new SpanStore();
    store.append(0, sliceRows(columns, 0, 5), columns.strings);
    const before = texts(store);
    expect(change(store)).toBe(false);
    expect(texts(store)).toEqual(before);
  });
});
