import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  buildTimeScale,
  clampRange,
  drawnAt,
  fullRange,
  isFullRange,
  shortestRange,
  type TimeSpan,
  wallAt,
  zoomAbout,
} from "../../../webview/layout/timeScale";

const hourMs = 3_600_000;

/** A start, an end and idle stretches in between, apart from each other. */
const scales = fc
  .record({
    startMs: fc.double({ min: 0, max: 2e12, noNaN: true }),
    steps: fc.array(fc.double({ min: 1, max: 24 * hourMs, noNaN: true }), { minLength: 1, maxLength: 21 }),
  })
  .map(({ startMs, steps }) => {
    const times = [startMs];
    for (const step of steps) times.push((times.at(-1) ?? startMs) + step);
    const idle: TimeSpan[] = [];
    for (let index = 1; index + 1 < times.length; index += 2) {
      idle.push({ startMs: times[index] ?? 0, endMs: times[index + 1] ?? 0 });
    }
    return buildTimeScale(startMs, times.at(-1) ?? startMs, idle);
  });
const part = fc.double({ min: 0, max: 1, noNaN: true });

describe("the time scale", () => {
  it("never goes back: a later time is drawn further right", () => {
    fc.assert(
      fc.property(scales, part, part, (scale, a, b) => {
        const length = scale.endMs - scale.startMs;
        const earlier = scale.startMs + Math.min(a, b) * length;
        const later = scale.startMs + Math.max(a, b) * length;
        expect(drawnAt(scale, later)).toBeGreaterThanOrEqual(drawnAt(scale, earlier));
      }),
    );
  });

  it("gives back the time that it was given", () => {
    fc.assert(
      fc.property(scales, part, (scale, at) => {
        const drawn = at * scale.drawnLength;
        expect(drawnAt(scale, wallAt(scale, drawn))).toBeCloseTo(drawn, 0);
      }),
    );
  });

  it("keeps the time under the pointer in its place while zooming in", () => {
    fc.assert(
      fc.property(scales, part, fc.double({ min: 0.05, max: 0.99, noNaN: true }), (scale, at, factor) => {
        const before = fullRange(scale);
        const point = at * scale.drawnLength;
        const after = zoomAbout(scale, before, point, factor);
        const place = (range: typeof before) => (point - range.from) / (range.to - range.from);
        fc.pre(after.to - after.from > 2 * shortestRange);
        expect(place(after)).toBeCloseTo(place(before), 4);
      }),
    );
  });

  it("stays within the session whatever is done to the range", () => {
    fc.assert(
      fc.property(scales, part, fc.array(fc.double({ min: 0.2, max: 5, noNaN: true })), (scale, at, factors) => {
        let range = fullRange(scale);
        for (const factor of factors) range = zoomAbout(scale, range, at * scale.drawnLength, factor);
        expect(range.from).toBeGreaterThanOrEqual(0);
        expect(range.to).toBeLessThanOrEqual(scale.drawnLength * (1 + 1e-12));
        expect(range.to - range.from).toBeGreaterThan(0);
      }),
    );
  });

  it("draws seven idle hours between two bursts of a minute as a small part of the width", () => {
    const scale = buildTimeScale(0, 7 * hourMs + 120_000, [{ startMs: 60_000, endMs: 7 * hourMs + 60_000 }]);
    expect(scale.gaps).toHaveLength(1);
    const width = drawnAt(scale, 7 * hourMs + 60_000) - drawnAt(scale, 60_000);
    expect(width / scale.drawnLength).toBeLessThan(0.1);
    expect(drawnAt(scale, 30_000)).toBe(30_000);
  });

  it.each([
    ["shorter than a minute", 20_000, 30_000, 60_000],
    ["short beside what surrounds it", hourMs, hourMs + 120_000, 3 * hourMs],
  ])("leaves a pause as it is that is %s", (_, from, to, end) => {
    expect(buildTimeScale(0, end, [{ startMs: from, endMs: to }]).gaps).toEqual([]);
  });

  it("has a width even where everything happened at one instant", () => {
    const scale = buildTimeScale(5, 5, []);
    expect(scale.drawnLength).toBeGreaterThan(0);
    expect(drawnAt(scale, 5)).toBe(0);
  });

  it("knows when everything is shown", () => {
    const scale = buildTimeScale(0, 100, []);
    expect(isFullRange(scale, clampRange(scale, { from: -10, to: 200 }))).toBe(true);
    expect(isFullRange(scale, { from: 0, to: 50 })).toBe(false);
  });
});
