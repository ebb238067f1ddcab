// Colours of a program's output: as the theme or the program names them, and always readable.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { trueColor } from "../../../src/trace/ansiStyle";
import {
  type AnsiColors,
  AnsiPainter,
  contrast,
  parseColor,
  type Rgb,
  readable,
} from "../../../webview/draw/ansiPaint";

const dark: AnsiColors = {
  theme: Array.from({ length: 16 }, (_, index): Rgb => [index * 16, 255 - index * 8, 200]),
  foreground: [204, 204, 204],
  background: [31, 31, 31],
};
const painter = new AnsiPainter(dark);
const part = fc.integer({ min: 0, max: 255 });
const rgb = fc.tuple(part, part, part);

describe("the paint of a style", () => {
  it("is the page's own where nothing is asked for", () => {
    expect(painter.paint({ bold: true })).toEqual({});
  });

  it("takes the theme's sixteen, the palette and what the program names", () => {
    expect(painter.paint({ color: 1 })).toEqual({ color: "rgb(16, 247, 200)" });
    expect(painter.paint({ color: 208 })).toEqual({ color: "rgb(255, 135, 0)" });
    expect(painter.paint({ color: 250 })).toEqual({ color: "rgb(188, 188, 188)" });
    expect(painter.paint({ color: trueColor + 0xfedcba })).toEqual({ color: "rgb(254, 220, 186)" });
  });

  it("makes what could not be read lighter on dark and darker on light", () => {
    const [red = 0] = parseColor(painter.paint({ color: trueColor }).color ?? "") ?? [];
    expect(red).toBeGreaterThan(100);
    expect(painter.paint({ color: trueColor + 0xffff00, background: trueColor + 0xffffff })).toMatchObject({
      backgroundColor: "rgb(255, 255, 255)",
    });
    const ofYellow = parseColor(
      painter.paint({ color: trueColor + 0xffff00, background: trueColor + 0xffffff }).color ?? "",
    );
    expect(contrast(ofYellow ?? [255, 255, 255], [255, 255, 255])).toBeGreaterThanOrEqual(4.5);
  });

  it("swaps text and ground where it is inverse", () => {
    expect(painter.paint({ inverse: true })).toEqual({
      color: "rgb(31, 31, 31)",
      backgroundColor: "rgb(204, 204, 204)",
    });
  });

  it("can be read in any colour on any ground", () => {
    fc.assert(
      fc.property(rgb, rgb, (color, ground) => {
        expect(contrast(readable(color, ground), ground)).toBeGreaterThanOrEqual(4.5);
      }),
    );
  });
});

describe("a colour of the theme", () => {
  it.each([
    ["#abc", [170, 187, 204]],
    ["#1f1f1f", [31, 31, 31]],
    ["#1f1f1fff", [31, 31, 31]],
    [" rgb(1, 2, 3) ", [1, 2, 3]],
    ["rgba(1 2 3 / 50%)", [1, 2, 3]],
    ["", undefined],
    ["red", undefined],
  ])("%s is %j", (text, expected) => {
    expect(parseColor(text)).toEqual(expected);
  });
});
