import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Problem } from "../../src/trace/problem";
import { readSnapshot } from "../../src/trace/readSnapshot";
import { type TraceFile, traceFileSchema, traceSpanSchema } from "../../src/trace/schema";
import { isSoundSpan } from "../../src/trace/soundSpan";
import { arbitrarySoundSpans, traceText } from "./arbitrarySpans";
import { renderTree } from "./renderTree";

const samples = join(import.meta.dirname, "../fixtures/trace-v2");
const sampleNames = readdirSync(samples).filter((name) => !name.endsWith(".md"));
const sample = (name: string) => Uint8Array.from(readFileSync(join(samples, name)));
const encode = (text: string) => new TextEncoder().encode(text);
const read = (value: unknown, fileName?: string) => readSnapshot(encode(JSON.stringify(value)), fileName);

function lines(problems: readonly Problem[]): string[] {
  return problems.map(
    ({ code, severity, offsetBytes, spanIndex, count, message }) =>
      `${severity} ${code}${offsetBytes === undefined ? "" : ` @${offsetBytes}`}${spanIndex === undefined ? "" : ` span ${spanIndex}`}${count === undefined ? "" : ` x${count}`}: ${message}`,
  );
}

/** What `traceFileSchema` says, with NaN start times, the one freedom taken, read as 0. */
function expectSound(trace: TraceFile): void {
  const spans = trace.spans.map((span) => (Number.isNaN(span.startTime) ? { ...span, startTime: 0 } : span));
  expect(traceFileSchema.safeParse({ ...trace, spans }).error?.issues).toBeUndefined();
}

describe("the samples", () => {
  const sound = sampleNames.filter((name) => name.endsWith(".json") && !name.includes("damaged"));

  it.each(sound)("reads %s as it is, without a problem", (name) => {
    const bytes = sample(name);
    const { trace, problems, truncated } = readSnapshot(bytes, name);
    expect(trace).toEqual(JSON.parse(new TextDecoder().decode(bytes)));
    expect({ problems, truncated }).toEqual({ problems: [], truncated: false });
    expectSound(trace!);
  });

  const damaged: readonly [string, number | undefined, string[]][] = [
    ["ses_damaged_empty.json", undefined, ["error empty-file @0: The file is empty"]],
    [
      "ses_damaged_truncated.json",
      35,
      [
        "error truncated @50972 span 34: The file ends too early, after 50,972 bytes, in the middle of a span, whose first fields are kept",
      ],
    ],
    [
      "ses_damaged_nul_tail.json",
      30,
      [
        "error nul-bytes @43690 span 29: The file ends too early: 4,096 NUL bytes from byte 43,690, in the middle of a span, whose first fields are kept",
      ],
    ],
    [
      "ses_live_refactor.json.tmp.1795167000000.k3x9qa",
      1,
      ["error truncated @1000: The file ends too early, after 1,000 bytes, within a span that is lost"],
    ],
  ];
  it.each(damaged)("reads %s as far as it is sound", (name, count, expected) => {
    const { trace, problems, truncated } = readSnapshot(sample(name), name);
    expect(trace?.spans.length).toBe(count);
    expect(lines(problems)).toEqual(expected);
    expect(truncated).toBe(true);
    if (trace === undefined) return;
    expectSound(trace);
    // All of them are parts of this file.
    const whole = readSnapshot(sample("ses_completed_tax_rounding.json")).trace!;
    expect(trace.spans.slice(0, -1)).toEqual(whole.spans.slice(0, trace.spans.length - 1));
    expect(whole.spans[trace.spans.length - 1]).toMatchObject(trace.spans.at(-1)!);
    expect({ ...trace, spans: [], summary: {} }).toEqual({ ...whole, spans: [], summary: {} });
  });

  it("builds the tree of a run that ended with an error", () => {
    expect(renderTree(readSnapshot(sample("ses_failed_dbt_build.json")).trace!.spans)).toBe(
      `
ses_failed_dbt_build session 0-32095 error
  user-message user-message 0-0
  generation-step-1 generation 2066-8841
    grep tool 8355-8565
    sql_execute tool 8355-8841
  generation-step-2 generation 11673-18038
    grep tool 16815-17476
    read tool 16815-17342
    bash tool 16822-16949
    glob tool 16829-17112
    read tool 16836-17648
    edit tool 16843-18066
  generation-step-3 generation 20714-26965
    bash tool 26244-26965
  generation-step-4 generation 28923-32095
    glob tool 30661-32095 error
    sql_execute tool 30661-30960
  dbt.parse span 31195-31995 error
`.trim(),
    );
  });

  it("builds the tree of a run that a signal ended", () => {
    const tree = renderTree(readSnapshot(sample("ses_crashed_migration.json")).trace!.spans);
    expect(tree.split("\n").filter((line) => !line.startsWith("    "))).toEqual([
      "ses_crashed_migration session 0-52554 error",
      "  generation-step-1 generation 2446-8392",
      "  generation-step-2 generation 10869-16111",
      "  generation-step-3 generation 17682-25116",
      "  generation-step-4 generation 27161-32716",
      "  generation-step-5 generation 36078-45488",
      "  generation-step-6 generation 46172-51654",
      "  generation-step-7 generation 51654-? open",
    ]);
  });

  it("builds the tree of what is left of a file that was cut", () => {
    const tree = renderTree(readSnapshot(sample("ses_damaged_truncated.json")).trace!.spans);
    expect(tree.split("\n").slice(-4)).toEqual([
      "    glob tool 45293-48664",
      "    read tool 45300-45761",
      "    sql_execute tool 45307-46942",
      "    grep tool 45314-48049",
    ]);
  });
});

