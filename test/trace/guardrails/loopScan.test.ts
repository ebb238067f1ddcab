import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finish } from "../../../src/base/steps";
import { buildColumns } from "../../../src/trace/buildColumns";
import { describeSpan } from "../../../src/trace/describeSpan";
import { compareValue, outcomeOfValue } from "../../../src/trace/guardrails/comparedAction";
import type { LoopRows } from "../../../src/trace/guardrails/foundLoops";
import { defaultGuardrails, type GuardrailSettings } from "../../../src/trace/guardrails/guardrail";
import { LaneWatch } from "../../../src/trace/guardrails/laneWatch";
import { LoopPatterns } from "../../../src/trace/guardrails/loopPatterns";
import { LoopScan } from "../../../src/trace/guardrails/loopScan";
import type { TraceSpan } from "../../../src/trace/schema";
import type { SpanColumns } from "../../../src/trace/spanColumns";
import { type SpanSource, spansInMemory } from "../../../src/trace/spanSource";
import { traceText } from "../arbitrarySpans";
import { scannedOf } from "../scannedFiles";

/** `bash:npm ci!` fails; `bash:look=x` has the output x; `>2` hangs below row 2. Each row ends after the one before. */
function spansOf(text: string): TraceSpan[] {
  return text.split(" | ").map((written, row) => {
    const [, call = "", parent] = /^(.*?)(?:>(\d+))?$/.exec(written) ?? [];
    const [kind = "", what = ""] = call.split(":");
    const [command = "", output] = what.replace("!", "").split("=");
    const isTool = kind === "bash" || kind === "task";
    return {
      spanId: `s${row}`,
      parentSpanId: parent === undefined ? null : `s${parent}`,
      name: kind,
      kind: isTool ? "tool" : kind === "session" ? "session" : kind === "model" ? "generation" : "span",
      startTime: 1_000 + row,
      endTime: kind === "open" ? undefined : 1_001 + row,
      status: what.endsWith("!") ? "error" : "ok",
      ...(isTool ? { input: { command } } : {}),
      ...(output === undefined ? {} : { output }),
    } as TraceSpan;
  });
}

/** Of spans that are objects, and of the same in a file. */
function loopsOf(spans: readonly TraceSpan[], settings = defaultGuardrails): LoopRows[] {
  const inMemory = scannedLoops(spansInMemory(spans), buildColumns(spans, describeSpan).columns, settings);
  const file = scannedOf(new TextEncoder().encode(traceText(spans)));
  expect(scannedLoops(file.spans, file.columns, settings)).toEqual(inMemory);
  return inMemory;
}

function scannedLoops(source: SpanSource, columns: SpanColumns, settings: GuardrailSettings): LoopRows[] {
  const scan = new LoopScan(source, columns, settings);
  expect(finish(scan.take(source, columns, []))).toBe(true);
  return inOrder(scan.loops);
}

function inOrder(loops: readonly LoopRows[]): LoopRows[] {
  return loops.toSorted((a, b) => (a.rows[0] ?? 0) - (b.rows[0] ?? 0) || a.pattern.localeCompare(b.pattern));
}

const told = (text: string) =>
  loopsOf(spansOf(text)).map(({ pattern, count, rows }) => `${pattern} ${count}: ${rows.join(" ")}`);
const many = (text: string, times: number) => Array<string>(times).fill(text).join(" | ");

