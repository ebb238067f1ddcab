import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchRecordBody, batchRecordSchemas, parseBatchRecord } from "../../../src/trace/batch/batchRecord";
import { timed, wholeLife } from "./batchLogs";

/** Of each field something that may be right, and something that is not. */
const fields = {
  index: fc.oneof(fc.nat(5), fc.constantFrom(-1, 0.5, 99_999, 100_000, "1", null, Number.MAX_SAFE_INTEGER)),
  attempt: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 10_000, 10_001, 1.5, "1")),
  runId: fc.constantFrom("run_x_1", "", 7, null),
  session: fc.constantFrom("run_x_1", "", 7, null),
  outcome: fc.constantFrom("succeeded", "failed", "crashed", "cancelled", "lost", 1),
  error: fc.constantFrom("why", "", null, 3),
  exitCode: fc.constantFrom(0, -1, 1.5, "1", 2 ** 60, null),
  retryAt: fc.constantFrom(5, -5, 0.5, "5", null),
  prefailed: fc.constantFrom({ code: "A", message: "b" }, { code: "A" }, null),
  cachedFrom: fc.constantFrom("run_y_2", 1),
  more: fc.constantFrom(1, "unknown field"),
};

const value = fc
  .tuple(
    fc.constantFrom("run", "attempt", "attemptEnded", "runEnded", "uncreated", "item"),
    fc.record(fields, { requiredKeys: [] }),
    fc.constantFrom<unknown>(1_000, 0, -1, 1.5, "1", null),
  )
  .map(([type, rest, w]) => JSON.parse(JSON.stringify({ s: 1, w, m: 2, i: "abcd", type, ...rest, c: "00000000" })));

describe("a record", () => {
  it("is judged by hand as its schema judges it", () => {
    fc.assert(
      fc.property(value, (given) => {
        const { s: _, w, m: __, i: ___, c: ____, ...rest } = given;
        const schema = batchRecordSchemas[given.type as "run"];
        const expected = schema.safeParse({ ...rest, at: w });
        const parsed = parseBatchRecord(given);
        expect(parsed.type).toBe(expected.success ? "record" : "unsound");
        if (parsed.type === "record") expect(parsed.record).toEqual(expected.data);
      }),
      { numRuns: 5_000 },
    );
  });

  it("keeps what this version does not know, and is passed over whole where its type is unknown", () => {
    const line = (record: object) => ({ s: 1, w: 5, m: 0, i: "a", ...record, c: "0" });
    expect(parseBatchRecord(line({ type: "sealed", later: { a: 1 } }))).toEqual({
      type: "record",
      record: { type: "sealed", at: 5, later: { a: 1 } },
    });
    expect(parseBatchRecord(line({ type: "run", index: 1, runId: "r", later: 1 }))).toMatchObject({
      record: { later: 1 },
    });
    expect(parseBatchRecord(line({ type: "toString" }))).toEqual({ type: "unknown", name: "toString" });
    expect(parseBatchRecord(line({ type: 1 })).type).toBe("unsound");
    expect(parseBatchRecord([]).type).toBe("unsound");
  });

  it("is read as it was written", () => {
    for (const record of timed(wholeLife)) {
      const given = JSON.parse(`{"s":1,"w":${record.at},"m":0,"i":"a",${batchRecordBody(record)},"c":"0"}`);
      expect(parseBatchRecord(given)).toEqual({ type: "record", record });
    }
  });
});