describe("any prefix of a sample", () => {
  const prefixLengths = (name: string, length: number): number[] => {
    if (name === "ses_loop_same_call.json") return Array.from({ length }, (_, index) => index);
    const stride = Math.ceil(length / 150);
    const random = fc.sample(fc.integer({ min: 0, max: length - 1 }), { numRuns: 50, seed: 7 });
    return [...Array.from({ length: Math.floor(length / stride) }, (_, index) => index * stride), ...random];
  };

  it.each(sampleNames.filter((name) => !name.includes("empty")))("opens as far as it is sound: %s", (name) => {
    const bytes = sample(name);
    const whole = readSnapshot(bytes, name).trace!;
    const texts = whole.spans.map((span) => JSON.stringify(span));
    for (const length of prefixLengths(name, bytes.length)) {
      const { trace, problems, truncated } = readSnapshot(bytes.subarray(0, length), name);
      const spans = trace?.spans ?? [];
      // The last byte of these files is the last brace.
      expect(truncated, `${length} bytes`).toBe(true);
      expect(problems.length).toBeGreaterThan(0);
      for (const [index, span] of spans.slice(0, -1).entries()) {
        if (JSON.stringify(span) !== texts[index]) expect(span, `${length} bytes`).toEqual(whole.spans[index]);
      }
      // The schema takes longer than the reading; a part of the prefixes shows it as well.
      if (trace !== undefined && length % 16 === 0) expectSound(trace);
    }
  });
});

describe("what is no trace", () => {
  const cases: readonly [string, string, string[]][] = [
    ["a list", "[1]", ["error not-a-trace: The file is not a trace: it holds a list instead of an object with spans"]],
    ["a text", '"a"', ["error not-a-trace: The file is not a trace: it holds a text instead of an object with spans"]],
    ["null", "null", ["error not-a-trace: The file is not a trace: it holds null instead of an object with spans"]],
    ["another object", '{"name":"x"}', ["error not-a-trace: The file is not a trace: it has no list of spans"]],
    [
      "lines of JSON",
      '{"type":"user"}\n{"type":"assistant"}',
      [
        "warning trailing-bytes @16: The document ends at byte 15, and another document of 20 bytes follows, which is not read",
        "error not-a-trace: The file is not a trace: it has no list of spans",
      ],
    ],
    ["HTML", "<html>", ["error not-a-trace @0: The file is not JSON but HTML or XML"]],
    [
      "the first byte of a trace",
      "{",
      [
        "error truncated @1: The file ends too early, after 1 byte",
        "error not-a-trace: Nothing of a trace could be read from the file",
      ],
    ],
  ];
  it.each(cases)("names %s", (_name, text, expected) => {
    const { trace, problems } = readSnapshot(encode(text));
    expect(trace).toBeUndefined();
    expect(lines(problems)).toEqual(expected);
  });
});

