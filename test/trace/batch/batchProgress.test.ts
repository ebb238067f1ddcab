// How fast a batch goes and how long it may take, as far as that can be said.
import { describe, expect, it } from "vitest";
import { batchProgress } from "../../../src/trace/batch/batchProgress";
import { BatchState } from "../../../src/trace/batch/batchState";
import { sampleCreated, sampleId, sampleRunId, timed, type UntimedRecord } from "./batchLogs";

/** A batch of which runs end at these times, in seconds since it was sealed. */
function endingAt(runCount: number, seconds: readonly number[], more: readonly UntimedRecord[] = []): BatchState {
  const records: UntimedRecord[] = [{ ...sampleCreated, runCount, at: 0 }];
  for (let index = 0; index < runCount; index++) records.push({ type: "item", index, task: "a", at: 0 });
  records.push({ type: "sealed", at: 0 });
  for (const [index, second] of seconds.entries()) {
    records.push(
      { type: "run", index, runId: `${sampleRunId}_${index}`, at: 0 },
      { type: "runEnded", index, outcome: "succeeded", at: second * 1000 },
    );
  }
  const state = new BatchState(sampleId);
  for (const record of timed([...records, ...more])) state.apply(record);
  return state;
}

const everySecond = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("batchProgress", () => {
  it("says nothing of the rate after the first few runs", () => {
    const progress = batchProgress(endingAt(100, [1, 2, 3]), 3_000);
    expect(progress).toEqual({ done: 3, total: 100, failed: 0, perMinute: undefined, leftMs: undefined });
  });

  it("tells the rate and a range of what is left, the narrower the more runs have ended", () => {
    const early = batchProgress(endingAt(100, everySecond(9)), 9_000);
    expect(early.perMinute).toBeCloseTo(60);
    expect(early.leftMs?.least).toBeCloseTo(91_000 * (3 / 4));
    expect(early.leftMs?.most).toBeCloseTo(91_000 * (3 / 2));
    const late = batchProgress(endingAt(1_000, everySecond(100)), 100_000);
    expect(late.leftMs?.least).toBeCloseTo(900_000 / 1.1);
    expect(late.leftMs?.most).toBeCloseTo(900_000 / 0.9);
  });

  it("tells of late: a batch that became slow is not promised the speed that it had", () => {
    const seconds = [...everySecond(100), ...[150, 200, 250, 300, 350, 400]];
    const progress = batchProgress(endingAt(1_000, seconds), 400_000);
    expect(progress.perMinute).toBeUndefined();
    const slower = batchProgress(endingAt(1_000, [...seconds, 410, 420]), 420_000);
    expect(slower.perMinute).toBeCloseTo(6 / 3);
  });

  it("counts no run that could not be created as fast work", () => {
    const prefailed: UntimedRecord[] = [4, 5, 6, 7, 8].map((index) => {
      const fault = { code: "X", message: "no" };
      return { type: "run", index, runId: `${sampleRunId}_${index}`, prefailed: fault, at: 4_000 };
    });
    const progress = batchProgress(endingAt(100, [1, 2, 3, 4], prefailed), 5_000);
    expect(progress).toMatchObject({ done: 9, failed: 5, perMinute: undefined });
  });

  it("says nothing of the time while the batch is paused", () => {
    const state = endingAt(100, everySecond(20), [{ type: "paused", at: 20_000 }]);
    expect(batchProgress(state, 20_000).leftMs).toBeUndefined();
  });
});
