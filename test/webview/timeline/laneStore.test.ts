import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LaneStore } from "../../../webview/timeline/laneStore";

/** What a store holds, lane by lane. */
function contents(store: LaneStore, laneCount: number): number[][] {
  return Array.from({ length: laneCount }, (_, lane) => [...store.rowsOf(lane).subarray(0, store.rowCount(lane))]);
}

describe("the store of lanes", () => {
  it("holds what it was given last, however often it was cut and appended to", () => {
    const step = fc.record({ keep: fc.nat(30), lanes: fc.array(fc.nat(4), { maxLength: 20 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const store = new LaneStore();
        let expected: [row: number, lane: number][] = [];
        for (const { keep, lanes } of steps) {
          const kept = expected.slice(0, keep);
          // Rows are numbered by where they came; a row that was cut off may come again elsewhere.
          const added = lanes.map((lane, index): [number, number] => [1_000 - kept.length - index, lane]);
          store.cutTo(kept.length);
          store.append(
            Int32Array.from(added, ([row]) => row),
            Int32Array.from(added, ([, lane]) => lane),
          );
          expected = [...kept.filter(([row]) => !added.some(([other]) => other === row)), ...added];
          if (expected.length !== kept.length + added.length) return;
          expect(store.count).toBe(expected.length);
          const byLane = Array.from({ length: 5 }, (_, lane) =>
            expected.flatMap(([row, of]) => (of === lane ? [row] : [])),
          );
          expect(contents(store, 5)).toEqual(byLane);
          for (const [row, lane] of expected) expect(store.laneOf(row)).toBe(lane);
        }
      }),
    );
  });

  it("knows of no lane for rows that it does not hold", () => {
    const store = new LaneStore();
    store.append(Int32Array.of(5_000, 7), Int32Array.of(0, 1));
    expect([store.laneOf(5_000), store.laneOf(7), store.laneOf(6), store.laneOf(-1), store.laneOf(99_999)]).toEqual([
      0, 1, -1, -1, -1,
    ]);
    store.clear();
    expect([store.count, store.laneOf(7), store.rowCount(1)]).toEqual([0, -1, 0]);
  });
});
