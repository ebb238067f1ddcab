import { describe, expect, it } from "vitest";
import type { BatchRecord } from "../../../src/trace/batch/batchRecord";
import { BatchState } from "../../../src/trace/batch/batchState";
import { sampleCreated, sampleId, sampleRunId, timed, type UntimedRecord, wholeLife } from "./batchLogs";

function fold(records: readonly UntimedRecord[]): { state: BatchState; problems: string[] } {
  const state = new BatchState(sampleId);
  const problems: string[] = [];
  for (const record of timed(records)) {
    const problem = state.apply(record);
    if (problem) problems.push(problem.message);
  }
  return { state, problems };
}

describe("a batch", () => {
  it("is what its records say, from its creation to its end", () => {
    const { state, problems } = fold(wholeLife);
    expect(problems).toEqual([]);
    expect(
      state.statusChanges.map(
        ({ status, sealed, processingCompletedAt, why }) =>
          `${status} ${sealed} ${processingCompletedAt !== undefined} ${why}`,
      ),
    ).toEqual([
      "PENDING false false created",
      "PROCESSING true false sealed",
      "PARTIAL_FAILED true true 1 of 3 runs could not be created",
      "COMPLETED true true all runs ended",
    ]);
    expect(state).toMatchObject({ runCount: 3, itemCount: 3, successfulRunCount: 2, failedRunCount: 1, isFinal: true });
    expect(state.counts).toMatchObject({ succeeded: 2, uncreated: 1, absent: 0, running: 0 });
    expect(state.run(1)).toMatchObject({
      state: "succeeded",
      runId: `${sampleRunId}_1`,
      attempts: [
        { attempt: 1, session: `${sampleRunId}_1`, outcome: "failed", error: "exit 1", exitCode: 1, retryAtMs: 1_500 },
        { attempt: 2, session: `${sampleRunId}_1_a2`, outcome: "succeeded", error: undefined },
      ],
    });
    expect(state.run(2)).toMatchObject({ state: "uncreated", runId: undefined, error: "no room" });
    expect(state.run(3)).toBeUndefined();
  });

  const rows: readonly (readonly [string, UntimedRecord, string])[] = [
    ["created again", { ...sampleCreated, at: 1_900 }, "The batch was created twice"],
    ["sealed again", { type: "sealed" }, "The batch was sealed twice"],
    ["given an item twice", { type: "item", index: 0, task: "a" }, "Item 1 came twice"],
    ["given a run twice", { type: "run", index: 0, runId: "x" }, "Run 1 was created twice"],
    ["given an item outside", { type: "item", index: 3, task: "a" }, "Item 4 is outside a batch of 3"],
    [
      "given another completion",
      { type: "completion", successfulRunCount: 3, failedRunCount: 0, status: "PENDING" },
      "The batch's processing was completed twice",
    ],
    ["completed again", { type: "completed" }, "A batch that is COMPLETED was completed"],
    ["aborted", { type: "aborted", reason: "late" }, "A batch was aborted that was no longer waiting for its items"],
    ["paused", { type: "paused" }, "The batch was paused after its end"],
    ["cancelled", { type: "cancelled" }, "The batch was cancelled after its end"],
    [
      "given an attempt",
      { type: "attempt", index: 0, attempt: 2, session: "x" },
      "Attempt 2 of run 1 began after the run's end",
    ],
    ["given another end of a run", { type: "runEnded", index: 0, outcome: "failed" }, "Run 1 ended twice"],
    ["told to retry what did well", { type: "retried", indexes: [0] }, "1 runs were retried that had not failed"],
  ];
  it.each(rows)("stays as it is when it is %s after its end", (_, record, message) => {
    const { state, problems } = fold([...wholeLife, record]);
    expect(problems).toEqual([`${message}; that record is passed over`]);
    expect(state).toMatchObject({ status: "COMPLETED", successfulRunCount: 2, isPaused: false, isCancelled: false });
    expect(state.counts).toEqual(fold(wholeLife).state.counts);
  });

  it("takes an item again whose payload was lost, as long as it is not sealed", () => {
    const state = new BatchState(sampleId);
    const item = { type: "item", index: 0, task: "a", payloadType: "application/json" } as const;
    const lost = { offset: 0, length: 4, crc32: 1 };
    const place = { offset: 9, length: 4, crc32: 1 };
    for (const record of timed([sampleCreated, { ...item, place: lost }])) state.apply(record);
    const apply = (record: UntimedRecord) => state.apply(timed([record])[0] as BatchRecord)?.message;
    expect(apply({ ...item, place })).toContain("came twice");
    expect(state.run(0)?.place).toEqual(lost);
    expect(apply({ ...item, place, again: true })).toBeUndefined();
    expect(state.run(0)?.place).toEqual(place);
    expect(state.itemCount).toBe(1);
    expect(apply({ type: "sealed" })).toBeUndefined();
    expect(apply({ ...item, place: lost, again: true })).toContain("after the batch was closed");
    expect(state.run(0)?.place).toEqual(place);
  });

  it("tells of a creation that is lost, and keeps what followed it", () => {
    const without = wholeLife.filter((record) => !(record.type === "run" && record.index === 0));
    const { state, problems } = fold(without);
    expect(problems).toEqual(["The creation of run 1 is missing in the log"]);
    expect(state.run(0)).toMatchObject({ state: "succeeded", runId: `${sampleRunId}_0` });
    expect(state.status).toBe("COMPLETED");
  });

  it("knows what it can where its first record is lost", () => {
    const { state } = fold(wholeLife.slice(1));
    expect(state).toMatchObject({ id: sampleId, created: undefined, runCount: 3, status: "COMPLETED" });
  });

  it("goes back to waiting for its runs when some are tried again", () => {
    const failed: readonly UntimedRecord[] = wholeLife.map((record): UntimedRecord => {
      return record.type === "runEnded" && record.index === 1 ? { ...record, outcome: "failed" } : record;
    });
    const { state, problems } = fold([
      ...failed,
      { type: "retried", indexes: [1] },
      { type: "attempt", index: 1, attempt: 3, session: `${sampleRunId}_1_a3` },
    ] satisfies readonly UntimedRecord[]);
    expect(problems).toEqual([]);
    expect(state).toMatchObject({ status: "PARTIAL_FAILED", isFinal: false, completedAt: undefined });
    expect(state.run(1)).toMatchObject({ state: "running", retriedAfter: 2, endedAt: undefined });
  });

  it("takes a few bytes for each run and attempt", () => {
    const runCount = 10_000;
    const state = new BatchState(sampleId);
    const records: BatchRecord[] = [{ ...sampleCreated, runCount }];
    for (let index = 0; index < runCount; index++) {
      records.push({ type: "item", at: 1, index, task: "a", place: { offset: index, length: 1, crc32: 1 } });
      records.push({ type: "run", at: 2, index, runId: `${sampleRunId}_${index}` });
      for (let attempt = 1; attempt <= 5; attempt++) {
        const session = attempt === 1 ? `${sampleRunId}_${index}` : `${sampleRunId}_${index}_a${attempt}`;
        records.push({ type: "attempt", at: 3, index, attempt, session });
        records.push({ type: "attemptEnded", at: 4, index, attempt, outcome: "failed", error: "same", retryAt: 5 });
      }
    }
    const before = process.memoryUsage();
    const problems = records.filter((record) => state.apply(record) !== undefined);
    const after = process.memoryUsage();
    expect(problems).toEqual([]);
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(8 * 1024 * 1024);
    expect(state.attemptCount).toBe(5 * runCount);
    expect(state.run(9_999)?.attempts).toHaveLength(5);
  });
});
