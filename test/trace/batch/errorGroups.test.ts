// Errors of a batch that are the same trouble, and what is said of all of them in one line.
import { describe, expect, it } from "vitest";
import { BatchState } from "../../../src/trace/batch/batchState";
import { errorPattern, failureSummary, groupErrors } from "../../../src/trace/batch/errorGroups";
import { sampleCreated, sampleId, sampleRunId, timed, type UntimedRecord } from "./batchLogs";

describe("errorPattern", () => {
  it.each([
    ["connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED …"],
    ["exit 1: RangeError: no rate for 2027", "exit 1: RangeError: no rate for …"],
    ["the server answered 503, HTTP 503", "the server answered …, HTTP 503"],
    ["ENOENT: no such file, open '/home/ann/shop/a.png'", "ENOENT: no such file, open …"],
    ["src/billing/tax.ts:12:5: no rate", "…: no rate"],
    ["C:\\shop\\a.png can't be read, and doesn't exist", "… can't be read, and doesn't exist"],
    ["no user 7f3a9c12-0d4e-4b6f-8a1b-2c3d4e5f6071 in run_0123abcd_7", "no user … in …"],
    ["GET https://api.example.com/items/7?page=2 failed", "GET … failed"],
    ["timed out after 30 s\n  at work", "timed out after … s"],
    ["rows 1, 2, 3 are wrong", "rows … are wrong"],
    ["plain words", "plain words"],
    ["", ""],
  ])("makes of %j %j", (message, pattern) => {
    expect(errorPattern(message)).toBe(pattern);
  });

  it("looks at a long message no further than it shows, and in no time", () => {
    expect(errorPattern("x".repeat(1_000_000)).length).toBeLessThan(300);
    expect(errorPattern("'a/".repeat(100_000)).length).toBeLessThan(300);
  });
});

function stateOf(runCount: number, errors: ReadonlyMap<number, string>): BatchState {
  const records: UntimedRecord[] = [{ ...sampleCreated, runCount }];
  for (let index = 0; index < runCount; index++) {
    const error = errors.get(index);
    records.push(
      { type: "run", index, runId: `${sampleRunId}_${index}` },
      { type: "attempt", index, attempt: 1, session: `${sampleRunId}_${index}` },
      { type: "attemptEnded", index, attempt: 1, outcome: error === undefined ? "succeeded" : "failed", error },
      { type: "runEnded", index, outcome: error === undefined ? "succeeded" : "failed" },
    );
  }
  const state = new BatchState(sampleId);
  for (const record of timed(records)) state.apply(record);
  return state;
}

describe("the errors of a batch", () => {
  it("are grouped by what they say, the most frequent first, and told in one line", () => {
    const state = stateOf(
      40,
      new Map([
        [3, "exit 2: bad input"],
        [7, "connect ECONNREFUSED 127.0.0.1:5432"],
        [9, "connect ECONNREFUSED 127.0.0.1:5433"],
      ]),
    );
    expect(groupErrors(state)).toEqual([
      { message: "connect ECONNREFUSED …", indexes: [7, 9] },
      { message: "exit 2: bad input", indexes: [3] },
    ]);
    expect(failureSummary(state)).toBe("3 of 40 runs failed: 2 × connect ECONNREFUSED …, 1 × exit 2: bad input");
  });

  it("are named as far as a person reads, and then counted", () => {
    const errors = ["a", "b", "c", "d", "e"].map((letter, index): [number, string] => [index, `${letter} is wrong`]);
    expect(failureSummary(stateOf(5, new Map(errors)))).toBe(
      "5 of 5 runs failed: 1 × a is wrong, 1 × b is wrong, 1 × c is wrong, 2 other errors",
    );
  });

  it("say nothing where no run failed", () => {
    expect(failureSummary(stateOf(3, new Map()))).toBeUndefined();
  });
});
