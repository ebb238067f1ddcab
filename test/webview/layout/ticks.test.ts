import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { roundStep, ticks } from "../../../webview/layout/ticks";
import { buildTimeScale, fullRange } from "../../../webview/layout/timeScale";

const hourMs = 3_600_000;

describe("the marks of the time axis", () => {
  it.each([
    [0.3, 0.5],
    [7, 10],
    [140, 200],
    [900, 1_000],
    [1_001, 2_000],
    [11_000, 20_000],
    [45_000, 60_000],
    [hourMs * 5, hourMs * 6],
    [hourMs * 30, hourMs * 48],
  ])("%d ms between two become a step of %d ms", (least, step) => {
    expect(roundStep(least)).toBe(step);
  });

  it("keep their distance, stay in view and lie at round offsets, at every zoom", () => {
    const parts = fc.record({
      length: fc.double({ min: 1, max: 30 * 24 * hourMs, noNaN: true }),
      from: fc.double({ min: 0, max: 0.9, noNaN: true }),
      share: fc.double({ min: 0.001, max: 1, noNaN: true }),
      width: fc.integer({ min: 100, max: 3_000 }),
    });
    fc.assert(
      fc.property(parts, ({ length, from, share, width }) => {
        const scale = buildTimeScale(1_000, 1_000 + length, []);
        const range = {
          from: from * scale.drawnLength,
          to: Math.min(1, from + share) * scale.drawnLength,
        };
        const list = ticks(scale, range, width, 90);
        list.ticks.forEach((tick, index) => {
          expect(tick.x).toBeGreaterThanOrEqual(-0.001);
          expect(tick.x).toBeLessThanOrEqual(width + 0.001);
          expect(tick.x - (list.ticks[index - 1]?.x ?? -90)).toBeGreaterThanOrEqual(80);
          const steps = (tick.wallMs - 1_000) / list.stepMs;
          expect(Math.abs(steps - Math.round(steps))).toBeLessThan(1e-6);
        });
      }),
    );
  });

  it("leave out the stretch that is drawn short", () => {
    const scale = buildTimeScale(0, 7 * hourMs, [{ startMs: 60_000, endMs: 7 * hourMs - 60_000 }]);
    const inside = ticks(scale, fullRange(scale), 1_000, 90).ticks.filter(
      ({ wallMs }) => wallMs > 60_000 && wallMs < 7 * hourMs - 60_000,
    );
    expect(inside).toEqual([]);
  });
});
