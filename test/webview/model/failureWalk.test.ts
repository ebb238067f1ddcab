import { describe, expect, it } from "vitest";
import type { TraceSpan } from "../../../src/trace/schema";
import { failureOrdinal, stepToFailure } from "../../../webview/model/failureWalk";
import { madeUp } from "../../trace/traceSamples";
import { madePicture } from "./madePicture";

const failed = { status: "error", statusMessage: "no" } as const;
const spans: Partial<TraceSpan>[] = [
  { kind: "session", startTime: 0, endTime: 100 },
  { kind: "tool", name: "bash", input: { command: "a" }, startTime: 40, endTime: 50, ...failed },
  { kind: "tool", name: "bash", input: { command: "b" }, startTime: 10, endTime: 20, ...failed },
  { kind: "tool", name: "read", input: { filePath: "c" }, startTime: 60, endTime: 70, ...failed },
  { kind: "tool", name: "bash", input: { command: "b" }, startTime: 30, endTime: 35 },
];
const { model, times } = madePicture(madeUp(spans).columns);
const { startMs } = times;
const step = (from: number, direction: 1 | -1, all = false) => stepToFailure(model, startMs, from, direction, all);

describe("going through failures", () => {
  it("visits them in the order of time, not of the file, and passes over recovered ones", () => {
    const walk = (all: boolean, rows: number[] = []): number[] => {
      const found = step(rows.at(-1) ?? -1, 1, all);
      return found === undefined || found.wrapped ? rows : walk(all, [...rows, found.row]);
    };
    expect(walk(false)).toEqual([1, 3]);
    expect(walk(true)).toEqual([2, 1, 3]);
  });

  it("counts them in the order of time", () => {
    expect([0, 1, 2, 3, -1].map((row) => failureOrdinal(model, startMs, row))).toEqual([-1, 0, -1, 1, -1]);
  });

  it.each([
    ["the first, with nothing selected", -1, 1, { row: 1, wrapped: false }],
    ["the last, with nothing selected", -1, -1, { row: 3, wrapped: false }],
    ["the next after a step that did not fail", 4, 1, { row: 1, wrapped: false }],
    ["the one before", 3, -1, { row: 1, wrapped: false }],
    ["the first again after the last", 3, 1, { row: 1, wrapped: true }],
    ["the last again before the first", 1, -1, { row: 3, wrapped: true }],
  ] as const)("finds %s", (_, from, direction, expected) => {
    expect(step(from, direction)).toEqual(expected);
  });

  it("visits recovered ones where they are asked for", () => {
    expect(step(1, -1, true)).toEqual({ row: 2, wrapped: false });
  });

  it("finds nothing where nothing failed", () => {
    const fine = madePicture(madeUp([{ kind: "session", endTime: 5 }]).columns);
    expect(stepToFailure(fine.model, fine.times.startMs, -1, 1, true)).toBeUndefined();
  });

  it("counts within every row the failures below it", () => {
    expect(model.failuresBelow[0]).toBe(2);
    expect(model.failuresBelow[1]).toBe(0);
  });
});
