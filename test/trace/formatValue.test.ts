import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatAge,
  formatBytes,
  formatCost,
  formatCount,
  formatDuration,
  formatOffset,
} from "../../src/trace/formatValue";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

function table(format: (value: number) => string, rows: readonly [number, string][]): void {
  it.each(rows)(`writes %d as %s`, (value, expected) => {
    expect(format(value)).toBe(expected);
  });
  it("writes what is no number as a dash", () => {
    expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(format)).toEqual(["–", "–", "–"]);
  });
  it("never shows an exponent or a sum of digits gone wrong for any number", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e15, max: 1e15, noNaN: true }), (value) => {
        expect(format(value)).not.toMatch(/NaN|undefined|Infinity|\d,\d{1,2}(?!\d)|\d{4}(?=,)/);
      }),
    );
  });
}

describe("formatDuration", () => {
  table(formatDuration, [
    [0, "0 ms"],
    [0.2, "<1 ms"],
    [0.5, "1 ms"],
    [340.4, "340 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [4_210, "4.2 s"],
    [59_940, "59.9 s"],
    [59_960, "1 m 0 s"],
    [4 * minute + 12_300, "4 m 12 s"],
    [hour - 400, "1 h 0 m"],
    [7 * hour + 10 * second, "7 h 0 m"],
    [day - 10 * second, "1 d 0 h"],
    [2 * day + 3 * hour, "2 d 3 h"],
    [1_500 * day, "1,500 d 0 h"],
    [-4_210, "-4.2 s"],
  ]);
});

describe("formatCount", () => {
  table(formatCount, [
    [0, "0"],
    [999, "999"],
    [1_000, "1,000"],
    [61_204, "61,204"],
    [1_234_567.6, "1,234,568"],
    [-1_234, "-1,234"],
  ]);
});

describe("formatCost", () => {
  table(formatCost, [
    [0, "$0.00"],
    [0.0001, "<$0.01"],
    [0.01, "$0.01"],
    [0.2731792, "$0.27"],
    [0.999, "$1.00"],
    [1_204.5, "$1,204.50"],
    [-0.48, "-$0.48"],
  ]);
});

describe("formatBytes", () => {
  table(formatBytes, [
    [0, "0 B"],
    [812, "812 B"],
    [1_023, "1,023 B"],
    [1_024, "1 KB"],
    [1_536, "1.5 KB"],
    [48_112, "47 KB"],
    [1_048_575, "1 MB"],
    [340 * 1_048_576, "340 MB"],
    [3.5 * 1_073_741_824, "3.5 GB"],
  ]);
});

describe("formatOffset", () => {
  table(formatOffset, [
    [0, "+0:00.000"],
    [62_345, "+1:02.345"],
    [59_999.7, "+1:00.000"],
    [7 * hour + 12_345, "+7:00:12.345"],
    [-1_000, "-0:01.000"],
    [-0.2, "+0:00.000"],
  ]);
});

describe("formatAge", () => {
  table(formatAge, [
    [-5_000, "just now"],
    [59_000, "just now"],
    [5 * minute + 59_000, "5 min ago"],
    [3 * hour, "3 h ago"],
    [2 * day + 5 * hour, "2 d ago"],
    [59 * day, "59 d ago"],
    [125 * day, "4 mo ago"],
    [800 * day, "2 y ago"],
  ]);
});
