import { describe, expect, it } from "vitest";
import type { RunState } from "../../../src/trace/batch/runColumns";
import { ErrorList } from "../../../webview/batch/model/errorList";
import { orderRuns, type RunFilter, runSorts } from "../../../webview/batch/model/runOrder";
import { madeBatch, untilMs } from "../../support/batchLogs";
import { tableOf } from "./madeTable";

const records = madeBatch({
  runs: 40,
  tasks: ["resize", "Score Answer"],
  prefailed: { 11: { code: "PAYLOAD_TOO_LARGE", message: "The item is 4.2 MB" } },
  uncreated: { 30: { code: "DISK", message: "no space left on device" } },
});
const table = tableOf(records);
const half = tableOf(untilMs(records, 40_000));
const nowMs = records.at(-1)?.at ?? 0;
const all: RunFilter = { states: new Set(), words: "", isInGroup: undefined };

function numbers(filter: Partial<RunFilter>): number[] {
  return [...orderRuns(table, { ...all, ...filter }, "index", false, nowMs)].map((index) => index + 1);
}

describe("the order of runs", () => {
  it.each<[string, Partial<RunFilter>, number[]]>([
    ["failed", { states: new Set<RunState>(["failed"]) }, [8, 23, 38]],
    [
      "failed or without a run",
      { states: new Set<RunState>(["failed", "prefailed", "uncreated"]) },
      [8, 12, 23, 31, 38],
    ],
    ["a word of the error, in any case", { words: "NO SPACE" }, [31]],
    ["its number", { words: "#7" }, [7]],
    ["its number without a sign", { words: "31" }, [31]],
    ["words that must all be there", { words: "score 503" }, [8, 38]],
    ["a state and a word", { states: new Set<RunState>(["failed"]), words: "resize" }, [23]],
    ["nothing like it", { words: "nothing like this" }, []],
  ])("holds runs by %s", (_, filter, expected) => {
    expect(numbers(filter)).toEqual(expected);
  });

  it("holds the runs of one group of errors", () => {
    const errors = new ErrorList();
    errors.setTable(table);
    for (const { pattern, count } of errors.groups) {
      expect(numbers({ isInGroup: errors.isIn(pattern) })).toHaveLength(count);
    }
    expect(numbers({ isInGroup: errors.isIn("unknown") })).toEqual([]);
  });

  it("holds each run once in any order, equal ones by their number", () => {
    for (const sort of runSorts) {
      for (const isDescending of [false, true]) {
        const order = [...orderRuns(half, all, sort, isDescending, nowMs)];
        expect([...order].sort((one, other) => one - other)).toEqual(Array.from({ length: 40 }, (_, index) => index));
        if (sort === "index") continue;
        for (const [at, index] of order.entries()) {
          const next = order[at + 1];
          const isEqual = next !== undefined && half.attemptCounts[index] === half.attemptCounts[next];
          if (sort === "attempts" && isEqual) expect(index).toBeLessThan(next);
        }
      }
    }
  });

  it("begins with what needs a look, and ends with runs that never began where it is by duration", () => {
    const states = [...orderRuns(table, all, "state", false, nowMs)].map((index) => table.state(index));
    expect(states.slice(0, 5)).toEqual(["failed", "failed", "failed", "prefailed", "uncreated"]);
    for (const isDescending of [false, true]) {
      const last = [...orderRuns(half, all, "duration", isDescending, nowMs)].at(-1) ?? -1;
      expect(half.attemptCounts[last]).toBe(0);
    }
  });
});

describe("the list of errors", () => {
  it("counts the errors of failed runs alone, most first, and tells what they have in common", () => {
    const errors = new ErrorList();
    errors.setTable(table);
    expect(errors.groups.map(({ count, message }) => `${count} × ${message}`)).toEqual([
      "2 × Expected 200, got 503 from https://api.example/v1/orders",
      "1 × The item is 4.2 MB",
      "1 × Timed out after 30 s",
      "1 × no space left on device",
    ]);
  });

  it("leaves a gap where they differ, and counts anew when runs change", () => {
    const differing = madeBatch({ runs: 6, maxAttempts: 1, errorOf: (index) => `answer ${index + 1} differs` });
    const changing = tableOf(untilMs(differing, 1_000));
    const errors = new ErrorList();
    errors.setTable(changing);
    expect(errors.groups).toEqual([]);
    errors.setTable(tableOf(differing));
    expect(errors.groups).toMatchObject([{ message: "answer … differs", example: "answer 1 differs", count: 6 }]);
  });
});
