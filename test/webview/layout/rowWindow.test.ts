import { describe, expect, it } from "vitest";
import { isAtTail, rowWindow, scrollToShow } from "../../../webview/layout/rowWindow";

describe("the rows in view", () => {
  it.each([
    ["at the top", 0, { first: 0, end: 32 }],
    ["in the middle", 2_200, { first: 88, end: 132 }],
    ["at the end", 22_000 - 440, { first: 968, end: 1_000 }],
  ])("are those %s and a few beyond", (_, scrollTop, expected) => {
    expect(rowWindow(scrollTop, 440, 1_000)).toEqual(expected);
  });

  it("are none of an empty list, and never more than there are", () => {
    expect(rowWindow(0, 440, 0)).toEqual({ first: 0, end: 0 });
    expect(rowWindow(9_000, 440, 5).end).toBe(5);
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