const header = {
  version: 2,
  traceId: "t",
  sessionId: "s",
  startedAt: "2026-11-20T08:00:00.000Z",
  metadata: {},
  summary: {},
};
const soundSpan = { spanId: "a", parentSpanId: null, name: "x", kind: "tool", startTime: 5, status: "ok" };

describe("the parts around the spans", () => {
  const cases: readonly [string, object, object, string[]][] = [
    [
      "a newer version",
      { ...header, version: 3, spans: [soundSpan], later: { a: 1 } },
      { version: 2, later: { a: 1 }, "tracekeeper.version": 3 },
      [
        "warning newer-version: The trace has format version 3, and this Tracekeeper knows version 2; what it understands is shown, update Tracekeeper to see the rest",
      ],
    ],
    [
      "an older version",
      { ...header, version: 1, spans: [] },
      { version: 2, "tracekeeper.version": 1 },
      ["info invalid-field: The trace has format version 1; it is read as version 2"],
    ],
    [
      "spans and nothing else",
      { spans: [soundSpan] },
      { sessionId: "ses_x", traceId: "ses_x", startedAt: "1970-01-01T00:00:00.005Z", metadata: {}, summary: {} },
      [
        "info invalid-field: The trace names no format version; it is read as version 2",
        'warning invalid-field: The trace has no sessionId; "ses_x" is used',
        'warning invalid-field: The trace has no traceId; "ses_x" is used',
        "warning invalid-field: The trace does not say when it started; the start of its earliest span is used",
      ],
    ],
    ["a trace without spans", header, { spans: [] }, ["error invalid-field: The trace has no list of spans"]],
    [
      "fields of metadata and summary that do not fit",
      {
        ...header,
        spans: [],
        endedAt: 1_795_167_000_000,
        metadata: { title: 5, agent: "build", tags: ["a", 1], more: [1], prompt: null },
        summary: { totalTokens: "12", totalCost: "much", status: "done", duration: 3, narrative: "n" },
      },
      {
        endedAt: "2026-11-20T08:10:00.000Z".replace(
          "2026-11-20T08:10:00.000Z",
          new Date(1_795_167_000_000).toISOString(),
        ),
        metadata: { agent: "build", more: [1], "tracekeeper.title": 5, "tracekeeper.tags": ["a", 1] },
        summary: {
          totalTokens: 12,
          duration: 3,
          narrative: "n",
          "tracekeeper.totalCost": "much",
          "tracekeeper.status": "done",
        },
      },
      [
        "warning invalid-field: The field metadata.title of the trace does not fit; it is kept as metadata.tracekeeper.title",
        "warning invalid-field: The field metadata.tags of the trace does not fit; it is kept as metadata.tracekeeper.tags",
        "warning invalid-field: The field summary.totalCost of the trace does not fit; it is kept as summary.tracekeeper.totalCost",
        "warning invalid-field: The field summary.status of the trace does not fit; it is kept as summary.tracekeeper.status",
      ],
    ],
    [
      "a writer that lacks what makes it one",
      { ...header, spans: [], metadata: "none", writer: { host: "h" } },
      { metadata: {}, "tracekeeper.metadata": "none", "tracekeeper.writer": { host: "h" } },
      [
        "warning invalid-field: The field metadata of the trace is a text instead of an object",
        "warning invalid-field: The field writer of the trace lacks instance, incarnation, seq, offsetBytes; it is not used",
      ],
    ],
    [
      "spans under a damaged key",
      { ...header, spbns: [soundSpan] },
      { spans: [soundSpan] },
      ['warning invalid-field: The spans stand under "spbns" and are read from there'],
    ],
  ];
  it.each(cases)("reads %s", (_name, value, expected, problems) => {
    const result = read(value, "ses_x.json");
    expect(result.trace).toMatchObject(expected);
    expect(lines(result.problems)).toEqual(problems);
    expectSound(result.trace!);
    for (const field of ["metadata", "summary"] as const) {
      if (field in expected) expect(result.trace![field]).toEqual((expected as TraceFile)[field]);
    }
  });
});

