import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchLogReader, readBatchLog } from "../../../src/trace/batch/readBatchLog";
import { encodeLog, timed, wholeLife } from "./batchLogs";

const fileName = "batch_ABCDEFGHIJKLMNOPQRSTU.batch.ndjson";
const records = timed(wholeLife);
const whole = encodeLog(records);

/** How many records of the log end at or before this byte. */
function recordsBefore(bytes: number): number {
  return Buffer.from(whole.subarray(0, bytes)).filter((byte) => byte === 0x0a).length;
}

describe("the log of a batch", () => {
  it("tells all there is, in pieces of any size", () => {
    const once = readBatchLog(whole, fileName);
    expect(once.problems).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
        const reader = new BatchLogReader(fileName);
        const found = [];
        const places = [0, ...cuts.sort((a, b) => a - b), whole.length];
        for (let piece = 1; piece < places.length; piece++) {
          found.push(...reader.feed(whole.subarray(places[piece - 1], places[piece])));
        }
        expect(found).toEqual(records);
        expect(reader.state.statusChanges).toEqual(once.state.statusChanges);
        expect(reader.result().problems).toEqual([]);
      }),
    );
  });

  it("gives the records that any beginning of it holds, and says where it is cut", () => {
    for (let bytes = 0; bytes < whole.length; bytes++) {
      const { state, problems, isTailOpen } = readBatchLog(whole.subarray(0, bytes), fileName);
      const isAtLineEnd = bytes === 0 || whole[bytes - 1] === 0x0a;
      const isLineWhole = whole[bytes] === 0x0a;
      expect(state.revision).toBe(recordsBefore(bytes) + (isLineWhole && !isAtLineEnd ? 1 : 0));
      expect(isTailOpen).toBe(!isAtLineEnd);
      const isTorn = !isAtLineEnd && !isLineWhole;
      expect(problems.some(({ code }) => code === "truncated")).toBe(isTorn);
    }
  });

  it("is in the order of its records where only the second copy of the first ones is left", () => {
    const lines = whole.toString().split(/(?<=\n)/);
    for (let lost = 1; lost < lines.length; lost++) {
      const bytes = Buffer.from([...lines.slice(lost), ...lines.slice(0, lost + 1)].join(""));
      const { state, problems } = readBatchLog(bytes, fileName);
      expect(state.statusChanges).toEqual(readBatchLog(whole, fileName).state.statusChanges);
      expect(problems.map(({ code }) => code)).toEqual(["journal-duplicate"]);
    }
  });

  it("loses one record to a flipped bit, and names its place", () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        const reader = new BatchLogReader(fileName);
        const found = reader.feed(damaged);
        found.push(...reader.takeTail());
        // A flipped line feed joins two lines, of which both are found; a flipped byte takes one.
        const lost = records.length - found.length;
        expect(lost).toBe(whole[at] === 0x0a ? 0 : 1);
        expect(records).toEqual(expect.arrayContaining(found));
        expect(reader.result().problems.length).toBeGreaterThan(whole[at] === 0x0a ? -1 : 0);
      }),
      { numRuns: 2_000 },
    );
  });

  it("passes over NUL bytes, strange bytes and repeated ends, and tells of them", () => {
    const nul = readBatchLog(Buffer.concat([whole, new Uint8Array(4_096)]), fileName);
    expect(nul.state.status).toBe("COMPLETED");
    expect(nul.problems.map(({ code }) => code)).toEqual(["nul-bytes"]);
    const twice = readBatchLog(Buffer.concat([whole, whole.subarray(whole.length - 300)]), fileName);
    expect(twice.state.revision).toBe(records.length);
    expect(twice.problems.map(({ code }) => code).sort()).toEqual(["journal-duplicate", "journal-record"]);
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 60 }),
            fc.nat(whole.length).map((at) => whole.subarray(0, at)),
          ),
        ),
        (parts) => {
          const bytes = Buffer.concat(parts);
          const { state } = readBatchLog(bytes, fileName);
          expect(state.revision).toBeLessThanOrEqual(records.length);
        },
      ),
    );
  });

  it("goes on after a last line that was whole but for its line feed", () => {
    const reader = new BatchLogReader(fileName);
    reader.feed(whole.subarray(0, whole.length - 1));
    expect(reader.state.status).not.toBe("COMPLETED");
    expect(reader.takeTail()).toHaveLength(1);
    expect(reader.state.status).toBe("COMPLETED");
    expect(reader.feed(whole.subarray(whole.length - 1))).toEqual([]);
    expect(reader.result()).toMatchObject({ problems: [], isTailOpen: false });
  });

  it("keeps the first of two writers", () => {
    const other = encodeLog(timed([...wholeLife.slice(0, 4), { type: "aborted", reason: "other" }]), "efgh");
    const { state, problems } = readBatchLog(Buffer.concat([whole, other]), fileName);
    expect(state.status).toBe("COMPLETED");
    expect(problems).toMatchObject([{ code: "second-writer", count: 5 }]);
  });
});
