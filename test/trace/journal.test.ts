import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type JournalOptions, JournalReader, readJournal, TailChangedError } from "../../src/trace/journal";
import { encodeRecord } from "../../src/trace/journalFrame";
import type { JournalEntry } from "../../src/trace/journalReading";
import { type JournalRecord, journalRecordSchemas, toRecord } from "../../src/trace/journalRecord";
import { passedOver } from "../../src/trace/journalSkim";
import { concat, headerOf, journalOf, linesOf, root } from "./journalLines";

const fileName = "ses_1.1.journal.ndjson";
const read = (bytes: Uint8Array, options?: JournalOptions) => readJournal(bytes, fileName, options);
const seqsOf = (records: readonly JournalEntry[]) => records.map(({ seq }) => seq).join(" ");
const problemsOf = (bytes: Uint8Array) =>
  read(bytes).problems.map(
    ({ code, offsetBytes, message, count }) => `${offsetBytes} ${code}: ${message}${count ? ` (${count})` : ""}`,
  );
const heartbeat: JournalRecord = { t: "heartbeat" };
const texts = (...all: string[]): JournalRecord[] => all.map((text) => ({ t: "text", id: "root", text }));
const lengthOf = (lines: readonly Uint8Array[], end: number) => concat(lines.slice(0, end)).length;

/** Texts that try to look like a journal from within. */
const trickyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom('{ "s":1,"w":2', ',"c": "00000000"}', "{ ", "\u0000", "\n", "\\", ',"c": "', "漢\u{1f600}", "\ud800"),
);

/**
 * Of V8 13.6 `JSON.parse` takes the key "\\u0000" for one of a single backslash, where an object with such a key after the
 * same ones was parsed before: no backslash stands first in a key here.
 */
const trickyKey = trickyText.filter((key) => !key.startsWith("\\"));
const anyRecord: fc.Arbitrary<JournalRecord> = fc.oneof(
  fc.record({ t: fc.constant("text" as const), id: fc.string({ maxLength: 3 }), text: trickyText }),
  fc.record({
    t: fc.constant("attributes" as const),
    id: trickyText,
    attributes: fc.dictionary(trickyKey, fc.oneof(trickyText, fc.jsonValue({ maxDepth: 2 }))),
  }),
  fc.record({ t: fc.constant("waiting" as const), reason: trickyText }),
  fc.constant(heartbeat),
);
const someRecords = fc.array(anyRecord, { minLength: 1, maxLength: 8 });

