import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationMs, durationText, longestDurationMs } from "../../../src/session/playbook/durations";

describe("a duration", () => {
  it.each<[string | number, number | undefined]>([
    [90, 90_000],
    [0.5, 500],
    ["90", 90_000],
    ["500ms", 500],
    ["30s", 30_000],
    ["1.5s", 1500],
    ["5m", 300_000],
    ["1h30m", 5_400_000],
    ["1d2h3m4s5ms", 93_784_005],
    [" 5m ", 300_000],
    ["", undefined],
    ["m", undefined],
    ["5 m", undefined],
    ["5min", undefined],
    ["30m1h", undefined],
    ["5m5m", undefined],
    ["-5s", undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    ["25d", undefined],
    [longestDurationMs / 1000 + 1, undefined],
  ])("%j is %j ms", (value, ms) => {
    expect(durationMs(value)).toBe(ms);
  });

  it("means the same when it is written out", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: longestDurationMs }), (ms) => {
        expect(durationMs(durationText(ms))).toBe(ms);
      }),
    );
  });
});
