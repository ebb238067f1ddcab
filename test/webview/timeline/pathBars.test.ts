import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { buildTimeScale } from "../../../webview/layout/timeScale";
import { pathBars } from "../../../webview/timeline/pathBars";
import { PathStore } from "../../../webview/timeline/pathStore";

function pathOf(lengths: readonly number[], rows: readonly number[]): PathStore {
  const path = new PathStore();
  let at = 0;
  const toMs = lengths.map((length) => {
    at += length;
    return at;
  });
  // In two parts, as it arrives.
  const half = lengths.length >> 1;
  for (const [from, to] of [
    [0, half],
    [half, lengths.length],
  ] as const) {
    path.append(
      Int32Array.from(rows.slice(from, to)),
      Float64Array.from(lengths.slice(from, to), (length, index) => (toMs[from + index] ?? 0) - length),
      Float64Array.from(toMs.slice(from, to)),
    );
  }
  return path;
}

describe("the line of the critical path", () => {
  it("shows stretches side by side, and of many short ones the longest", () => {
    const path = pathOf([500, 0.2, 1.2, 0.4, 498.2], [3, 4, 5, -1, 6]);
    const window = { scale: buildTimeScale(0, 1_000, []), range: { from: 0, to: 1_000 }, widthPx: 1_000 };
    expect(pathBars(path, window).map(({ x, width, row }) => [Math.round(x), Math.round(width), row])).toEqual([
      [0, 500, 3],
      [500, 2, 5],
      [502, 498, 6],
    ]);
    expect([path.has(4), path.has(7), path.has(-1), path.rowAt(path.indexAt(500.1))]).toEqual([true, false, false, 4]);
  });

  it("covers what is in view without overlaps, and costs no more than there are px", () => {
    const lengths = fc.array(fc.double({ min: 0.001, max: 30, noNaN: true }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(
        lengths,
        fc.double({ min: 0, max: 0.9, noNaN: true }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (parts, from, share) => {
          const path = pathOf(
            parts,
            parts.map((_, index) => (index % 7 === 6 ? -1 : index)),
          );
          const totalMs = path.toMs(path.count - 1);
          fc.pre(totalMs >= 1);
          const scale = buildTimeScale(0, totalMs, []);
          const first = scale.drawnLength * from;
          const range = { from: first, to: Math.min(scale.drawnLength, first + scale.drawnLength * share) };
          const bars = pathBars(path, { scale, range, widthPx: 600 });
          expect(bars.length).toBeLessThanOrEqual(304);
          let right = bars[0]?.x ?? 0;
          expect(right).toBeLessThanOrEqual(0.01);
          for (const { x, width } of bars) {
            expect(Math.abs(x - right)).toBeLessThan(0.01);
            right = x + width;
          }
          expect(right).toBeGreaterThanOrEqual(599.9);
        },
      ),
    );
  });
});