describe("the loops of a trace", () => {
  it.each<[string, string, string[]]>([
    ["are calls with the same result, again and again", `session:x | ${many("bash:ls=a>0", 4)}`, ["repeat 4: 1 2 3 4"]],
    ["are failures, which are told once", `session:x | ${many("bash:npm ci!>0", 8)}`, ["repeat 8: 1 2 3 4 5 6 7 8"]],
    ["are not two calls", `session:x | ${many("bash:ls=a>0", 2)}`, []],
    ["are no polling whose results differ", "session:x | bash:ps=1>0 | bash:ps=2>0 | bash:ps=3>0 | bash:ps=4>0", []],
    ["are no polling that waits", `session:x | ${many("bash:sleep 5>0 | bash:ps=1>0", 6)}`, []],
    [
      "are no checks after changes",
      "session:x | bash:tsc=>0 | bash:e1>0 | bash:tsc=>0 | bash:e2>0 | bash:tsc=>0 | bash:e3>0 | bash:tsc=>0",
      [],
    ],
    [
      "are cycles, without the repeats that these are made of",
      `session:x | ${many("bash:a=1>0 | bash:b=1>0", 4)}`,
      ["cycle 4: 1 2 3 4 5 6 7 8"],
    ],
    [
      "are long circles with nothing new",
      `session:x | ${many("bash:a>0 | bash:b>0 | bash:c>0 | bash:d>0 | bash:e>0 | bash:f>0", 3)}`,
      ["revisit 3: 1 7 13 2 8 14 3 9 15 4 10 16 5 11 17 6 12 18"],
    ],
    [
      "are found through the turns of a model",
      `session:x | ${many("bash:ls=a>0", 1)} | model:m>0 | bash:ls=a>2 | model:m>0 | bash:ls=a>4`,
      ["repeat 3: 1 3 5"],
    ],
    [
      "are not what agents do beside each other",
      "session:x | task:1>0 | task:2>0 | task:3>0 | bash:cat=a>1 | bash:cat=a>2 | bash:cat=a>3",
      [],
    ],
    [
      "are not what spans that are agents do beside each other",
      "session:x | agent:1>0 | agent:2>0 | agent:3>0 | bash:cat=a>1 | bash:cat=a>2 | bash:cat=a>3",
      [],
    ],
    [
      "are failures one after the other, whatever failed",
      "session:x | bash:a!>0 | bash:b!>0 | bash:c!>0 | bash:d!>0 | bash:e!>0 | bash:f!>0 | bash:g>0",
      ["consecutive-errors 6: 1 2 3 4 5 6"],
    ],
    [
      "are named apart from other failures around them",
      `session:x | bash:a!>0 | ${many("bash:b!>0", 4)}`,
      ["consecutive-errors 5: 1 2 3 4 5", "repeat 4: 2 3 4 5"],
    ],
  ])("%s", (_, text, expected) => {
    expect(told(text)).toEqual(expected);
  });

  it("are no calls of which nobody tells what they did, and are those whose arguments stand among the attributes", () => {
    const spans = spansOf(`session:x | ${many("bash:ls=a>0", 8)}`);
    const changed = (change: (span: TraceSpan) => object) =>
      loopsOf(spans.map((span, row) => (row === 0 ? span : ({ ...span, ...change(span) } as TraceSpan))));
    for (const input of [undefined, null, ""]) expect(changed(() => ({ input }))).toEqual([]);
    // Failures count all the same.
    expect(changed(() => ({ input: undefined, status: "error" })).map(({ pattern }) => pattern)).toEqual([
      "consecutive-errors",
    ]);
    const attributes = { "gen_ai.tool.call.arguments": '{"command":"ls"}' };
    expect(changed(() => ({ input: undefined, attributes })).map(({ count }) => count)).toEqual([8]);
    // A tool that takes no arguments is called without any.
    expect(changed(() => ({ input: {} })).map(({ count }) => count)).toEqual([8]);
    expect(changed(() => ({ name: "elided-1-2-of-9", attributes: { elided: 2, totalSpans: 9 } }))).toEqual([]);
  });

  it("leave out what has not ended, and what was interrupted", () => {
    const spans = spansOf(`session:x | ${many("bash:ls=a>0", 4)}`);
    const cut = spans.map((span, row) => (row === 1 ? { ...span, interrupted: true } : span)) as TraceSpan[];
    delete (cut[4] as { endTime?: number }).endTime;
    expect(loopsOf(cut)).toEqual([]);
  });

  it("hold at most 10,000 rows each, and count all", () => {
    const [loop] = loopsOf(spansOf(`session:x | ${many("bash:ls=a>0", 12_000)}`));
    expect(loop?.count).toBe(12_000);
    expect(loop?.rows).toHaveLength(10_000);
  });
});

const step = fc.constantFrom(
  "bash:a=1",
  "bash:b=1",
  "bash:b=2",
  "bash:c!",
  "bash:sleep 3",
  "bash:sleep 1; d=1",
  "bash:e",
);
const steps = fc
  .array(fc.tuple(fc.array(step, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 4 })), { maxLength: 8 })
  .map((parts) => parts.flatMap(([round, times]) => Array.from({ length: times }, () => round).flat()));

