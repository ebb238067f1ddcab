import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SentTexts } from "../../../src/host/batch/encodeRuns";
import { RunTable } from "../../../webview/batch/model/runTable";
import { madeBatch, untilMs } from "../../support/batchLogs";
import { rowsOf, stateOf, tableOf, textOf } from "./madeTable";

const records = madeBatch({ runs: 30, prefailed: { 3: { code: "PAYLOAD_TOO_LARGE", message: "too large" } } });

describe("the table of runs", () => {
  it("says after any changes what it says of the whole batch at once", () => {
    const life = (records.at(-1)?.at ?? 0) - (records[0]?.at ?? 0);
    fc.assert(
      fc.property(fc.array(fc.nat(life), { minLength: 1, maxLength: 8 }), (times) => {
        const sent = new SentTexts();
        const table = new RunTable(30);
        for (const ms of [...times.toSorted((one, other) => one - other), life]) {
          const state = stateOf(untilMs(records, ms));
          if (state.runCount === 30) expect(table.apply(rowsOf(state, sent))).toBeUndefined();
        }
        expect(textOf(table)).toEqual(textOf(tableOf(records)));
      }),
      { numRuns: 40 },
    );
  });

  it("refuses texts that do not follow those it has, and runs that the batch does not have", () => {
    const state = stateOf(records);
    const sent = new SentTexts();
    rowsOf(state, sent, [0]);
    const table = new RunTable(30);
    expect(table.apply(rowsOf(state, sent, [7]))).toBe("text 1 after 0");
    expect(new RunTable(5).apply(rowsOf(state, new SentTexts(), [7]))).toBe("run 7 of 5");
    expect(textOf(table)).toEqual(textOf(new RunTable(30)));
  });

  it("tells runs apart by their names where these or their tasks differ", () => {
    expect(tableOf(records).hasLabels).toBe(false);
    expect(tableOf(madeBatch({ runs: 4, tasks: ["a", "b"] })).hasLabels).toBe(true);
  });

  it("counts a run's time from its first attempt to its end, and to now while it runs", () => {
    const early = untilMs(records, 20_000);
    const table = tableOf(early);
    const now = early.at(-1)?.at ?? 0;
    const running = Array.from({ length: 30 }, (_, index) => index).find((index) => table.state(index) === "running");
    const start = table.attempt(running ?? -1, 0)?.startMs ?? Number.NaN;
    expect(table.durationMs(running ?? -1, now)).toBe(now - start);
    expect(table.durationMs(29, now)).toBe(Number.NaN);
    expect(tableOf(records).durationMs(0, now + 1_000_000)).toBeLessThan(20_000);
  });
});
