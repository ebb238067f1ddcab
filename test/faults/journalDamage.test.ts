import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJournal } from "../../src/trace/journal";
import { encodeRecord } from "../../src/trace/journalFrame";
import type { JournalRecord } from "../../src/trace/journalRecord";
import type { Problem } from "../../src/trace/problem";
import { readSession } from "../../src/trace/readSession";
import type { TraceFile } from "../../src/trace/schema";
import type { SessionFiles } from "../../src/trace/sessionFiles";
import { baseMs, beginTool, concat, headerOf, linesOf, root } from "../trace/journalLines";
import { anyDamage, type Damage, damage, damagedRegions, flip, innerDamage, survivors, truncation } from "./damage";
import { differences, type Step } from "./oracle";

const fileName = "S.1.journal.ndjson";
const read = (bytes: Uint8Array) => readJournal(bytes, fileName);
const load = (bytes: Uint8Array, files: Partial<SessionFiles> = {}) =>
  readSession({ safeId: "S", journals: [{ name: fileName, bytes, mtimeMs: baseMs }], ...files }, () => "gone");
const groupDigits = (value: number) => value.toLocaleString("en-US");

/** A record and the step that it stands for. */
interface Written {
  readonly record: JournalRecord;
  readonly step: Step | undefined;
}

const id = fc.constantFrom("a", "b", "c", "root");
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom('{ "s":1,', ',"c": "', "\n", "\u0000", "漢\u{1f600}", "x".repeat(300)),
);
const attributes = fc.dictionary(fc.constantFrom("k", "l"), fc.oneof(text, fc.integer()), { maxKeys: 2 });
const written: fc.Arbitrary<Written> = fc.oneof(
  fc.tuple(id, text).map(([spanId, more]) => ({
    record: { t: "text" as const, id: spanId, text: more },
    step: { spanId, text: more },
  })),
  fc.tuple(id, text, attributes).map(([spanId, name, values]) => {
    // A name of ours would be taken for one of the recorder's own events.
    const event = { name: `e${name}`, attributes: values };
    return { record: { t: "event" as const, id: spanId, event }, step: { spanId, event } };
  }),
  fc.tuple(id, text).map(([spanId, target]) => {
    const link = { spanId: target };
    return { record: { t: "link" as const, id: spanId, link }, step: { spanId, link } };
  }),
  fc.tuple(id, attributes).map(([spanId, values]) => ({
    record: { t: "attributes" as const, id: spanId, attributes: values },
    step: { spanId, attributes: values },
  })),
  fc
    .tuple(id, fc.integer({ min: 1 }), fc.constantFrom("ok" as const, "error" as const))
    .map(([spanId, endTime, status]) => ({
      record: { t: "end" as const, id: spanId, set: { endTime, status } },
      step: { spanId, fields: { endTime, status } },
    })),
  fc.tuple(fc.nat(5), text).map(([number, name]) => {
    const span = { spanId: `s${number}`, parentSpanId: "root", name, kind: "tool" as const, startTime: 1, endTime: 2 };
    const { spanId, ...fields } = span;
    return { record: { t: "span" as const, span }, step: { spanId, fields } };
  }),
  fc
    .constantFrom<JournalRecord>({ t: "heartbeat" }, { t: "clock-jump", byMs: 5 })
    .map((record) => ({ record, step: undefined })),
);
const beginnings: readonly Written[] = [root, beginTool("a"), beginTool("b"), beginTool("c")].map((record) => ({
  record,
  step: record.t === "begin" ? { spanId: record.span.spanId, fields: { name: record.span["name"] } } : undefined,
}));
/** A session that begins its spans before it says anything of them. */
const sessionWork = fc.array(written, { maxLength: 12 }).map((more) => [...beginnings, ...more]);
const recordsOf = (work: readonly Written[]) => work.map(({ record }) => record);

/** Sequence numbers of the records that the damaged bytes still hold, the header's 0 among them. */
const survivingSeqs = (bytes: Uint8Array, lines: readonly Uint8Array[]) =>
  [...new Set(survivors(bytes, lines).map(({ line }) => line))].sort((a, b) => a - b);

