// Reading with pauses gives what reading in one go gives, and there are pauses enough.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finish, type Steps } from "../../src/base/steps";
import { buildColumns, columnsInSteps } from "../../src/trace/buildColumns";
import { failuresInSteps, findFailures } from "../../src/trace/failures";
import { LiveRows } from "../../src/trace/liveRows";
import { ProblemList } from "../../src/trace/problemList";
import { readSession, readSessionInSteps } from "../../src/trace/readSession";
import type { TraceSpan } from "../../src/trace/schema";
import { actionKeysOf } from "../../src/trace/spanActions";
import { FLAG } from "../../src/trace/spanColumns";
import { spansInMemory } from "../../src/trace/spanSource";
import { buildTree } from "../../src/trace/spanTree";
import { parseInSteps, parseTolerant } from "../../src/trace/tolerantJson";
import { summariseSpans, totalsInSteps } from "../../src/trace/traceSummary";
import { reportedUsage } from "../../src/trace/traceUsage";

const encode = (text: string) => new TextEncoder().encode(text);

function traceText(count: number): string {
  const spans = Array.from({ length: count }, (_, index) => ({
    spanId: `s${index}`,
    parentSpanId: index === 0 ? null : "s0",
    name: `step ${index % 7} “ü”`,
    kind: index === 0 ? "session" : "tool",
    startTime: 1_795_170_000_000 + index,
    endTime: 1_795_170_000_001 + index,
    status: index % 5 === 3 ? "error" : "ok",
    input: { command: `npm test -- ${index % 11}` },
  }));
  return JSON.stringify({ version: 2, traceId: "t", sessionId: "s", metadata: {}, spans, summary: {} });
}

function pausesOf(steps: Steps<unknown>): number {
  let pauses = 0;
  while (steps.next().done !== true) pauses++;
  return pauses;
}

describe("a file that is read with pauses", () => {
  it("is read as in one go, wherever it was cut or hit", () => {
    const sound = encode(traceText(6));
    fc.assert(
      fc.property(
        fc.nat(sound.length),
        fc.array(fc.record({ at: fc.nat(sound.length - 1), byte: fc.nat(255) }), { maxLength: 3 }),
        (length, hits) => {
          const bytes = sound.slice(0, length);
          for (const { at, byte } of hits) if (at < length) bytes[at] = byte;
          expect(finish(parseInSteps(bytes, 0))).toEqual(parseTolerant(bytes));
        },
      ),
      { numRuns: 600 },
    );
  });

  it.each<[string, (text: string) => Uint8Array]>([
    ["UTF-16", (text) => new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"))],
    ["UTF-8 with a mark", (text) => encode(`\ufeff${text}`)],
    ["not UTF-8", (text) => new Uint8Array(Buffer.from(text, "latin1"))],
  ])("is read as in one go in other encodings: %s", (_, encoded) => {
    const bytes = encoded(traceText(6));
    expect(finish(parseInSteps(bytes, 0))).toEqual(parseTolerant(bytes));
  });

  it("makes the same session", () => {
    const bytes = encode(traceText(9_000).slice(0, -100));
    const files = { safeId: "s", snapshot: { name: "s.json", bytes, mtimeMs: 1_795_180_000_000 }, journals: [] };
    expect(finish(readSessionInSteps(files, () => "unknown"))).toEqual(readSession(files, () => "unknown"));
  });

  it("pauses at least once for each megabyte and for some thousand spans", () => {
    const bytes = encode(traceText(40_000).slice(0, -100));
    expect(bytes.length).toBeGreaterThan(6_000_000);
    expect(pausesOf(parseInSteps(bytes))).toBeGreaterThan(bytes.length / 1_000_000);
    const spans = (JSON.parse(traceText(40_000)) as { spans: TraceSpan[] }).spans;
    expect(pausesOf(columnsInSteps(spans))).toBeGreaterThan(3 * 9);
  });
});

describe("rows that records are added to", () => {
  it("are taken in with a pause for some thousand of them, whatever is made of them", () => {
    const list = (JSON.parse(traceText(30_000)) as { spans: TraceSpan[] }).spans;
    const spans = spansInMemory(list);
    const { columns } = buildColumns(list);
    const usage = reportedUsage(list, columns.count);
    const summary = summariseSpans(list);
    expect(pausesOf(totalsInSteps(list))).toBe(7);
    const first = {
      spans,
      columns,
      usage,
      summary,
      metadata: {},
      latestEventMs: Number.NEGATIVE_INFINITY,
      hasTexts: true,
    };
    const options = { problems: new ProblemList(), replaceKnown: false, keysOf: actionKeysOf };
    // Forest, evidence, totals, output, starts and failures.
    expect(pausesOf(LiveRows.of(first, options))).toBeGreaterThan(6 * 7);
    const live = finish(LiveRows.of(first, options));
    const { depth, nextSibling } = live.tree;
    expect({ depth, nextSibling }).toEqual({
      depth: buildTree(columns).depth,
      nextSibling: buildTree(columns).nextSibling,
    });
    expect(live.totals.summary).toEqual(summary);
    expect(live.evidence.openSpans).toBe(0);
  });
});

describe("failures that are looked for with pauses", () => {
  const spans = (JSON.parse(traceText(30_000)) as { spans: TraceSpan[] }).spans;
  const keyOf = (row: number) => JSON.stringify(spans[row]?.input);
  const state = { status: "failed", reasons: [] } as const;

  it("are those of one go", () => {
    const [paused, whole] = [buildColumns(spans).columns, buildColumns(spans).columns];
    const found = finish(failuresInSteps(paused, buildTree(paused), keyOf, state));
    expect(found).toEqual(findFailures(whole, buildTree(whole), keyOf, state));
    expect(paused.flags).toEqual(whole.flags);
  });

  it("change no flag before the last pause, so that nobody sees half of them", () => {
    const { columns } = buildColumns(spans);
    const tree = buildTree(columns);
    findFailures(columns, tree, keyOf, { status: "completed", reasons: [] });
    const before = columns.flags.slice();
    const steps = failuresInSteps(columns, tree, keyOf, state);
    let pauses = 0;
    while (steps.next().done !== true) {
      pauses++;
      expect(columns.flags).toEqual(before);
    }
    expect(pauses).toBeGreaterThan(10);
    expect(columns.flags).not.toEqual(before);
    expect([...columns.flags].filter((flags) => (flags & FLAG.failingStep) !== 0)).toHaveLength(1);
  });
});
