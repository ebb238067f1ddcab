import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deviceSpan } from "../../../webview/layout/devicePixels";

const ratio = fc.constantFrom(1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3);
const px = fc.double({ min: 0, max: 20_000, noNaN: true });

describe("a stretch on device pixels", () => {
  it("begins and ends on whole ones, holds what was asked for and hardly more", () => {
    fc.assert(
      fc.property(px, px, fc.double({ min: 1, max: 4_000, noNaN: true }), ratio, (origin, from, length, perCss) => {
        const span = deviceSpan(origin, from, length, perCss);
        const first = (origin + span.offset) * perCss;
        expect(first).toBeCloseTo(Math.round(first), 6);
        expect(span.length * perCss).toBeCloseTo(span.pixels, 6);
        const start = (origin + from) * perCss;
        expect(start - first).toBeGreaterThan(-0.01);
        expect(start - first).toBeLessThan(1.01);
        expect(first + span.pixels - (start + length * perCss)).toBeGreaterThan(-0.01);
        expect(first + span.pixels - (start + length * perCss)).toBeLessThan(1.01);
        expect(first + span.lead).toBeCloseTo(Math.max(first, start), 6);
      }),
    );
  });

  it("is the stretch itself where it lies on whole ones already", () => {
    expect(deviceSpan(10, 88, 1_232, 1)).toEqual({ offset: 88, length: 1_232, pixels: 1_232, lead: 0 });
    expect(deviceSpan(10, 88, 22, 1.5)).toEqual({ offset: 88, length: 22, pixels: 33, lead: 0 });
  });
});
