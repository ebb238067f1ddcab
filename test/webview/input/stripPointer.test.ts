import { describe, expect, it } from "vitest";
import { dragTo, grabAt, stripKey, wheelRange } from "../../../webview/input/stripPointer";
import { buildTimeScale } from "../../../webview/layout/timeScale";

const scale = buildTimeScale(0, 1_000, []);
const width = 500;
const shown = { from: 200, to: 600 };

describe("the pointer on the overview", () => {
  it.each([
    ["nothing, where all is shown", undefined, 100, "new"],
    ["the left edge of the range", shown, 101, "from"],
    ["the right edge", shown, 298, "to"],
    ["the range", shown, 200, "move"],
    ["nothing outside of it", shown, 400, "new"],
  ] as const)("takes hold of %s", (_, range, x, type) => {
    expect(grabAt(scale, range, x, width).type).toBe(type);
  });

  it("draws a new range in either direction", () => {
    const grab = grabAt(scale, undefined, 250, width);
    expect(dragTo(scale, shown, grab, 400, width)).toEqual({ from: 500, to: 800 });
    expect(dragTo(scale, shown, grab, 100, width)).toEqual({ from: 200, to: 500 });
  });

  it("moves one edge, never past the other", () => {
    expect(dragTo(scale, shown, { type: "from" }, 50, width)).toEqual({ from: 100, to: 600 });
    expect(dragTo(scale, shown, { type: "from" }, 450, width)).toEqual({ from: 600, to: 600 });
  });

  it("moves the range without changing its length, and stops at the ends", () => {
    const grab = grabAt(scale, shown, 200, width);
    expect(dragTo(scale, shown, grab, 250, width)).toEqual({ from: 300, to: 700 });
    expect(dragTo(scale, shown, grab, 499, width)).toEqual({ from: 600, to: 1_000 });
  });

  it("zooms about the time under it by the wheel, and moves by a wheel that turns sideways", () => {
    const zoomed = wheelRange(scale, shown, 300, { deltaX: 0, deltaY: -100, pxPerMs: 0.5 });
    expect(zoomed.to - zoomed.from).toBeLessThan(400);
    expect((300 - zoomed.from) / (zoomed.to - zoomed.from)).toBeCloseTo(0.25, 6);
    expect(wheelRange(scale, shown, 300, { deltaX: 50, deltaY: 0, pxPerMs: 0.5 })).toEqual({ from: 300, to: 700 });
  });

  it("leaves keys alone that are not its own", () => {
    expect(stripKey(scale, shown, "F8")).toBeUndefined();
    expect(stripKey(scale, shown, "Escape")).toBe("full");
    expect(stripKey(scale, shown, "+")).toEqual({ from: 260, to: 540 });
  });
});
