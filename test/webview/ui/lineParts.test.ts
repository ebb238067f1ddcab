// A line cut where its look, a link or a match begins or ends.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { OutputLineView } from "../../../src/protocol/outputMessages";
import { lineParts } from "../../../webview/ui/output/lineParts";
import { lineTime, timeLetters } from "../../../webview/ui/output/lineTime";

const line = (text: string, rest: Partial<OutputLineView> = {}): OutputLineView => ({
  number: 0,
  row: 0,
  timeMs: 0,
  stream: "stdout",
  text,
  runs: [],
  links: [],
  totalLength: text.length,
  isOpen: false,
  ...rest,
});
const link = (start: number, end: number) => ({ start, end, type: "url", title: "" }) as const;

describe("the parts of a line", () => {
  it("are one for plain text and none for an empty line", () => {
    expect(lineParts(line("abc"), [])).toEqual([{ text: "abc", isMatch: false }]);
    expect(lineParts(line(""), [])).toEqual([]);
  });

  it("are cut where anything begins or ends", () => {
    const parts = lineParts(
      line("abcdef", { runs: [{ start: 1, end: 4, style: { bold: true } }], links: [link(3, 6)] }),
      [2, 4],
    );
    expect(parts.map(({ text, style, link: of, isMatch }) => [text, style?.bold === true, of, isMatch])).toEqual([
      ["a", false, undefined, false],
      ["b", true, undefined, false],
      ["c", true, undefined, true],
      ["d", true, 0, true],
      ["ef", false, 0, false],
    ]);
  });

  it("make up the line, whatever is in it", () => {
    const ends = fc.uniqueArray(fc.nat(20), { maxLength: 8 }).map((list) => list.sort((a, b) => a - b));
    const pairs = (list: readonly number[]) =>
      Array.from({ length: Math.floor(list.length / 2) }, (_, index) => ({
        start: list[2 * index] ?? 0,
        end: list[2 * index + 1] ?? 0,
      }));
    fc.assert(
      fc.property(fc.string({ minLength: 21, maxLength: 30 }), ends, ends, ends, (text, a, b, places) => {
        const runs = pairs(a).map((at) => ({ ...at, style: { bold: true } as const }));
        const links = pairs(b).map(({ start, end }) => link(start, end));
        const parts = lineParts(
          line(text, { runs, links }),
          pairs(places).flatMap(({ start, end }) => [start, end]),
        );
        expect(parts.map((each) => each.text).join("")).toBe(text);
      }),
    );
  });
});

describe("the time of a line", () => {
  const times = { firstMs: 1_000, lastMs: 60_000, zone: undefined, isShort: false };
  it.each([
    [7_450, times, "+0:06.450"],
    [7_450, { ...times, isShort: true }, "0:06"],
    [7_999, { ...times, isShort: true }, "0:06"],
    [3_730_000, { ...times, isShort: true }, "1:02:09"],
    [7_450, { ...times, zone: "UTC" }, "00:00:07.450"],
    [7_450, { ...times, zone: "UTC", isShort: true }, "00:00:07"],
  ])("%i is %j", (timeMs, of, expected) => {
    expect(lineTime(timeMs, of)).toBe(expected);
  });

  it("has room for the longest of a trace", () => {
    for (const lengthMs of [1, 599_999, 600_000, 3_599_999, 3_600_000, 35_999_999, 36_000_000]) {
      for (const isShort of [false, true]) {
        const of = { ...times, lastMs: times.firstMs + lengthMs, isShort };
        expect(lineTime(of.lastMs, of).length).toBeLessThanOrEqual(timeLetters(of));
      }
    }
  });
});
