import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ScrollSpace } from "../../../webview/layout/scrollSpace";

const viewportPx = 600;
const tall = 44_000_000;

function space(totalPx: number, ratio = 1): ScrollSpace {
  const made = new ScrollSpace();
  made.resize(totalPx, viewportPx, ratio);
  return made;
}

/** What an element does that is scrolled by so many px. */
function scrollBy(list: ScrollSpace, by: number, isStep = true): void {
  const barTop = Math.min(list.heightPx - viewportPx, Math.max(0, list.barTop + by));
  list.scrolled(barTop, isStep);
}

describe("scrolling a list", () => {
  it("is what the element does where the element may be as tall as the list", () => {
    const list = space(11_000_000);
    expect([list.isScaled, list.heightPx]).toEqual([false, 11_000_000]);
    list.scrolled(9_876_543, false);
    expect([list.top, list.barTop, list.shiftPx]).toEqual([9_876_543, 9_876_543, 0]);
  });

  it("needs a lower element at more device pixels", () => {
    expect(space(11_000_000, 2).isScaled).toBe(false);
    expect(space(11_000_000, 4).heightPx).toBe(7_500_000);
  });

  it("goes to the end of a taller list by the scroll bar, and back to its beginning", () => {
    const list = space(tall);
    list.scrolled(list.heightPx - viewportPx, false);
    expect(list.top).toBe(tall - viewportPx);
    list.scrolled(0, false);
    expect(list.top).toBe(0);
    list.scrolled(15_000_000 - viewportPx / 2, false);
    expect(list.top).toBeCloseTo((tall - viewportPx) / 2, 0);
  });

  it("goes by just as many px as the wheel does in a taller list too, from any place and up to its ends", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: tall }),
        fc.array(fc.oneof(fc.integer({ min: -900, max: 900 }), fc.constant("rest" as const)), { maxLength: 60 }),
        (from, turns) => {
          const list = space(tall);
          list.moveTo(from);
          let expected = Math.min(tall - viewportPx, from);
          for (const turn of turns) {
            if (turn === "rest") list.rest();
            else {
              scrollBy(list, turn);
              expected = Math.min(tall - viewportPx, Math.max(0, expected + turn));
            }
            expect(list.top).toBe(expected);
            expect(list.barTop).toBeGreaterThanOrEqual(0);
            expect(list.barTop).toBeLessThanOrEqual(list.heightPx - viewportPx);
          }
        },
      ),
    );
  });

  it("never comes to an end of the bar before the end of the list", () => {
    const list = space(tall);
    list.moveTo(tall - 200_000);
    for (let turn = 0; turn < 400; turn++) scrollBy(list, 800);
    expect(list.top).toBe(tall - viewportPx);
    for (let turn = 0; turn < 400; turn++) scrollBy(list, -1_000);
    expect(list.top).toBe(tall - viewportPx - 400_000);
  });

  it("keeps its place when the list grows, and as much of it as there is when it shrinks", () => {
    const list = space(20_000_000);
    list.moveTo(12_345_678);
    list.resize(tall, viewportPx, 1);
    expect(list.top).toBe(12_345_678);
    list.resize(1_000, viewportPx, 1);
    expect([list.top, list.barTop]).toEqual([400, 400]);
    list.resize(100, viewportPx, 1);
    expect([list.top, list.barTop]).toEqual([0, 0]);
  });
});
