import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JournalFold } from "../../src/trace/foldJournal";
import { readJournal } from "../../src/trace/journal";
import type { JournalRecord } from "../../src/trace/journalRecord";
import { ProblemList } from "../../src/trace/problemList";
import { beginLost } from "../../src/trace/recordFields";
import type { TraceSpan } from "../../src/trace/schema";
import { isSoundSpan } from "../../src/trace/soundSpan";
import { baseMs, beginTool, journalOf, root } from "./journalLines";

function fold(records: readonly JournalRecord[], base: readonly TraceSpan[] = [], replaceKnown = false) {
  const problems = new ProblemList();
  const folded = new JournalFold(base, {}, { problems, replaceKnown });
  for (const entry of readJournal(journalOf(records), "s.1.journal.ndjson").records) folded.apply(entry);
  return { spans: folded.spans, metadata: folded.metadata, problems: problems.toArray() };
}

/** `bash 2-3 ok`, times after the header. */
function render(spans: readonly TraceSpan[]): string[] {
  return spans.map(({ name, startTime, endTime, status, output, statusMessage }) =>
    [
      name,
      `${startTime - baseMs}-${endTime === undefined ? "" : endTime - baseMs}`,
      status,
      ...(statusMessage === undefined ? [] : [statusMessage]),
      ...(output === undefined ? [] : [JSON.stringify(output)]),
    ].join(" "),
  );
}