describe("a scan", () => {
  it("says of rows that it takes in pieces what it says of the whole", () => {
    fc.assert(
      fc.property(steps, fc.array(fc.integer({ min: 1, max: 10 })), (list, pieces) => {
        const spans = spansOf(["session:x", ...list.map((text) => `${text}>0`)].join(" | "));
        const whole = loopsOf(spans);
        const columns = () => buildColumns(spans.slice(0, count), describeSpan).columns;
        let count = 1;
        const scan = new LoopScan(spansInMemory(spans.slice(0, 1)), columns(), defaultGuardrails);
        for (const piece of [...pieces, spans.length]) {
          count = Math.min(spans.length, count + piece);
          expect(finish(scan.take(spansInMemory(spans.slice(0, count)), columns(), []))).toBe(true);
        }
        expect(inOrder(scan.loops)).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  it("asks to begin anew where a row that it took is another one, or one ends before it", () => {
    const spans = spansOf("session:x | bash:a>0 | bash:b>0");
    const source = spansInMemory(spans);
    const { columns } = buildColumns(spans, describeSpan);
    const scan = new LoopScan(source, columns, defaultGuardrails);
    finish(scan.take(source, columns, []));
    expect(finish(scan.take(source, columns, [1, 2]))).toBe(true);
    columns.status[1] = 1;
    expect(finish(scan.take(source, columns, [1]))).toBe(false);
    columns.status[1] = 0;
    const more = [...spans, { ...spans[2], spanId: "late", endTime: 5 } as TraceSpan];
    expect(finish(scan.take(spansInMemory(more), buildColumns(more, describeSpan).columns, []))).toBe(false);
  });

  it("takes a row that was open when it came as soon as it has ended", () => {
    const spans = spansOf(`session:x | ${many("bash:ls=a>0", 3)}`);
    const open = spans.map((span, row) =>
      row === 3 ? ({ ...span, endTime: undefined } as unknown as TraceSpan) : span,
    );
    const before = buildColumns(open, describeSpan).columns;
    const scan = new LoopScan(spansInMemory(open), before, defaultGuardrails);
    finish(scan.take(spansInMemory(open), before, []));
    expect(scan.loops).toEqual([]);
    finish(scan.take(spansInMemory(spans), buildColumns(spans, describeSpan).columns, [3]));
    expect(scan.loops.map(({ count }) => count)).toEqual([3]);
  });

  it("reads of actions that are like no other neither input nor result", () => {
    const spans = spansOf(["session:x", ...Array.from({ length: 500 }, (_, row) => `bash:cat ${row}=a>0`)].join(" | "));
    const source = spansInMemory(spans);
    let reads = 0;
    const counted = {
      ...source,
      fieldAt: (row: number, field: "input") => {
        reads++;
        return source.fieldAt(row, field);
      },
    };
    const { columns } = buildColumns(spans, describeSpan);
    finish(new LoopScan(source, columns, defaultGuardrails).take(counted, columns, []));
    expect(reads).toBe(0);
  });
});

describe("the watch over an agent", () => {
  it("finds what the patterns find that are told everything, though it reads actions only when others are like them", () => {
    const call = fc.record({
      key: fc.constantFrom("a", "b", "c", "d"),
      output: fc.constantFrom("1", "1", "2"),
      isHinted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const patterns = new LoopPatterns(defaultGuardrails);
        const read = (row: number) => compareValue("t", calls[row]?.key);
        const outcome = (row: number) => outcomeOfValue(false, calls[row]?.output);
        const watch = new LaneWatch(defaultGuardrails);
        const reader = {
          // Hints may be missing, and those of different actions may be the same.
          hintOf: (row: number) => (calls[row]?.key === "d" || calls[row]?.key === "c" ? "cd" : calls[row]?.key),
          mayWait: () => false,
          read,
          outcomeOf: outcome,
          isFailed: () => false,
        };
        for (let row = 0; row < calls.length; row++) {
          const expected = patterns.add({ ...read(row), index: row, outcome: outcome(row), isFailed: false }) ?? [];
          const plain = (signs: typeof expected) => signs.map(({ episode: _, ...sign }) => sign);
          expect(plain(watch.add(row, reader))).toEqual(plain(expected));
        }
      }),
      { numRuns: 500 },
    );
  });
});