describe("spans that are not as they should be", () => {
  const cases: readonly [string, object, object, string[]][] = [
    [
      "numbers as texts",
      {
        startTime: "1795167000000",
        endTime: "1795167000001.5",
        cost: "0.5",
        tokens: { input: "3" },
        tool: { durationMs: "7" },
      },
      { startTime: 1795167000000, endTime: 1795167000001.5, cost: 0.5, tokens: { input: 3 }, tool: { durationMs: 7 } },
      [],
    ],
    ["dates as times", { startTime: "2026-11-20T08:00:00Z" }, { startTime: Date.UTC(2026, 10, 20, 8) }, []],
    ["null for nothing", { endTime: null, tokens: null, model: null, parentSpanId: "" }, { parentSpanId: null }, []],
    [
      "an unknown kind",
      { kind: "llm", attributes: { a: 1 } },
      { kind: "span", attributes: { a: 1, "tracekeeper.kind": "llm" } },
      ['info invalid-field span 1: A span\'s kind is "llm", which trace v2 does not know; read as "span"'],
    ],
    [
      "an unknown status",
      { status: "unset" },
      { status: "ok", attributes: { "tracekeeper.status": "unset" } },
      ['warning invalid-field span 1: A span\'s status is "unset" instead of "ok" or "error"; read as "ok"'],
    ],
    [
      "a missing id",
      { spanId: undefined },
      { spanId: "missing-1" },
      ["error invalid-span span 1: A span has no id; its children can't be told"],
    ],
    [
      "ids that are numbers",
      { spanId: 7, parentSpanId: 6 },
      { spanId: "7", parentSpanId: "6" },
      [
        "info invalid-field span 1: The span id is a number; it is read as text",
        "info invalid-field span 1: The id of the parent is a number; it is read as text",
      ],
    ],
    [
      "a parent that is no id",
      { parentSpanId: { id: 1 } },
      { parentSpanId: null, attributes: { "tracekeeper.parentSpanId": { id: 1 } } },
      ["warning invalid-field span 1: A span does not say what its parent is; it is shown at the top"],
    ],
    [
      "no start time",
      { startTime: undefined, endTime: 9 },
      { startTime: Number.NaN, endTime: 9 },
      ["warning invalid-field span 1: A span has no start time; it is drawn at its parent's start"],
    ],
    [
      "times before the epoch",
      { startTime: -1, endTime: -2 },
      { startTime: Number.NaN, attributes: { "tracekeeper.startTime": -1, "tracekeeper.endTime": -2 } },
      [
        "warning impossible-time span 1: A span's start time is impossible; it is drawn at its parent's start",
        "warning impossible-time span 1: A span's end time is impossible; its end is drawn at its start",
      ],
    ],
    [
      "times that no date can hold",
      { startTime: 1e300, endTime: 8.64e15 + 1 },
      { startTime: Number.NaN, attributes: { "tracekeeper.startTime": 1e300, "tracekeeper.endTime": 8.64e15 + 1 } },
      [
        "warning impossible-time span 1: A span's start time is impossible; it is drawn at its parent's start",
        "warning impossible-time span 1: A span's end time is impossible; its end is drawn at its start",
      ],
    ],
    [
      "an end that is no time, which is an end all the same",
      { endTime: "later" },
      { startTime: 5, endTime: 5, attributes: { "tracekeeper.endTime": "later" } },
      ["warning impossible-time span 1: A span's end time is impossible; its end is drawn at its start"],
    ],
    [
      "fields of the wrong type",
      { statusMessage: 404, interrupted: "yes", model: "gpt", tool: "bash", attributes: [1], tokens: { input: {} } },
      {
        statusMessage: "404",
        model: { modelId: "gpt" },
        tokens: {},
        attributes: {
          "tracekeeper.interrupted": "yes",
          "tracekeeper.tool": "bash",
          "tracekeeper.attributes": [1],
          "tracekeeper.tokens.input": {},
        },
      },
      [
        "info invalid-field span 1: The field statusMessage of a span is not a text; it is read as one",
        "warning invalid-field span 1: The field interrupted of a span is a text, which does not fit; it is kept as the attribute tracekeeper.interrupted",
        "warning invalid-field span 1: The field tokens.input of a span is an object instead of a number",
        "warning invalid-field span 1: The field tool of a span is a text, which does not fit; it is kept as the attribute tracekeeper.tool",
      ],
    ],
    [
      "events and links of which some are sound",
      { events: [{ name: "e", timeMs: 1 }, { name: 5 }], links: [{ spanId: "b" }, null] },
      {
        events: [{ name: "e", timeMs: 1 }],
        links: [{ spanId: "b" }],
        attributes: {
          "tracekeeper.events": [{ name: "e", timeMs: 1 }, { name: 5 }],
          "tracekeeper.links": [{ spanId: "b" }, null],
        },
      },
      [
        "warning invalid-field span 1: The field events of a span is a list, which does not fit; it is kept as the attribute tracekeeper.events",
        "warning invalid-field span 1: The field links of a span is a list, which does not fit; it is kept as the attribute tracekeeper.links",
      ],
    ],
  ];
  it.each(cases)("reads %s", (_name, change, expected, problems) => {
    const { trace, problems: found } = read({
      ...header,
      spans: [soundSpan, { ...soundSpan, spanId: "b", ...change }],
    });
    expectSound(trace!);
    const span: Record<string, unknown> = { ...soundSpan, spanId: "b", ...expected };
    expect(trace!.spans[1]).toEqual(span);
    expect(lines(found)).toEqual(problems);
  });

  it("shows what is no span in its place and leaves out what is nothing", () => {
    const { trace, problems } = read({
      ...header,
      spans: [null, soundSpan, "text", {}, [1], { ...soundSpan, spanId: "z" }],
    });
    expect(trace!.spans.map(({ spanId, name, attributes }) => [spanId, name, attributes])).toEqual([
      ["a", "x", undefined],
      ["missing-1", "(not a span)", { "tracekeeper.value": "text" }],
      ["missing-2", "(not a span)", { "tracekeeper.value": [1] }],
      ["z", "x", undefined],
    ]);
    expect(lines(problems)).toEqual([
      "warning invalid-span x2: An empty entry in the list of spans was left out",
      "error invalid-span span 1 x2: In place of a span there is a text; it is shown as a span without a time",
    ]);
  });

  it("makes ids that no span has", () => {
    const spans = [
      { ...soundSpan, spanId: "missing-1" },
      { ...soundSpan, spanId: "" },
    ];
    expect(read({ ...header, spans }).trace!.spans.map(({ spanId }) => spanId)).toEqual(["missing-1", "missing-1-"]);
  });

  it("counts equal problems together", () => {
    const spans = Array.from({ length: 5000 }, (_, index) => ({
      ...soundSpan,
      spanId: `s${index}`,
      kind: "llm",
      status: 5,
    }));
    const { problems } = read({ ...header, spans });
    expect(problems.map(({ count, spanIndex }) => [count, spanIndex])).toEqual([
      [5000, 0],
      [5000, 0],
    ]);
  });

  it("bounds the list of problems whatever the values are", () => {
    const spans = Array.from({ length: 5000 }, (_, index) => ({
      ...soundSpan,
      spanId: `s${index}`,
      kind: `k${index}`,
    }));
    const { problems } = read({ ...header, spans });
    expect(problems.length).toBeLessThanOrEqual(201);
    expect(problems.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(5000);
  });

  it("keeps unknown fields on every level", () => {
    const value = {
      ...header,
      metadata: { title: "T", x: 1 },
      summary: { tokens: { input: 1, x: 1 }, x: 1 },
      spans: [{ ...soundSpan, x: { y: 1 }, model: { modelId: "m", x: 1 }, tokens: { x: "1" }, tool: { x: 1 } }],
      x: [1],
    };
    const { trace, problems } = read(value);
    expect(trace).toEqual(value);
    expect(problems).toEqual([]);
  });

  it("accepts exactly the spans that the schema accepts", () => {
    const wrong = fc.constantFrom(undefined, null, "", "text", 5, true, [], {}, [5], { name: 5 });
    const fields = [
      "spanId",
      "parentSpanId",
      "name",
      "kind",
      "startTime",
      "endTime",
      "status",
      "statusMessage",
      "interrupted",
    ];
    const more = [
      "model",
      "finishReason",
      "tokens",
      "cost",
      "tool",
      "input",
      "output",
      "attributes",
      "events",
      "links",
    ];
    const inner = fc.constantFrom(
      { model: { modelId: 5 } },
      { model: { variant: "v", x: 1 } },
      { tokens: { input: 1, total: "2" } },
      { tokens: { reasoning: 1 } },
      { tool: { callId: 5 } },
      { tool: { durationMs: 5 } },
      { events: [{ name: "e", timeMs: 1, attributes: {} }] },
      { events: [{ name: "e", timeMs: 1, attributes: [] }] },
      { events: [{ name: "e", timeMs: "1" }] },
      { events: [{ timeMs: 1 }] },
      { links: [{ spanId: "s", traceId: null }] },
      { links: [{ spanId: "s" }] },
      { startTime: Number.NaN },
      { endTime: Number.POSITIVE_INFINITY },
      {},
    );
    const change = fc.dictionary(fc.constantFrom(...fields, ...more), wrong, { maxKeys: 3, noNullPrototype: true });
    fc.assert(
      fc.property(change, inner, (changed, part) => {
        const value = { ...soundSpan, ...part, ...changed };
        expect(isSoundSpan(value)).toBe(traceSpanSchema.safeParse(value).success);
      }),
      { numRuns: 2000 },
    );
  });

  it("makes a sound trace of any JSON under a trace's keys, and keeps every span that holds something", () => {
    const json = fc.jsonValue({ maxDepth: 2 });
    const span = fc.oneof(
      json,
      fc.dictionary(fc.constantFrom(...Object.keys(traceSpanSchema.shape), "x"), json, { noNullPrototype: true }),
    );
    const arbitrary = fc.record(
      {
        version: json,
        traceId: json,
        sessionId: json,
        startedAt: json,
        endedAt: json,
        metadata: json,
        summary: json,
        writer: json,
        spans: fc.array(span, { maxLength: 5 }),
      },
      { requiredKeys: ["spans"], noNullPrototype: true },
    );
    const isNothing = (value: unknown) =>
      value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
    fc.assert(
      fc.property(arbitrary, (value) => {
        const { trace } = read(value);
        expectSound(trace!);
        const list = value.spans.flatMap((entry) =>
          Array.isArray(entry) &&
          entry.some((inner) => typeof (inner as { spanId?: unknown } | null)?.spanId === "string")
            ? (entry as unknown[])
            : [entry],
        );
        expect(trace!.spans.length).toBe(list.filter((entry) => !isNothing(entry)).length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("marks of the producer", () => {
  it("tells how many spans were left out", () => {
    const elided = {
      ...soundSpan,
      spanId: "e",
      kind: "span",
      name: "elided-1500-3500-of-5600",
      attributes: { elided: 600, totalSpans: 5600 },
    };
    expect(lines(read({ ...header, spans: [soundSpan, elided] }).problems)).toEqual([
      "warning elided-spans span 1: 5,000 of 5,600 spans: 600 were left out by the producer",
    ]);
    const other = { ...elided, attributes: {} };
    expect(read({ ...header, spans: [soundSpan, other] }).problems).toEqual([]);
  });

  it("counts texts that end where that recorder cuts, but not in a trace of ours", () => {
    const cut = { ...soundSpan, output: "x".repeat(10_000) };
    const message = { ...soundSpan, spanId: "m", kind: "user-message", input: "x".repeat(4_000) };
    const spans = [soundSpan, cut, { ...cut, spanId: "c" }, message, { ...cut, output: "x".repeat(10_001) }];
    expect(lines(read({ ...header, spans }).problems)).toEqual([
      "info cut-output span 1 x2: An output was cut by its producer at 10,000 characters",
      "info cut-output span 3: A user's message was cut by its producer at 4,000 characters",
    ]);
    const writer = { instance: "i", incarnation: 1, seq: 0, offsetBytes: 0 };
    expect(read({ ...header, spans, writer }).problems).toEqual([]);
  });

  it("tells of each text that our recorder has cut how long it was", () => {
    const cut = { ...soundSpan, output: "x", attributes: { "tracekeeper.cut": { output: 5_000_000, input: "?" } } };
    const writer = { instance: "i", incarnation: 1, seq: 0, offsetBytes: 0 };
    expect(lines(read({ ...header, spans: [cut], writer }).problems)).toEqual([
      "info cut-output span 0: The output of a step was cut; it had 5,000,000 characters",
    ]);
  });
});

describe("damage", () => {
  it("opens any file with one changed byte and loses at most one span", () => {
    const bytes = sample("ses_completed_tax_rounding.json");
    const compact = encode(JSON.stringify(JSON.parse(new TextDecoder().decode(bytes))));
    fc.assert(
      fc.property(fc.constantFrom(bytes, compact), fc.nat(), fc.integer({ min: 0, max: 255 }), (file, place, byte) => {
        const flipped = file.slice();
        flipped[place % file.length] = byte;
        const { trace } = readSnapshot(flipped, "ses_completed_tax_rounding.json");
        const whole = readSnapshot(file).trace!;
        const read = new Set(trace!.spans.map((span) => JSON.stringify(span)));
        expect(whole.spans.filter((span) => !read.has(JSON.stringify(span))).length).toBeLessThanOrEqual(1);
        expect(trace!.spans.length).toBeLessThanOrEqual(whole.spans.length);
        expectSound(trace!);
      }),
      { numRuns: 200 },
    );
  });

  it("loses through a run of garbage no span that it does not touch", () => {
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        arbitrarySoundSpans,
        fc.constantFrom(undefined, 2),
        fc.nat(),
        garbage,
        (spans, indent, place, run) => {
          const text = traceText(spans, indent);
          const bytes = encode(text);
          const from = place % (bytes.length - run.length);
          const to = from + run.length;
          bytes.set(run, from);
          const { trace, problems } = readSnapshot(bytes, "ses_1.json");
          if (trace !== undefined) expectSound(trace);
          else expect(problems).not.toEqual([]);
          const read = new Set(trace?.spans.map((span) => JSON.stringify(span)));
          let end = 0;
          for (const span of (JSON.parse(text) as TraceFile).spans) {
            const spanText = JSON.stringify(span, undefined, indent).replaceAll("\n", "\n    ");
            const start = text.indexOf(spanText, end);
            end = start + spanText.length;
            const touched = encode(text.slice(0, start)).length <= to && encode(text.slice(0, end)).length >= from;
            if (!touched) expect(read).toContain(JSON.stringify(span));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
