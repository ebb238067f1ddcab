import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addMark,
  boundMarks,
  type Durability,
  type DurabilityMark,
  decodeDurability,
  decodeMark,
  encodeDurability,
  encodeMark,
  joinDurability,
  joinMarks,
  singleMark,
} from "../../src/trace/durability";
import { readJournal } from "../../src/trace/journal";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { readSession } from "../../src/trace/readSession";
import { baseMs, journalOf, root } from "./journalLines";

/** Syncs one after another: each begins when the one before is done, or later. */
const syncs = fc.array(fc.record({ afterMs: fc.nat(3_000), tookMs: fc.nat(400) }), { maxLength: 60 }).map((parts) => {
  let atMs = 0;
  return parts.map(({ afterMs, tookMs }, index) => {
    atMs += afterMs;
    const mark = singleMark(atMs, atMs + tookMs, index + 1);
    atMs += tookMs;
    return mark;
  });
});

/** What is safe at an instant: everything that was recorded up to the result. */
function coveredAt(marks: readonly DurabilityMark[], atMs: number): number {
  const done = marks.findLast((mark) => mark.doneMs <= atMs);
  const within = marks.find((mark) => mark.beganMs <= atMs && atMs < mark.doneMs && mark.count > 1);
  const covered = done === undefined ? -1 : done.lastBeganMs;
  return within === undefined ? covered : Math.max(covered, Math.min(atMs, atMs - within.longestMs));
}

describe("marks", () => {
  it("are rounded outwards, so that they never cover more than was covered", () => {
    expect(singleMark(10.9, 20.1, 3)).toEqual({
      beganMs: 10,
      doneMs: 21,
      seq: 3,
      count: 1,
      longestMs: 11,
      lastBeganMs: 10,
    });
  });

  it("are joined with how long anything was not covered between them", () => {
    const joined = joinMarks(singleMark(0, 5, 1), singleMark(100, 130, 9));
    // What was recorded at 1 was covered by the second one only, at 130.
    expect(joined).toEqual({ beganMs: 0, doneMs: 130, seq: 9, count: 2, longestMs: 130, lastBeganMs: 100 });
    expect(joinMarks(joined, singleMark(1_000, 1_001, 12))).toMatchObject({
      count: 3,
      longestMs: 901,
      lastBeganMs: 1_000,
    });
  });

  it("that are near each other become one, and others stay apart", () => {
    const marks = [0, 300, 600, 2_000].reduce<DurabilityMark[]>(
      (list, at, index) => addMark(list, singleMark(at, at + 9, index)),
      [],
    );
    expect(marks.map(encodeMark)).toEqual([
      [0, 609, 2, 3, 309, 9],
      [2_000, 9, 3],
    ]);
  });

  it("survive being written and read", () => {
    fc.assert(
      fc.property(syncs, (marks) => {
        const joined = marks.reduce<DurabilityMark[]>(addMark, []);
        for (const mark of [...marks, ...joined])
          expect(decodeMark(JSON.parse(JSON.stringify(encodeMark(mark))))).toEqual(mark);
      }),
    );
  });

  it("never say that more was safe once they are joined to few", () => {
    fc.assert(
      fc.property(syncs, fc.integer({ min: 2, max: 12 }), fc.nat(100_000), (marks, most, atMs) => {
        const few = boundMarks(marks.reduce<DurabilityMark[]>(addMark, []), most);
        expect(few.length).toBeLessThanOrEqual(Math.max(most, 1));
        expect(few.reduce((sum, { count }) => sum + count, 0)).toBe(marks.length);
        expect(coveredAt(few, atMs)).toBeLessThanOrEqual(Math.max(coveredAt(marks, atMs), -1));
      }),
    );
  });

  it("that are none are left out, and nothing is thrown", () => {
    for (const value of [
      undefined,
      null,
      3,
      "x",
      [],
      [1],
      [1, 2],
      [1, -2, 3],
      [1, Number.NaN, 3],
      ["1", 2, 3],
      [1, 2, 3, 4, 5, 6],
    ]) {
      expect(decodeMark(value)).toBeUndefined();
    }
    fc.assert(fc.property(fc.anything(), (value) => void decodeDurability(value)));
    fc.assert(fc.property(fc.array(fc.object()), (value) => void decodeDurability(value)));
  });
});

describe("what a trace says of its disk", () => {
  const own: Durability = {
    incarnation: 2,
    instance: "b",
    startMs: 5_000,
    fsync: "interval",
    untilMs: 3_000,
    synced: [singleMark(0, 5, 1), singleMark(2_500, 2_505, 8)],
    snapshots: [singleMark(100, 120, 1)],
  };

  it("survives being written and read", () => {
    expect(decodeDurability(JSON.parse(JSON.stringify([encodeDurability(own)])))).toEqual([own]);
  });

  it("is joined from the journal and, behind that, from what the snapshot held", () => {
    const journal: Durability = {
      incarnation: 2,
      instance: "b",
      startMs: 5_000,
      fsync: "interval",
      synced: [singleMark(0, 5, 1)],
      snapshots: [],
    };
    const older: Durability = { ...own, incarnation: 1, instance: "a" };
    expect(joinDurability([older, own], [journal])).toEqual([older, own]);
    const other: Durability = { ...journal, instance: "c" };
    expect(joinDurability([own], [other])).toEqual([other]);
  });

  const noted: JournalRecord[] = [
    root,
    { t: "heartbeat", synced: [[0, 4, 1]] },
    { t: "begin", span: { spanId: "a", parentSpanId: "root", name: "bash", kind: "tool" } },
    { t: "heartbeat", synced: [[1_200, 9, 3]], snapshots: [[50, 8, 1]] },
  ];

  it("is read from a journal whose header says that it is noted", () => {
    const { durability, problems } = readJournal(journalOf(noted, { fsync: "interval" }), "s.1.journal.ndjson");
    expect(problems).toEqual([]);
    expect(durability).toEqual({
      incarnation: 1,
      instance: "aaaa-1",
      startMs: baseMs,
      fsync: "interval",
      synced: [singleMark(0, 4, 1), singleMark(1_200, 1_209, 3)],
      snapshots: [singleMark(50, 58, 1)],
    });
    expect(readJournal(journalOf(noted), "s.1.journal.ndjson").durability).toBeUndefined();
  });

  it("comes into the trace that a journal makes", () => {
    const bytes = journalOf(noted, { fsync: "interval" });
    const journals = [{ name: "s.1.journal.ndjson", bytes, mtimeMs: baseMs }];
    const { trace } = readSession({ safeId: "s", journals }, () => "unknown");
    expect(decodeDurability(trace.durability)).toMatchObject([{ incarnation: 1, synced: [{ seq: 1 }, { seq: 3 }] }]);
  });
});
