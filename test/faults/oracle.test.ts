import { describe, expect, it } from "vitest";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { readSession } from "../../src/trace/readSession";
import { beginTool, journalOf, root } from "../trace/journalLines";
import { differences, expectAll, type Step } from "./oracle";

function load(records: readonly JournalRecord[]) {
  const journal = { name: "S.1.journal.ndjson", bytes: journalOf([root, ...records]), mtimeMs: 0 };
  return readSession({ safeId: "S", journals: [journal] }, () => "gone");
}

/** Each record with the step that says the same. */
const recorded: [JournalRecord, Step][] = [
  [beginTool("a"), { spanId: "a", fields: { name: "bash", parentSpanId: "root", startTime: expect.any(Number) } }],
  [
    { t: "text", id: "a", text: "one " },
    { spanId: "a", text: "one " },
  ],
  [
    { t: "text", id: "a", text: "two" },
    { spanId: "a", text: "two" },
  ],
  [
    { t: "event", id: "a", event: { name: "line", attributes: { text: "x" } } },
    { spanId: "a", event: { name: "line", attributes: { text: "x" } } },
  ],
  [
    { t: "event", id: "a", event: { name: "line" } },
    { spanId: "a", event: { name: "line" } },
  ],
  [
    { t: "link", id: "a", link: { spanId: "other" } },
    { spanId: "a", link: { spanId: "other" } },
  ],
  [
    { t: "attributes", id: "a", attributes: { "k.1": 1, gone: [2] } },
    { spanId: "a", attributes: { "k.1": 1, gone: [2] } },
  ],
  [
    { t: "attributes", id: "a", attributes: { gone: null } },
    { spanId: "a", attributes: { gone: null } },
  ],
  [{ t: "metadata", metadata: { title: "T" } }, { metadata: { title: "T" } }],
  [
    { t: "set", id: "a", set: { cost: 1 } },
    { spanId: "a", fields: { cost: 1 } },
  ],
  [
    { t: "end", id: "a", set: { status: "error", cost: null } },
    { spanId: "a", fields: { status: "error", cost: null, endTime: expect.any(Number) } },
  ],
];
const records = recorded.map(([record]) => record);
const steps = recorded.map(([, step]) => step);

describe("expectAll", () => {
  it("is content where all that was acknowledged is there", () => {
    expectAll(steps, load(records));
    expectAll([], load([]));
  });

  it("misses any acknowledged step but one whose trace a later one removes", () => {
    for (const [index, record] of records.entries()) {
      const found = differences(steps, load(records.filter((other) => other !== record)));
      if (record.t === "set") expect(found).toEqual([]);
      else expect(found.length, `without record ${index}`).toBeGreaterThan(0);
    }
  });

  it("accepts any further steps that were attempted, up to any of them", () => {
    for (let acknowledged = 0; acknowledged <= steps.length; acknowledged++) {
      for (let written = 0; written <= steps.length; written++) {
        const found = differences(steps.slice(0, acknowledged), load(records.slice(0, written)), steps);
        // The tenth step sets a cost that the eleventh takes away: without both it looks as with both.
        const looksLater = acknowledged === 10 && written === 9;
        if (written >= acknowledged || looksLater) expect(found).toEqual([]);
        else expect(found.length, `${written} of ${acknowledged}`).toBeGreaterThan(0);
      }
    }
  });

  const wrong: [string, JournalRecord, string][] = [
    ["a text that is there twice", { t: "text", id: "a", text: "two" }, 'a output: "one twotwo" instead of "one two"'],
    [
      "an event that is there twice",
      { t: "event", id: "a", event: { name: "line", timeMs: 5 } },
      'a events: [{"name":"line","attributes":{"text":"x"},"timeMs":1000005},{"name":"line","timeMs":1000006}…',
    ],
    ["a span that nobody recorded", beginTool("b"), "b is there and was never recorded"],
    ["another value", { t: "set", id: "a", set: { name: "sh" } }, 'a name: "sh" instead of "bash"'],
    ["a value that must be gone", { t: "set", id: "a", set: { cost: 3 } }, "a cost: 3 instead of nothing"],
    ["another attribute", { t: "attributes", id: "a", attributes: { "k.1": 2 } }, "a attribute k.1: 2 instead of 1"],
    ["other metadata", { t: "metadata", metadata: { title: "U" } }, 'metadata title: "U" instead of "T"'],
  ];
  it.each(wrong)("tells of %s", (_, record, expected) => {
    const found = differences(steps, load([...records, record]));
    expect(found.length).toBe(1);
    const [start = "", end = ""] = expected.split("…");
    expect(found[0]?.startsWith(start) && found[0].endsWith(end)).toBe(true);
    expect(() => expectAll(steps, load([...records, record]))).toThrow();
  });

  it("tells of a lost span once, and of events in another order", () => {
    expect(differences(steps, load([]))).toEqual(["a is missing", 'metadata title: nothing instead of "T"']);
    const [first, second] = [records[3], records[4]] as [JournalRecord, JournalRecord];
    const swapped = records.map((record) => (record === first ? second : record === second ? first : record));
    expect(differences(steps, load(swapped)).length).toBe(1);
  });

  it("tells of a span that is there twice", () => {
    const { trace } = load(records);
    const found = differences(steps, { trace: { ...trace, spans: [...trace.spans, ...trace.spans.slice(1)] } });
    expect(found).toEqual(["a is there twice"]);
  });

  it("does not compare the recorder's own root span and events", () => {
    const crash: JournalRecord = { t: "crash", reason: "x" };
    expectAll(steps, load([...records, crash]));
    expectAll(
      [{ spanId: "root", event: { name: "mine" } }],
      load([{ t: "event", id: "root", event: { name: "mine" } }, crash]),
    );
  });

  it("refuses steps in another order than they were attempted", () => {
    expect(() => expectAll(steps.slice(1), load(records), steps)).toThrow("not the first");
  });
});