describe("readJournal", () => {
  it("reads what was written, with its place and time", () => {
    const lines = linesOf([root, heartbeat]);
    const { header, records, problems, facts, missing } = read(concat(lines));
    expect(problems).toEqual([]);
    expect(missing).toEqual([]);
    expect(header?.header).toMatchObject(headerOf());
    expect(records).toEqual([
      {
        seq: 1,
        timeMs: 1_000_001,
        wallMs: 1_000_001,
        offsetBytes: lengthOf(lines, 1),
        endBytes: lengthOf(lines, 2) - 1,
        record: expect.objectContaining(root),
      },
      expect.objectContaining({ seq: 2, record: expect.objectContaining(heartbeat) }),
    ]);
    expect(facts).toEqual({
      incarnation: 1,
      instance: "aaaa-1",
      lengthBytes: lengthOf(lines, 3),
      lastSeq: 2,
      lastRecordMs: 1_000_002,
      recordCount: 2,
      lostCount: 0,
      hasTornTail: false,
      ended: undefined,
      crashed: undefined,
      waiting: undefined,
    });
  });

  it("takes durations from the monotonic clock when the wall clock jumps", () => {
    const header = encodeRecord(headerOf(), { seq: 0, wallMs: 5000, monoMs: 0, tag: "aaaa" });
    const record = encodeRecord(heartbeat, { seq: 1, wallMs: 9_000_000, monoMs: 12.3456, tag: "aaaa" });
    const { records } = read(concat([header, record]));
    expect(records[0]).toMatchObject({ timeMs: 5012.346, wallMs: 9_000_000 });
  });

  const facts: [string, JournalRecord[], object][] = [
    ["an end", [{ t: "finish", status: "completed" }], { ended: { status: "completed", timeMs: 1_000_001 } }],
    [
      "an end with an error",
      [{ t: "finish", status: "error", error: "no" }],
      { ended: { status: "error", error: "no" } },
    ],
    ["a crash", [{ t: "crash", reason: "boom" }], { crashed: { timeMs: 1_000_001, reason: "boom" } }],
    ["a signal", [{ t: "crash", signal: "SIGTERM" }], { crashed: { reason: "SIGTERM" } }],
    [
      "the crash before an end",
      [{ t: "crash" }, { t: "finish", status: "completed" }],
      { ended: undefined, crashed: { timeMs: 1_000_001 } },
    ],
    ["the end before a crash", [{ t: "finish", status: "completed" }, { t: "crash" }], { crashed: undefined }],
    ["waiting", [{ t: "waiting", reason: "an answer" }], { waiting: { sinceMs: 1_000_001, reason: "an answer" } }],
    ["the end of waiting", [{ t: "waiting", reason: "x" }, { t: "resumed" }], { waiting: undefined }],
  ];
  it.each(facts)("learns of %s", (_, records, expected) => {
    expect(read(journalOf(records)).facts).toMatchObject(expected);
  });

  it("says that an empty file is empty", () => {
    expect(problemsOf(new Uint8Array())).toEqual(["undefined empty-file: The journal is empty"]);
  });

  it("takes a last record whose line feed is missing", () => {
    const bytes = journalOf([root, heartbeat]);
    expect(seqsOf(read(bytes.subarray(0, -1)).records)).toBe("1 2");
    expect(problemsOf(bytes.subarray(0, -1))).toEqual([]);
  });

  it("names a torn tail by its place and does not count it as lost, because its writer may be at work", () => {
    const lines = linesOf([root, heartbeat]);
    const bytes = concat(lines).subarray(0, -10);
    expect(problemsOf(bytes)).toEqual([
      `${lengthOf(lines, 2)} truncated: The last record is cut off after ${(lines[2]?.length ?? 0) - 10} bytes`,
    ]);
    expect(read(bytes).facts).toMatchObject({ recordCount: 1, lostCount: 0, hasTornTail: true });
  });

  it("names a run of NUL bytes, at the end and between records", () => {
    const lines = linesOf([root, heartbeat, heartbeat]);
    const [header, first, second, third] = lines as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const nul = new Uint8Array(4096);
    expect(problemsOf(concat([header, first, nul]))).toEqual([
      `${lengthOf(lines, 2)} nul-bytes: 4,096 NUL bytes where records should be`,
    ]);
    const between = concat([header, first, nul, second, third]);
    expect(seqsOf(read(between).records)).toBe("1 2 3");
    expect(problemsOf(between)).toEqual([`${lengthOf(lines, 2)} nul-bytes: 4,096 NUL bytes where records should be`]);
  });

  it("goes on at the start of the next record within a bad line", () => {
    const lines = linesOf(texts("one", "two", "three"));
    const [header, one, two, three] = lines as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const bytes = concat([header, one.subarray(0, 40), two, three]);
    expect(seqsOf(read(bytes).records)).toBe("2 3");
    expect(problemsOf(bytes)).toEqual([
      `${header.length} journal-record: 40 bytes of the journal are damaged`,
      `${header.length + 40} journal-gap: Record 1 is missing (1)`,
    ]);
    expect(read(bytes).facts.lostCount).toBe(1);
  });

  it("finds two records that were joined because a line feed was overwritten", () => {
    const [header, one, two] = linesOf(texts("one", "two")) as [Uint8Array, Uint8Array, Uint8Array];
    expect(seqsOf(read(concat([header, one.subarray(0, -1), "X", two])).records)).toBe("1 2");
    expect(seqsOf(read(concat([header, one.subarray(0, -1), two])).records)).toBe("1 2");
  });

  it("tells one region of damage, and the records that are missing, by their numbers", () => {
    const lines = linesOf(texts("1", "2", "3", "4", "5"));
    const damaged = lines.map((line, index) =>
      index === 2 || index === 3 ? line.map((byte) => (byte === 0x0a ? byte : 0x41)) : line,
    );
    const from = lengthOf(lines, 2);
    expect(problemsOf(concat(damaged))).toEqual([
      `${from} journal-record: ${lengthOf(lines, 4) - from - 1} bytes of the journal are damaged`,
      `${lengthOf(lines, 4)} journal-gap: Records 2 to 3 are missing (2)`,
    ]);
  });

  it("counts damaged lines at the end as lost, because nothing after them shows how many they were", () => {
    const lines = linesOf(texts("1", "2", "3"));
    const damaged = lines.map((line, index) => (index >= 2 ? line.map((byte) => (byte === 0x22 ? 0x27 : byte)) : line));
    expect(read(concat(damaged)).facts).toMatchObject({ recordCount: 1, lostCount: 2, hasTornTail: false });
  });

  it("leaves out a duplicated tail and says so once", () => {
    const lines = linesOf(texts("1", "2", "3"));
    const bytes = concat([...lines, ...lines.slice(2)]);
    expect(seqsOf(read(bytes).records)).toBe("1 2 3");
    expect(problemsOf(bytes)).toEqual([
      `${lengthOf(lines, 4)} journal-duplicate: 2 lines that repeat earlier ones were left out (2)`,
    ]);
    expect(read(bytes).facts.lostCount).toBe(0);
  });

  it("takes a record that was lost from a repetition of it", () => {
    const lines = linesOf(texts("1", "2", "3"));
    const bytes = concat([lines[0] ?? "", lines[1] ?? "", "damage\n", lines[3] ?? "", ...lines.slice(2)]);
    const { records, missing, facts } = read(bytes);
    expect(seqsOf(records)).toBe("1 2 3");
    expect(missing).toEqual([]);
    expect(facts.lostCount).toBe(0);
  });

  it("keeps the first of two records with one number and reports a second writer", () => {
    const lines = linesOf(texts("mine", "mine"));
    const other = linesOf(texts("theirs", "theirs"));
    const bytes = concat([...lines, other[1] ?? "", other[2] ?? ""]);
    expect(read(bytes).records.map(({ record }) => "text" in record && record.text)).toEqual(["mine", "mine"]);
    expect(problemsOf(bytes)).toEqual([
      `${lengthOf(lines, 3)} second-writer: 2 records of a second writer were left out; the first writer's are kept (2)`,
    ]);
  });

  it("tells a second writer by its tag, also where its numbers are free", () => {
    const lines = linesOf(texts("mine"));
    const bytes = concat([...lines, ...linesOf(texts("a", "b", "c"), { instance: "bbbb-2" })]);
    expect(seqsOf(read(bytes).records)).toBe("1");
    expect(read(bytes).problems).toMatchObject([{ code: "second-writer", count: 4, severity: "error" }]);
  });

  it("reads the records of a journal whose header is damaged", () => {
    const [header, ...rest] = linesOf(texts("1", "2"), { incarnation: 7 });
    const bytes = concat([(header ?? new Uint8Array()).map(() => 0), ...rest]);
    const { header: found, records, facts, problems, tag } = readJournal(bytes, "s.7.journal.ndjson");
    expect(found).toBeUndefined();
    expect(seqsOf(records)).toBe("1 2");
    expect(records[1]?.timeMs).toBe(1_000_002);
    expect(tag).toBe("aaaa");
    expect(facts).toMatchObject({ incarnation: 7, instance: undefined, lostCount: 0 });
    expect(problems.map(({ code }) => code)).toEqual(["nul-bytes", "journal-record"]);
  });

  it("says of foreign bytes that they are no journal", () => {
    const bytes = concat(['{"timestamp":1,"msg":"hello"}\n', "plain text\n", "{}\n"]);
    const { records, problems } = read(bytes);
    expect(records).toEqual([]);
    expect(problems.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
      "journal-record error",
      "journal-record error",
    ]);
  });

  it("refuses a newer format version and says what to do", () => {
    const header = { ...headerOf(), version: 2 };
    const stamp = { wallMs: 1, monoMs: 0, tag: "aaaa" };
    const framed = concat([
      encodeRecord(header, { ...stamp, seq: 0 }),
      encodeRecord(heartbeat, { ...stamp, seq: 1 }),
      "whatever comes there\n",
    ]);
    const otherwiseFramed = concat([`${JSON.stringify(header)}\n`, "binary records\n"]);
    for (const bytes of [framed, otherwiseFramed]) {
      const { records, isNewerVersion, problems } = read(bytes);
      expect(isNewerVersion).toBe(true);
      expect(records).toEqual([]);
      expect(problems).toEqual([
        {
          code: "newer-version",
          severity: "error",
          message:
            "The journal has format version 2, which is newer than this Tracekeeper understands; update Tracekeeper to read it",
          offsetBytes: 0,
          file: fileName,
        },
      ]);
    }
  });

  it("does not take a flipped digit in its own header for a newer version", () => {
    const bytes = journalOf([root, heartbeat]);
    const text = new TextDecoder().decode(bytes);
    bytes[text.indexOf('"version":1') + 10] = 0x39;
    const { records, isNewerVersion } = read(bytes);
    expect(isNewerVersion).toBe(false);
    expect(seqsOf(records)).toBe("1 2");
  });

  it("passes over records of a type it does not know, and reports those that lack what their type needs", () => {
    const odd = [
      { t: "sync", upTo: 3 },
      { t: "text", id: 5 },
      { t: "text", id: "root", text: "ok" },
    ];
    const { records, problems, facts } = read(journalOf(odd as unknown as JournalRecord[]));
    expect(seqsOf(records)).toBe("3");
    expect(problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'info: 1 record of a type that this Tracekeeper does not know, such as "sync"',
      'error: A record of type "text" lacks what it needs',
    ]);
    expect(facts.lostCount).toBe(1);
  });

  it("says when a journal stands under another incarnation's name", () => {
    const { facts, problems } = readJournal(journalOf([root], { incarnation: 3 }), "s.2.journal.ndjson");
    expect(facts.incarnation).toBe(3);
    expect(problems.map(({ message }) => message)).toEqual([
      "The journal is of incarnation 3, but its file name says 2",
    ]);
  });

  it("is not misled by numbers far ahead", () => {
    const far = encodeRecord(heartbeat, { seq: 2 ** 50, wallMs: 1, monoMs: 1, tag: "aaaa" });
    const { facts, records } = read(concat([...linesOf([root]), far, far]));
    expect(seqsOf(records)).toBe(`1 ${2 ** 50}`);
    expect(facts.lostCount).toBe(2 ** 50 - 2);
  });

  it("keeps the list of problems short when every other line is damaged", () => {
    const lines = linesOf(texts(...Array.from({ length: 3000 }, (_, index) => String(index))));
    const bytes = concat(lines.flatMap((line) => [line, "damage\n"]));
    const { records, problems } = read(bytes);
    expect(records.length).toBe(3000);
    expect(problems.length).toBeLessThan(300);
    expect(problems.reduce((sum, { count }) => sum + (count ?? 1), 0)).toBe(3001);
  });
});

