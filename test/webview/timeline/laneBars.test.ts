// What of a lane is drawn, against all of its rows.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wheelRange } from "../../../webview/input/stripPointer";
import { barRect } from "../../../webview/layout/bars";
import { buildTimeScale, drawnAt, wallAt } from "../../../webview/layout/timeScale";
import { BarList, cellPx, collectBars, type TimeWindow } from "../../../webview/timeline/laneBars";

interface Lane {
  readonly rows: Int32Array;
  readonly times: { readonly startMs: Float64Array; readonly endMs: Float64Array };
  readonly endMs: number;
}

/** Rows that do not overlap, with pauses between them: most short, some long, some an hour. */
const lanes: fc.Arbitrary<Lane> = fc
  .array(
    fc.record({
      pauseMs: fc.oneof(
        { arbitrary: fc.double({ min: 0.001, max: 5, noNaN: true }), weight: 9 },
        fc.constant(3_600_000),
      ),
      lastsMs: fc.oneof(
        { arbitrary: fc.double({ min: 0, max: 2, noNaN: true }), weight: 6 },
        fc.integer({ min: 3, max: 400 }),
      ),
    }),
    { minLength: 1, maxLength: 300 },
  )
  .map((parts) => {
    const startMs = new Float64Array(parts.length);
    const endMs = new Float64Array(parts.length);
    let at = 0;
    for (const [row, { pauseMs, lastsMs }] of parts.entries()) {
      at += pauseMs;
      startMs[row] = at;
      at += lastsMs;
      endMs[row] = at;
    }
    return { rows: Int32Array.from(parts, (_, row) => row), times: { startMs, endMs }, endMs: at };
  });

const windows = fc.record({
  from: fc.double({ min: 0, max: 0.98, noNaN: true }),
  share: fc.double({ min: 0.0005, max: 1, noNaN: true }),
  widthPx: fc.integer({ min: 40, max: 1_500 }),
});

function windowOf(lane: Lane, { from, share, widthPx }: { from: number; share: number; widthPx: number }): TimeWindow {
  const gaps: { startMs: number; endMs: number }[] = [];
  for (const [index, start] of lane.times.startMs.entries()) {
    const before = index === 0 ? 0 : (lane.times.endMs[index - 1] ?? 0);
    if (start - before > 60_000) gaps.push({ startMs: before, endMs: start });
  }
  const scale = buildTimeScale(0, lane.endMs, gaps);
  const first = scale.drawnLength * from;
  return { scale, range: { from: first, to: first + Math.max(0.01, scale.drawnLength * share) }, widthPx };
}

function collected(lane: Lane, window: TimeWindow): BarList {
  const bars = new BarList();
  collectBars(bars, 0, lane.rows, lane.rows.length, lane.times, window);
  return bars;
}

describe("the bars of a lane", () => {
  it("do not overlap, and are so few that they fit the screen", () => {
    fc.assert(
      fc.property(lanes, windows, (lane, part) => {
        const window = windowOf(lane, part);
        const bars = collected(lane, window);
        expect(bars.count).toBeLessThanOrEqual(window.widthPx / cellPx + 4);
        for (let at = 1; at < bars.count; at++) {
          expect(bars.x[at]!).toBeGreaterThanOrEqual(bars.x[at - 1]! + bars.width[at - 1]! - 1e-6);
          expect(bars.from[at]).toBe(bars.to[at - 1]);
        }
      }),
    );
  });

  it("show every row that is in view, where its time is", () => {
    fc.assert(
      fc.property(lanes, windows, (lane, part) => {
        const window = windowOf(lane, part);
        const { scale, range, widthPx } = window;
        const bars = collected(lane, window);
        const pxPerMs = widthPx / (range.to - range.from);
        const xOf = (ms: number) => (drawnAt(scale, ms) - range.from) * pxPerMs;
        for (const row of lane.rows) {
          const left = xOf(lane.times.startMs[row]!);
          const right = xOf(lane.times.endMs[row]!);
          if (right <= 0 || left >= widthPx) continue;
          const at = Array.from({ length: bars.count }, (_, index) => index).find(
            (index) => bars.from[index]! <= row && row < bars.to[index]!,
          );
          expect(at, `row ${row} from ${left} to ${right}`).toBeDefined();
          const from = bars.x[at!]!;
          const to = from + bars.width[at!]!;
          // To within the px that the narrowest bar takes.
          expect(from).toBeLessThanOrEqual(Math.max(0, left) + 0.01);
          expect(to).toBeGreaterThanOrEqual(Math.min(widthPx - cellPx, right) - 0.01);
          expect(to - Math.min(widthPx, right)).toBeLessThanOrEqual(
            bars.to[at!]! - bars.from[at!]! > 1 ? widthPx : 16.01,
          );
        }
      }),
    );
  });

  it("of single rows are the rectangles that the tree draws for them", () => {
    fc.assert(
      fc.property(lanes, windows, (lane, part) => {
        const window = windowOf(lane, part);
        const bars = collected(lane, window);
        for (let at = 0; at < bars.count; at++) {
          if (bars.to[at]! - bars.from[at]! > 1) continue;
          const row = lane.rows[bars.from[at]!]!;
          const { scale, range, widthPx } = window;
          const rect = barRect(lane.times.startMs[row]!, lane.times.endMs[row]!, scale, range, widthPx);
          expect(bars.x[at]).toBe(rect?.x);
          // A billionth of a pixel is the rounding of numbers.
          expect(bars.width[at]!).toBeLessThanOrEqual((rect?.width ?? 0) + 1e-9);
        }
      }),
    );
  });
});

describe("zooming by the wheel", () => {
  it("keeps the time that is under the pointer there", () => {
    fc.assert(
      fc.property(
        lanes,
        windows,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: -400, max: 400 }),
        (lane, part, at, deltaY) => {
          const { scale, range, widthPx } = windowOf(lane, part);
          fc.pre(range.to <= scale.drawnLength);
          const x = at * widthPx;
          const point = range.from + (x * (range.to - range.from)) / widthPx;
          const pxPerMs = widthPx / (range.to - range.from);
          const next = wheelRange(scale, range, point, { deltaX: 0, deltaY, pxPerMs });
          const before = wallAt(scale, point);
          const after = wallAt(scale, next.from + (x * (next.to - next.from)) / widthPx);
          const isCut = next.from <= 0 || next.to >= scale.drawnLength - 1e-9;
          if (!isCut) expect(Math.abs(after - before)).toBeLessThan(1e-6 * Math.max(1, scale.endMs));
          expect(next.from).toBeGreaterThanOrEqual(0);
          expect(next.to).toBeLessThanOrEqual(scale.drawnLength + 1e-6);
        },
      ),
    );
  });
});