describe("JournalFold", () => {
  it("opens a span at its begin record and closes it at its end, by the monotonic clock", () => {
    const records: JournalRecord[] = [
      root,
      beginTool("a"),
      beginTool("b"),
      { t: "end", id: "a", set: { output: "done" } },
    ];
    expect(render(fold(records).spans)).toEqual(["ses/1 1- ok", 'bash 2-4 ok "done"', "bash 3- ok"]);
  });

  it("keeps the input of the begin record, which the end need not repeat", () => {
    const { spans } = fold([
      beginTool("a", { command: "ls" }),
      { t: "end", id: "a", set: { status: "error", statusMessage: "no" } },
    ]);
    expect(spans[0]).toMatchObject({
      input: { command: "ls" },
      status: "error",
      statusMessage: "no",
      parentSpanId: "root",
    });
  });

  it("takes times that a record names", () => {
    const { spans } = fold([
      {
        t: "span",
        span: { spanId: "a", parentSpanId: null, name: "x", kind: "tool", startTime: 5, endTime: 7, status: "ok" },
      },
      { t: "begin", span: { spanId: "b", parentSpanId: null, name: "y", kind: "tool", startTime: 6, status: "ok" } },
      { t: "end", id: "b", set: { endTime: 9 } },
    ]);
    expect(spans.map(({ startTime, endTime }) => `${startTime}-${endTime}`)).toEqual(["5-7", "6-9"]);
  });

  it("applies attributes, events, links, texts, fields and metadata", () => {
    const { spans, metadata } = fold([
      root,
      { t: "attributes", id: "root", attributes: { a: 1, b: 2 } },
      { t: "attributes", id: "root", attributes: { b: null, c: 3 } },
      { t: "event", id: "root", event: { name: "line", attributes: { text: "x" } } },
      { t: "link", id: "root", link: { spanId: "other", traceId: "t2" } },
      { t: "text", id: "root", text: "Hel" },
      { t: "text", id: "root", text: "lo" },
      { t: "set", id: "root", set: { input: "New prompt", cost: 1, spanId: "hijack" } },
      { t: "set", id: "root", set: { cost: null } },
      { t: "metadata", metadata: { title: "T", tags: ["x"] } },
      { t: "metadata", metadata: { tags: null } },
    ]);
    expect(spans).toMatchObject([
      {
        spanId: "root",
        attributes: { a: 1, c: 3 },
        events: [{ name: "line", timeMs: baseMs + 4, attributes: { text: "x" } }],
        links: [{ spanId: "other", traceId: "t2" }],
        output: "Hello",
        input: "New prompt",
      },
    ]);
    expect(spans[0]).not.toHaveProperty("cost");
    expect(metadata).toEqual({ title: "T" });
  });

  it("puts what happened to the session on its root span", () => {
    const { spans } = fold([
      root,
      { t: "clock-jump", byMs: -3000 },
      { t: "dropped", count: 7, reason: "disk" },
      { t: "heartbeat" },
      { t: "crash", reason: "SIGTERM" },
    ]);
    expect(spans[0]?.events).toEqual([
      { name: "tracekeeper.clock-jump", timeMs: baseMs + 2, attributes: { byMs: -3000, incarnation: 1 } },
      { name: "tracekeeper.dropped", timeMs: baseMs + 3, attributes: { count: 7, reason: "disk", incarnation: 1 } },
      { name: "tracekeeper.crash", timeMs: baseMs + 5, attributes: { reason: "SIGTERM", incarnation: 1 } },
    ]);
  });

  it("opens a span again that a later record begins, and keeps its start", () => {
    const first = fold([
      root,
      { t: "end", id: "root", set: { status: "error", statusMessage: "x", output: "o" } },
    ]).spans;
    const again = fold([{ t: "begin", span: { spanId: "root" } }], first).spans;
    expect(render(again)).toEqual(['ses/1 1- ok "o"']);
    expect(render(first)).toEqual(['ses/1 1-2 error x "o"']);
  });

  it("does not change the spans that it was given", () => {
    const base = fold([
      root,
      { t: "event", id: "root", event: { name: "e" } },
      { t: "link", id: "root", link: { spanId: "l" } },
    ]).spans;
    const before = structuredClone(base);
    const more: JournalRecord[] = [
      { t: "event", id: "root", event: { name: "f" } },
      { t: "link", id: "root", link: { spanId: "m" } },
      { t: "text", id: "root", text: "x" },
      { t: "end", id: "root" },
    ];
    const begins: JournalRecord[] = [
      { t: "begin", span: { spanId: "root" } },
      { t: "span", span: { spanId: "root" } },
    ];
    for (const records of [more, ...begins.map((begin) => [begin, ...more])]) {
      fold(records, base);
      expect(base).toEqual(before);
    }
  });

  it("puts down a span whose beginning is lost with what its other records say", () => {
    const { spans } = fold([
      root,
      { t: "text", id: "gone", text: "hi" },
      { t: "end", id: "gone", set: { status: "error" } },
    ]);
    expect(spans[1]).toMatchObject({
      spanId: "gone",
      name: beginLost,
      startTime: Number.NaN,
      endTime: baseMs + 3,
      status: "error",
      output: "hi",
    });
  });

  it("takes a beginning that arrives late without opening what has ended", () => {
    const { records } = readJournal(
      journalOf([
        root,
        beginTool("a"),
        { t: "end", id: "a", set: { output: 1, name: "renamed" } },
        beginTool("b"),
        { t: "end", id: "b" },
      ]),
      "s.1.journal.ndjson",
    );
    const problems = new ProblemList();
    const folded = new JournalFold([], {}, { problems });
    for (const index of [0, 2, 4, 1, 3]) {
      const entry = records[index];
      if (entry) folded.apply(entry);
    }
    expect(render(folded.spans)).toEqual(["ses/1 1- ok", "renamed 2-3 ok 1", "bash 4-5 ok"]);
    expect(folded.spans[1]).toMatchObject({ input: { command: "a" }, kind: "tool", parentSpanId: "root" });
  });

  it("keeps what a later end said when an earlier one arrives late", () => {
    const end = (output: string): JournalRecord => ({ t: "end", id: "a", set: { output } });
    const { records } = readJournal(journalOf([beginTool("a"), end("early"), end("later")]), "s.1.journal.ndjson");
    const folded = new JournalFold([], {}, { problems: new ProblemList() });
    for (const index of [0, 2, 1]) {
      const entry = records[index];
      if (entry) folded.apply(entry);
    }
    expect(render(folded.spans)).toEqual(['bash 1-3 ok "later"']);
  });

  it("mends a span that is not sound and says so", () => {
    const { spans, problems } = fold([
      {
        t: "begin",
        span: { spanId: "a", parentSpanId: null, name: 5, kind: "weird", status: "ok" },
      } as unknown as JournalRecord,
      { t: "end", id: "a", set: { cost: "much" } } as unknown as JournalRecord,
    ]);
    expect(spans.every(isSoundSpan)).toBe(true);
    expect(problems.length).toBeGreaterThan(0);
  });

  it.each(["name", "kind", "status", "startTime"])("keeps a span sound whose %s a record takes away", (field) => {
    const { spans, problems } = fold([
      root,
      { t: "set", id: "root", set: { [field]: null } },
      { t: "end", id: "root" },
    ]);
    expect(spans.map(({ startTime, ...span }) => isSoundSpan({ ...span, startTime: startTime || 1 }))).toEqual([true]);
    expect(problems).toHaveLength(1);
  });

  it("replaces what a damaged snapshot had under an id by what the journal says of it", () => {
    const base: TraceSpan[] = [
      {
        spanId: "root",
        parentSpanId: null,
        name: "old",
        kind: "session",
        startTime: 1,
        status: "ok",
        events: [{ name: "e", timeMs: 1 }],
      },
      { spanId: "only-here", parentSpanId: "root", name: "kept", kind: "tool", startTime: 2, status: "ok" },
    ];
    const { spans } = fold([root, { t: "event", id: "root", event: { name: "e" } }], base, true);
    expect(spans).toMatchObject([{ name: "ses/1", events: [{ name: "e", timeMs: baseMs + 2 }] }, { name: "kept" }]);
  });

  it("ignores keys that would reach an object's prototype", () => {
    fold([root, JSON.parse('{"t":"set","id":"root","set":{"__proto__":{"polluted":1}}}')]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("agrees with a plain list of spans for any order of beginnings and ends", () => {
    const step = fc.record({ id: fc.constantFrom("a", "b", "c", "d"), isEnd: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const oracle = new Map<string, { start: number; end: number | undefined }>();
        const records: JournalRecord[] = [];
        for (const { id, isEnd } of steps) {
          const known = oracle.get(id);
          const seq = records.length + 1;
          if (isEnd) {
            if (!known) continue;
            records.push({ t: "end", id });
            known.end = seq;
          } else {
            records.push({ t: "begin", span: { spanId: id, parentSpanId: null, name: id, kind: "tool" } });
            if (known) known.end = undefined;
            else oracle.set(id, { start: seq, end: undefined });
          }
        }
        expect(render(fold(records).spans)).toEqual(
          [...oracle].map(([id, { start, end }]) => `${id} ${start}-${end ?? ""} ok`),
        );
      }),
    );
  });

  it("takes 100,000 events on one span without slowing down per event", () => {
    const folded = new JournalFold([], {}, { problems: new ProblemList() });
    const entry = (seq: number, record: JournalRecord) => ({
      seq,
      timeMs: seq,
      wallMs: seq,
      offsetBytes: 0,
      endBytes: 0,
      record,
    });
    folded.apply(entry(1, root));
    for (let seq = 2; seq < 100_002; seq++)
      folded.apply(entry(seq, { t: "event", id: "root", event: { name: "line" } }));
    expect(folded.spans[0]?.events?.length).toBe(100_000);
  });
});