describe("properties of readJournal", () => {
  it("reads any prefix as a prefix of the records", () => {
    fc.assert(
      fc.property(someRecords, fc.double({ min: 0, max: 1, noNaN: true }), (records, share) => {
        const bytes = journalOf(records);
        const cut = Math.round(bytes.length * share);
        const whole = read(bytes);
        const part = read(bytes.subarray(0, cut));
        expect(whole.records.map(({ record }) => record)).toMatchObject(JSON.parse(JSON.stringify(records)));
        expect(part.records).toEqual(whole.records.slice(0, part.records.length));
        const complete = whole.records.filter(({ endBytes }) => endBytes <= cut).length;
        expect(part.records.length).toBe(complete);
        expect(part.facts.lostCount).toBe(0);
      }),
    );
  });

  it("loses at most the record of a flipped byte, invents none and tells what is missing", () => {
    fc.assert(
      fc.property(someRecords, fc.nat(), fc.integer({ min: 1, max: 255 }), (records, place, flip) => {
        const bytes = journalOf(records);
        const at = place % bytes.length;
        const whole = read(bytes).records;
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        const { records: found, problems, facts, header } = read(bytes);
        const known = new Map(whole.map((entry) => [entry.seq, JSON.stringify(entry.record)]));
        for (const { seq, record } of found) expect(JSON.stringify(record)).toBe(known.get(seq));
        expect(found.length).toBeGreaterThanOrEqual(header ? whole.length - 1 : whole.length);
        expect(facts.lostCount + found.length + (facts.hasTornTail ? 1 : 0)).toBeGreaterThanOrEqual(whole.length);
        expect(problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  it("finds every sound record among any damage", () => {
    const piece = fc.oneof(
      fc.record({ line: fc.nat(8) }),
      fc.record({ line: fc.nat(8), cut: fc.nat(60) }),
      fc.record({ garbage: fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.constantFrom(new Uint8Array(9))) }),
      fc.record({ garbage: trickyText.map((text) => new TextEncoder().encode(text)) }),
    );
    fc.assert(
      fc.property(someRecords, fc.array(piece, { maxLength: 15 }), (records, pieces) => {
        const lines = linesOf(records);
        const sound = new Set<number>();
        const parts: Uint8Array[] = [];
        for (const part of pieces) {
          if ("garbage" in part) {
            parts.push(part.garbage);
            continue;
          }
          const index = part.line % lines.length;
          const line = lines[index] ?? new Uint8Array();
          const cut = "cut" in part ? Math.min(part.cut, line.length - 2) : line.length;
          parts.push(line.subarray(0, cut));
          if (cut === line.length && index > 0) sound.add(index);
        }
        const found = read(concat(parts)).records.map(({ seq }) => seq);
        expect(found).toEqual([...sound].sort((a, b) => a - b));
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same result whatever the size of the chunks", () => {
    fc.assert(
      fc.property(
        someRecords,
        fc.array(fc.record({ at: fc.nat(), bytes: fc.uint8Array({ maxLength: 6 }) }), { maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }),
        (records, damages, sizes) => {
          const bytes = journalOf(records);
          for (const damage of damages) bytes.set(damage.bytes.slice(0, 1), damage.at % bytes.length);
          const reader = new JournalReader(fileName);
          const entries: JournalEntry[] = [];
          for (let from = 0, turn = 0; from < bytes.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1;
            const chunk = bytes.slice(from, from + size);
            entries.push(...reader.push(chunk));
            chunk.fill(0);
            // Asking in between changes nothing either.
            reader.result();
            from += size;
          }
          const { reading, tail } = reader.result();
          const { records: expected, ...rest } = read(bytes);
          expect(reading).toEqual(rest);
          expect([...entries, ...tail].sort((a, b) => a.seq - b.seq)).toEqual(expected);
        },
      ),
    );
  });
});

describe("JournalReader", () => {
  it("shows a record without its line feed as tail, and returns it once when the line feed comes", () => {
    const bytes = journalOf([root, heartbeat]);
    const reader = new JournalReader(fileName);
    expect(seqsOf(reader.push(bytes.subarray(0, -1)))).toBe("1");
    expect(seqsOf(reader.result().tail)).toBe("2");
    expect(reader.result().reading.facts.recordCount).toBe(2);
    expect(seqsOf(reader.push(bytes.subarray(-1)))).toBe("2");
    expect(reader.result().tail).toEqual([]);
    expect(reader.lengthBytes).toBe(bytes.length);
  });

  it("forgets a torn tail once it is completed", () => {
    const bytes = journalOf([root]);
    const reader = new JournalReader(fileName);
    reader.push(bytes.subarray(0, -5));
    expect(reader.result().reading.facts.hasTornTail).toBe(true);
    reader.push(bytes.subarray(-5));
    expect(reader.result().reading).toMatchObject({ problems: [], facts: { hasTornTail: false, recordCount: 1 } });
  });
});

describe("encodeRecord", () => {
  it("writes one JSON object and a line feed, for any content", () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        const text = new TextDecoder().decode(encodeRecord(record, { seq: 3, wallMs: 5, monoMs: 7, tag: "k3x9" }));
        expect(text.indexOf("\n")).toBe(text.length - 1);
        const { s, w, m, i, c, ...rest } = JSON.parse(text);
        expect({ s, w, m, i, c }).toEqual({ s: 3, w: 5, m: 7, i: "k3x9", c: expect.stringMatching(/^[0-9a-f]{8}$/) });
        expect(rest).toEqual(JSON.parse(JSON.stringify(record)));
      }),
    );
  });

  it("writes no frame mark that a text holds", () => {
    fc.assert(
      fc.property(someRecords, (records) => {
        const text = new TextDecoder().decode(journalOf(records));
        expect(text.split('{ "s":').length - 1).toBe(records.length + 1);
        expect(text.split(',"c": "').length - 1).toBe(records.length + 1);
      }),
    );
  });
});

describe("journalRecordSchemas", () => {
  it("accepts an example of every record type", () => {
    const examples: Record<JournalRecord["t"], JournalRecord> = {
      begin: { t: "begin", span: { spanId: "a", name: "x" } },
      span: { t: "span", span: { spanId: "a", startTime: 1, endTime: 2 } },
      end: { t: "end", id: "a", set: { output: 1 } },
      set: { t: "set", id: "a", set: { model: null } },
      attributes: { t: "attributes", id: "a", attributes: { k: [1] } },
      text: { t: "text", id: "a", text: "x" },
      event: { t: "event", id: "a", event: { name: "line" } },
      link: { t: "link", id: "a", link: { spanId: "b", traceId: "t" } },
      metadata: { t: "metadata", metadata: { title: "x" } },
      finish: { t: "finish", status: "completed" },
      crash: { t: "crash", reason: "x", signal: "SIGTERM" },
      waiting: { t: "waiting", reason: "x" },
      resumed: { t: "resumed" },
      heartbeat: { t: "heartbeat" },
      "clock-jump": { t: "clock-jump", byMs: -5000 },
      degraded: { t: "degraded", phase: "from", reason: "append took 300 ms" },
      dropped: { t: "dropped", count: 3 },
      "process-exit": { t: "process-exit", code: null, signal: "SIGKILL" },
    };
    for (const type of Object.keys(journalRecordSchemas) as JournalRecord["t"][]) {
      expect(toRecord(type, examples[type]), type).toBe(examples[type]);
    }
  });
});

describe("a record that is checked by hand", () => {
  const anything = fc.oneof(
    fc.constantFrom<unknown>("a", "", null, undefined, 5, Number.POSITIVE_INFINITY, []),
    fc.jsonValue(),
  );
  const fields = fc.record(
    { spanId: anything, name: anything, timeMs: anything, traceId: anything, attributes: anything },
    { requiredKeys: [] },
  );
  const part = fc.oneof({ arbitrary: fields, weight: 3 }, { arbitrary: anything, weight: 1 });
  const types = ["begin", "span", "end", "set", "attributes", "text", "event", "link"] as const;

  it("is one exactly where the schema says so", () => {
    const sound = fc.record({ spanId: fc.constant("a"), name: fc.constant("n") });
    const value = fc.record(
      {
        id: fc.oneof(fc.constant("a"), anything),
        span: fc.oneof(sound, part),
        set: part,
        attributes: part,
        text: fc.oneof(fc.constant("t"), anything),
        event: fc.oneof(sound, part),
        link: fc.oneof(sound, part),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.constantFrom(...types), value, (type, made) => {
        const record = { ...made, t: type };
        expect(toRecord(type, record) !== undefined).toBe(journalRecordSchemas[type].safeParse(record).success);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a journal that is read as it grows", () => {
  const records: JournalRecord[] = [root, ...texts("a", "b"), heartbeat, { t: "waiting", reason: "x" }, ...texts("c")];

  it("passes over what somebody has already, and says the same of the whole", () => {
    const bytes = journalOf(records);
    const plain = read(bytes);
    const reader = new JournalReader(fileName);
    reader.passUpTo = 5;
    const entries = reader.push(bytes);
    expect(entries.map(({ seq, record }) => `${seq} ${record === passedOver ? "-" : record.t}`)).toEqual([
      "1 -",
      "2 -",
      "3 -",
      "4 heartbeat",
      "5 waiting",
      "6 text",
    ]);
    expect(entries.map(({ timeMs, wallMs, offsetBytes, endBytes }) => [timeMs, wallMs, offsetBytes, endBytes])).toEqual(
      plain.records.map(({ timeMs, wallMs, offsetBytes, endBytes }) => [timeMs, wallMs, offsetBytes, endBytes]),
    );
    const { records: _records, ...reading } = plain;
    expect(reader.result().reading).toEqual(reading);
  });

  it("gives a last record without its line feed for good when it is asked to, and once", () => {
    const bytes = journalOf(records);
    const reader = new JournalReader(fileName);
    expect(seqsOf(reader.push(bytes.subarray(0, -1)))).toBe("1 2 3 4 5");
    expect(seqsOf(reader.takeTail())).toBe("6");
    expect(reader.takeTail()).toEqual([]);
    expect(reader.lengthBytes).toBe(bytes.length - 1);
    expect(reader.push(concat(["\n", ...linesOf(texts("d"), { firstSeq: 7 }).slice(1)])).map(({ seq }) => seq)).toEqual(
      [7],
    );
    expect(reader.result().reading.problems).toEqual([]);
  });

  it("has to be read again where a line goes on whose record was given", () => {
    const [header, line] = linesOf([root]);
    const whole = concat([header ?? "", (line ?? new Uint8Array()).subarray(0, -1)]);
    for (const [bytes, more] of [
      [whole, "x"],
      [concat([whole, " garbage"]), "\n"],
    ] as const) {
      const reader = new JournalReader(fileName);
      reader.push(bytes);
      expect(seqsOf(reader.takeTail())).toBe("1");
      expect(() => reader.push(concat([more]))).toThrow(TailChangedError);
    }
  });

  it("waits with what is only the beginning of a record", () => {
    const bytes = journalOf(records);
    const reader = new JournalReader(fileName);
    reader.push(bytes.subarray(0, -9));
    expect(reader.takeTail()).toEqual([]);
    expect(seqsOf(reader.push(bytes.subarray(-9)))).toBe("6");
  });
});