/** What the report must say of damaged bytes: `12 journal-record 40`, with offset and number of bytes. */
function expectedRegions(bytes: Uint8Array, lines: readonly Uint8Array[]): string[] {
  return damagedRegions(bytes, survivors(bytes, lines)).map(({ offsetBytes, endBytes, pieces, isOpen }) => {
    const region = bytes.subarray(offsetBytes, endBytes);
    const nuls = region.filter((byte) => byte === 0).length;
    const isNul = pieces.every((piece) => piece.length > 0 && piece.every((byte) => byte === 0));
    const isTorn = isOpen && pieces.length === 1 && nuls === 0;
    const code = isNul ? "nul-bytes" : isTorn ? "truncated" : "journal-record";
    return `${offsetBytes} ${code} ${groupDigits(isNul ? nuls : Math.max(1, region.length))}`;
  });
}

/**
 * A flipped digit makes a header name a newer version, and that is believed where no sound line contradicts it. Nothing
 * is lost by it, because there is nothing to read.
 */
function looksNewer(isNewerVersion: boolean, bytes: Uint8Array, lines: readonly Uint8Array[]): boolean {
  if (isNewerVersion) expect(survivors(bytes, lines)).toEqual([]);
  return isNewerVersion;
}

/** The same as the report says it. */
function reportedRegions(problems: readonly Problem[]): string[] {
  return problems.flatMap(({ code, message, offsetBytes }) => {
    const count = /^(?:The last record is cut off after )?([\d,]+) (?:NUL )?bytes?\b/.exec(message)?.[1];
    return count === undefined ? [] : [`${offsetBytes} ${code} ${count}`];
  });
}

