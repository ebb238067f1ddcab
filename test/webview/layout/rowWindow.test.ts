import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  isAtTail,
  isInView,
  type RowWindow,
  rowWindow,
  scrollToShow,
  windowInView,
} from "../../../webview/layout/rowWindow";

describe("the rows that are drawn", () => {
  const top = fc.integer({ min: 0, max: 30_000 });
  const height = fc.integer({ min: 0, max: 2_000 });
  const count = fc.integer({ min: 0, max: 1_500 });

  it("are all that are in view and a few beyond", () => {
    fc.assert(
      fc.property(fc.array(top, { minLength: 1 }), height, count, (tops, viewportPx, rows) => {
        let drawn: RowWindow | undefined;
        for (const scrollTop of tops) {
          drawn = rowWindow(scrollTop, viewportPx, rows, drawn);
          for (let position = 0; position < rows; position++) {
            const isIn = isInView(position, scrollTop, viewportPx);
            if (isIn) expect(position >= drawn.first && position < drawn.end, `row ${position}`).toBe(true);
          }
          expect(drawn.end).toBeLessThanOrEqual(rows);
          expect(drawn.end - drawn.first).toBeLessThanOrEqual(viewportPx / 22 + 40);
        }
      }),
    );
  });

  it("are in view or not, each as it is alone", () => {
    fc.assert(
      fc.property(top, height, count, (scrollTop, viewportPx, rows) => {
        const drawn = rowWindow(scrollTop, viewportPx, rows);
        const { first, end } = windowInView(scrollTop, viewportPx, drawn);
        for (let position = drawn.first; position < drawn.end; position++) {
          const isIn = isInView(position, scrollTop, viewportPx);
          expect(position >= first && position < end, `row ${position}`).toBe(isIn);
        }
      }),
    );
  });

  it("are as many at the end as elsewhere, so that what is drawn beside them keeps its size", () => {
    const sizes = [0, 2_200, 10_000, 21_000, 21_560].map((scrollTop) => rowWindow(scrollTop, 440, 1_000));
    for (const { first, end } of sizes) expect(end - first).toBe(35);
  });

  it("stay the same while a little is scrolled", () => {
    const drawn = rowWindow(2_200, 440, 1_000);
    expect(rowWindow(2_210, 440, 1_000, drawn)).toBe(drawn);
    expect(rowWindow(2_266, 440, 1_000, drawn)).toBe(drawn);
    expect(rowWindow(3_000, 440, 1_000, drawn)).not.toBe(drawn);
  });

  it("are others where rows went, or where the view has become much lower", () => {
    const drawn = rowWindow(0, 1_000, 1_000);
    expect(rowWindow(0, 1_000, 10, drawn)).toEqual({ first: 0, end: 10 });
    expect(rowWindow(0, 100, 1_000, drawn).end).toBeLessThan(drawn.end);
  });
});

describe("bringing a row into view", () => {
  it("does not scroll for a row that is in view", () => {
    expect(scrollToShow(10, 100, 440)).toBe(100);
  });

  it.each([
    ["above", 2, 440, 44],
    ["below", 40, 0, 41 * 22 - 440],
  ])("scrolls just so far for a row %s", (_, position, scrollTop, expected) => {
    expect(scrollToShow(position, scrollTop, 440)).toBe(expected);
  });

  it("keeps a margin, but not one that pushes the row out of a low view", () => {
    expect(scrollToShow(40, 0, 440, 2)).toBe(43 * 22 - 440);
    expect(scrollToShow(10, 0, 22, 2)).toBe(220);
  });
});

describe("the end of the list", () => {
  it("is in view to within half a row", () => {
    expect(isAtTail(22_000 - 440, 440, 1_000)).toBe(true);
    expect(isAtTail(22_000 - 450, 440, 1_000)).toBe(true);
    expect(isAtTail(22_000 - 470, 440, 1_000)).toBe(false);
    expect(isAtTail(0, 440, 3)).toBe(true);
  });
});
