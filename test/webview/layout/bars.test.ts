import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FLAG } from "../../../src/trace/spanColumns";
import { barRect, barState, labelPlace, shortestBarPx } from "../../../webview/layout/bars";
import { buildTimeScale } from "../../../webview/layout/timeScale";

const scale = buildTimeScale(0, 1_000, []);
const all = { from: 0, to: 1_000 };

describe("the bar of a row", () => {
  it("lies where its times lie", () => {
    expect(barRect(100, 300, scale, all, 500)).toEqual({ x: 50, width: 100 });
    expect(barRect(100, 300, scale, { from: 100, to: 200 }, 500)?.x).toBe(0);
  });

  it("can be seen however short the span is, also at the very end", () => {
    expect(barRect(100, 100, scale, all, 500)).toEqual({ x: 50, width: shortestBarPx });
    const last = barRect(1_000, 1_000, scale, all, 500);
    expect((last?.x ?? 0) + (last?.width ?? 0)).toBeLessThanOrEqual(500);
  });

  it.each([
    ["before the range", 0, 40],
    ["after the range", 90, 100],
  ])("is not drawn %s", (_, start, end) => {
    expect(barRect(start, end, scale, { from: 50, to: 80 }, 500)).toBeUndefined();
  });

  it("is not drawn for a span without any time", () => {
    expect(barRect(Number.NaN, Number.NaN, scale, all, 500)).toBeUndefined();
  });

  it("never reaches far out of the canvas, however close the zoom", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 999, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (from, width) => {
          const bar = barRect(0, 1_000, scale, { from, to: from + width }, 500);
          expect(bar?.x).toBeGreaterThanOrEqual(-20);
          expect((bar?.x ?? 0) + (bar?.width ?? 0)).toBeLessThanOrEqual(520);
        },
      ),
    );
  });

  it.each([
    ["ok", 0, false],
    ["failed", FLAG.failure, true],
    ["failed", 0, true],
    ["failed", FLAG.failure | FLAG.open, true],
    ["recovered", FLAG.recovered, true],
    ["interrupted", FLAG.interrupted | FLAG.open, true],
    ["open", FLAG.open, false],
  ] as const)("is drawn as %s for the flags %d", (state, flags, isError) => {
    expect(barState(flags, isError)).toBe(state);
  });
});

describe("the duration beside a bar", () => {
  it.each([
    ["right of it", { x: 10, width: 50 }, { align: "left", x: 66 }],
    ["left of it where there is no room", { x: 440, width: 50 }, { align: "right", x: 434 }],
    ["nowhere where there is none on either side", { x: 10, width: 480 }, undefined],
  ] as const)("stands %s", (_, bar, place) => {
    expect(labelPlace(bar, 40, 500)).toEqual(place);
  });
});