describe("a damaged journal", () => {
  it("yields every record that is still there, each as it was written and once, and no other", () => {
    fc.assert(
      fc.property(sessionWork, fc.array(anyDamage, { maxLength: 4 }), (work, damages) => {
        const lines = linesOf(recordsOf(work));
        const bytes = damage(concat(lines), damages);
        const whole = read(concat(lines)).records;
        const sound = survivors(bytes, lines);
        const { records, header } = read(bytes);
        const seqs = survivingSeqs(bytes, lines).filter((seq) => seq > 0);
        expect(records.map(({ seq }) => seq)).toEqual(seqs);
        expect(header !== undefined).toBe(sound.some(({ line }) => line === 0));
        for (const entry of records) {
          expect(entry.record).toEqual(whole[entry.seq - 1]?.record);
          const first = sound.find(({ line }) => line === entry.seq);
          expect([entry.offsetBytes, entry.endBytes]).toEqual([first?.offsetBytes, first?.endBytes]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("has a report whose regions are the damaged bytes, no more and no fewer", () => {
    fc.assert(
      fc.property(sessionWork, fc.array(anyDamage, { maxLength: 4 }), (work, damages) => {
        const lines = linesOf(recordsOf(work));
        const bytes = damage(concat(lines), damages);
        const { problems, isNewerVersion } = read(bytes);
        if (looksNewer(isNewerVersion, bytes, lines)) return;
        expect(reportedRegions(problems)).toEqual(expectedRegions(bytes, lines));
      }),
      { numRuns: 1000 },
    );
  });

  it("has a report that names a lost header and counts repeated lines", () => {
    fc.assert(
      fc.property(sessionWork, fc.array(anyDamage, { maxLength: 4 }), (work, damages) => {
        const lines = linesOf(recordsOf(work));
        const bytes = damage(concat(lines), damages);
        const sound = survivors(bytes, lines);
        const { problems, isNewerVersion } = read(bytes);
        if (looksNewer(isNewerVersion, bytes, lines)) return;
        const isHeaderLost = bytes.length > 0 && sound.every(({ line }) => line !== 0);
        expect(problems.some(({ message }) => message.startsWith("The header of the journal is missing"))).toBe(
          isHeaderLost,
        );
        const repeated = sound.filter(({ line }, index) => sound.findIndex((one) => one.line === line) < index);
        expect(
          problems
            .filter(({ code }) => code === "journal-duplicate")
            .map(({ count, offsetBytes }) => [count ?? 1, offsetBytes]),
        ).toEqual(repeated.length === 0 ? [] : [[repeated.length, repeated[0]?.offsetBytes]]);
        expect(problems.some(({ code }) => code === "second-writer")).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("has a report that counts every lost record before the last sound one, and shows where it is missing", () => {
    fc.assert(
      fc.property(sessionWork, fc.array(innerDamage, { minLength: 1, maxLength: 4 }), (work, damages) => {
        const lines = linesOf([...recordsOf(work), { t: "heartbeat" }]);
        const last = lines.length - 1;
        const bytes = concat([damage(concat(lines.slice(0, last)), damages), lines[last] ?? ""]);
        const found = new Set(survivingSeqs(bytes, lines));
        const lost = lines.flatMap((_, seq) => (seq === 0 || found.has(seq) ? [] : [seq]));
        const { facts, missing, problems } = read(bytes);
        expect(facts).toMatchObject({ lostCount: lost.length, hasTornTail: false, lastSeq: last });
        expect(facts.recordCount).toBe(lines.length - 1 - lost.length);
        const told = missing.flatMap(({ fromSeq, toSeq }) =>
          Array.from({ length: toSeq - fromSeq + 1 }, (_, index) => fromSeq + index),
        );
        expect(told.filter((seq) => seq > 0).sort((a, b) => a - b)).toEqual(lost);
        const gaps = problems.filter(({ code }) => code === "journal-gap");
        expect(gaps.reduce((sum, { count }) => sum + (count ?? 1), 0)).toBe(lost.length);
        expect(load(bytes).evidence.recovered).toEqual({ records: facts.recordCount, lost: lost.length });
      }),
      { numRuns: 1000 },
    );
  });

  it("has a report that is silent only where nothing but line feeds and the end are missing", () => {
    fc.assert(
      fc.property(sessionWork, fc.array(anyDamage, { maxLength: 3 }), (work, damages) => {
        const lines = linesOf(recordsOf(work));
        const bytes = damage(concat(lines), damages);
        const sound = survivors(bytes, lines);
        const isPrefix = survivingSeqs(bytes, lines).every((seq, index) => seq === index);
        const isSound = isPrefix && sound[0]?.line === 0 && damagedRegions(bytes, sound).length === 0;
        const isOnce = new Set(sound.map(({ line }) => line)).size === sound.length;
        expect(read(bytes).problems.length === 0).toBe(isSound && isOnce);
      }),
      { numRuns: 1000 },
    );
  });

  it("has gaps that stand before the record which showed them", () => {
    fc.assert(
      fc.property(
        sessionWork,
        fc.array(fc.oneof(flip, truncation), { minLength: 1, maxLength: 6 }),
        (work, damages) => {
          const lines = linesOf(recordsOf(work));
          const bytes = damage(concat(lines), damages);
          const sound = survivors(bytes, lines);
          for (const { fromSeq, toSeq, offsetBytes } of read(bytes).missing) {
            const at = sound.findIndex((one) => one.offsetBytes === offsetBytes);
            expect(sound[at]?.line).toBe(toSeq + 1);
            expect(sound[at - 1]?.line ?? -1).toBe(fromSeq - 1);
          }
        },
      ),
    );
  });

  it("has a report that counts the lost records at the end too, where their line feeds are left", () => {
    fc.assert(
      fc.property(sessionWork, fc.array(flip, { minLength: 1, maxLength: 40 }), (work, damages) => {
        const lines = linesOf(recordsOf(work));
        const whole = concat(lines);
        const bytes = damage(whole, damages);
        fc.pre(whole.every((byte, index) => (byte === 0x0a) === (bytes[index] === 0x0a)));
        const { facts, isNewerVersion } = read(bytes);
        if (looksNewer(isNewerVersion, bytes, lines)) return;
        expect(facts.hasTornTail).toBe(false);
        const lost = lines.length - 1 - facts.recordCount;
        // Without one sound line nobody knows that one of them was the header.
        expect(facts.lostCount).toBe(survivors(bytes, lines).length === 0 ? lost + 1 : lost);
      }),
      { numRuns: 500 },
    );
  });

  it("of which the end is cut off counts nothing as lost, and says whether the cut is within a record", () => {
    fc.assert(
      fc.property(sessionWork, truncation, (work, cut) => {
        const lines = linesOf(recordsOf(work));
        const bytes = damage(concat(lines), [cut]);
        const { facts, records } = read(bytes);
        const ends = lines.map((_, index) => concat(lines.slice(0, index + 1)).length);
        const isBetween = [0, ...ends, ...ends.map((end) => end - 1)].includes(bytes.length);
        expect(facts).toMatchObject({ lostCount: 0, hasTornTail: !isBetween });
        // The oracle sees the same: what is before the cut is there, and of the rest nothing.
        const stepsOf = (some: readonly Written[]) => some.flatMap(({ step }) => step ?? []);
        const kept = stepsOf(work.slice(0, records.length));
        expect(differences(kept, load(bytes))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("a session whose journal is damaged", () => {
  it("has the spans that a journal of the surviving records alone would give", () => {
    fc.assert(
      fc.property(sessionWork, fc.array(anyDamage, { maxLength: 4 }), (work, damages) => {
        const lines = linesOf(recordsOf(work));
        const bytes = damage(concat(lines), damages);
        const order = [...new Set(survivors(bytes, lines).map(({ line }) => line))].sort((a, b) => a - b);
        const clean = load(concat(order.map((line) => lines[line] ?? "")));
        const { trace } = load(bytes);
        expect(trace.spans).toEqual(clean.trace.spans);
        expect(trace.metadata).toEqual(clean.trace.metadata);
      }),
      { numRuns: 500 },
    );
  });

  it("has in addition what its snapshot holds, and misses only what neither has", () => {
    fc.assert(
      fc.property(sessionWork, fc.nat(), fc.array(anyDamage, { maxLength: 3 }), (work, place, damages) => {
        const lines = linesOf(recordsOf(work));
        const folded = place % lines.length;
        const before = load(concat(lines.slice(0, folded + 1))).trace;
        const snapshot: TraceFile = {
          ...before,
          writer: { instance: "aaaa-1", incarnation: 1, seq: folded, offsetBytes: 1, rawSessionId: "ses/1" },
        };
        const bytes = damage(concat(lines), damages);
        const file = { name: "S.json", bytes: concat([JSON.stringify(snapshot)]), mtimeMs: baseMs };
        const { trace, evidence } = load(bytes, { snapshot: file });
        const above = survivingSeqs(bytes, lines).filter((seq) => seq > folded);
        if (survivingSeqs(bytes, lines).length === 0) {
          expect(trace.spans).toEqual(before.spans);
          return;
        }
        const all = load(concat([...lines.slice(0, folded + 1), ...above.map((seq) => lines[seq] ?? "")]));
        expect(trace.spans).toEqual(all.trace.spans);
        expect(evidence.recovered?.records).toBe(above.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a journal of several versions and writers", () => {
  /** Lines as a writer of format version 2 may write them. */
  function newerLines(instance: string, count: number): Uint8Array[] {
    const header = { ...headerOf({ instance }), version: 2 };
    const tag = instance.slice(0, 4);
    return Array.from({ length: count + 1 }, (_, seq) =>
      encodeRecord(seq === 0 ? header : { t: "text", id: "root", text: `newer ${seq}` }, {
        seq,
        wallMs: baseMs,
        monoMs: seq,
        tag,
      }),
    );
  }

  it("keeps the records of the version that it began with, and none of a newer one that another writer added", () => {
    fc.assert(
      fc.property(sessionWork, fc.nat(3), fc.nat(), (work, count, place) => {
        const lines = linesOf(recordsOf(work));
        const newer = newerLines("bbbb-2", count);
        const at = 1 + (place % lines.length);
        const { records, problems, facts, isNewerVersion } = read(
          concat([...lines.slice(0, at), ...newer, ...lines.slice(at)]),
        );
        expect(isNewerVersion).toBe(false);
        expect(records).toEqual(
          read(concat(lines)).records.map((entry) =>
            entry.seq < at
              ? entry
              : {
                  ...entry,
                  offsetBytes: entry.offsetBytes + concat(newer).length,
                  endBytes: entry.endBytes + concat(newer).length,
                },
          ),
        );
        expect(facts.lostCount).toBe(0);
        expect(problems).toMatchObject([
          { code: "second-writer", severity: "error", offsetBytes: concat(lines.slice(0, at)).length },
        ]);
        expect(problems[0]?.count ?? 1).toBe(newer.length);
      }),
    );
  });

  it("reads nothing of a newer version, whatever older lines follow it", () => {
    fc.assert(
      fc.property(sessionWork, fc.nat(3), (work, count) => {
        const bytes = concat([...newerLines("bbbb-2", count), ...linesOf(recordsOf(work))]);
        const { records, problems, isNewerVersion } = read(bytes);
        expect(isNewerVersion).toBe(true);
        expect(records).toEqual([]);
        expect(problems.map(({ code }) => code)).toEqual(["newer-version"]);
        expect(load(bytes).trace.spans).toEqual([]);
      }),
    );
  });

  it("passes over records and fields that it does not know, which are neither lost nor in the way", () => {
    const unknown = fc.constantFrom({ t: "sync", upTo: 3 }, { t: "x-1" }, { t: "metric", id: "a", value: 5 });
    fc.assert(
      fc.property(
        sessionWork,
        fc.array(fc.tuple(fc.nat(), unknown), { minLength: 1, maxLength: 4 }),
        (work, others) => {
          const mixed: { record: JournalRecord; isKnown: boolean }[] = recordsOf(work).map((record) => ({
            record: { ...record, x: "a field to come" } as JournalRecord,
            isKnown: true,
          }));
          for (const [place, record] of others) {
            mixed.splice(place % (mixed.length + 1), 0, { record: record as unknown as JournalRecord, isKnown: false });
          }
          const bytes = concat(linesOf(mixed.map(({ record }) => record)));
          const { records, facts, problems } = read(bytes);
          expect(records.map(({ seq }) => seq)).toEqual(
            mixed.flatMap(({ isKnown }, index) => (isKnown ? [index + 1] : [])),
          );
          expect(facts.lostCount).toBe(0);
          expect(problems).toMatchObject([{ code: "journal-record", severity: "info" }]);
          expect(problems[0]?.count ?? 1).toBe(others.length);
        },
      ),
    );
  });
});

describe("the damages themselves", () => {
  const bytes = concat(["abc\n", "def\n"]);
  const cases: [Damage, string][] = [
    [{ type: "truncate", at: 5 }, "abc\nd"],
    [{ type: "nul", at: 2, length: 3 }, "ab\0\0\0ef\n"],
    [{ type: "flip", at: 0, bit: 1 }, "cbc\ndef\n"],
    [{ type: "insert", at: 4, bytes: concat(["X"]) }, "abc\nXdef\n"],
    [{ type: "append", bytes: concat(["X"]) }, "abc\ndef\nX"],
    [{ type: "remove", at: 1, length: 4 }, "aef\n"],
    [{ type: "join", at: 1 }, "abcdef\n"],
    [{ type: "repeatTail", length: 3 }, "abc\ndef\nef\n"],
    [{ type: "copy", at: 4, length: 2, to: 1 }, "adebc\ndef\n"],
  ];
  it.each(cases)("do what they say: %o", (one, expected) => {
    expect(new TextDecoder().decode(damage(bytes, [one]))).toBe(expected);
  });

  it("leave survivors and regions that a plain search finds", () => {
    const lines = [concat(["abc\n"]), concat(["def\n"])];
    const damaged = concat(["\0\nabc\nX\n\nYdef\nabcdef\nd"]);
    const sound = survivors(damaged, lines);
    expect(sound.map(({ line, offsetBytes }) => `${line}@${offsetBytes}`)).toEqual(["0@2", "1@10", "0@14", "1@17"]);
    const regions = damagedRegions(damaged, sound);
    expect(
      regions.map(
        ({ offsetBytes, endBytes, pieces, isOpen }) => `${offsetBytes}-${endBytes} ${pieces.length} ${isOpen}`,
      ),
    ).toEqual(["0-1 1 false", "6-10 3 false", "21-22 1 true"]);
  });
});
