import { expect, it } from "vitest";
import { DoubleClick } from "../../src/host/sessions/doubleClick";

it("takes two quick clicks on one row for a double click, and nothing else", () => {
  const clicks = new DoubleClick();
  const seen = [
    clicks.isSecond("a", 0),
    clicks.isSecond("b", 100),
    clicks.isSecond("b", 500),
    clicks.isSecond("b", 600),
    clicks.isSecond("b", 1_200),
  ];
  expect(seen).toEqual([false, false, true, false, false]);
});
