import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finish } from "../../src/base/steps";
import { buildColumns } from "../../src/trace/buildColumns";
import { describeSpan } from "../../src/trace/describeSpan";
import { readSnapshot } from "../../src/trace/readSnapshot";
import { spansInMemory } from "../../src/trace/spanSource";
import { traceLoops } from "../../src/trace/traceLoops";
import { traceText } from "./arbitrarySpans";
import { scannedOf } from "./scannedFiles";
import { Entries, randomSource, writeJson } from "./scanWriter";

const encoder = new TextEncoder();
const values = fc.constantFrom<unknown>(
  "a",
  "b/c",
  "é\n",
  1,
  1.5,
  -0,
  0.1,
  12_345_678_901_234,
  1e21,
  true,
  null,
  [],
  ["a"],
);
const input = fc.oneof(
  { arbitrary: fc.record({ x: values, y: values }), weight: 3 },
  { arbitrary: fc.record({ x: fc.constantFrom("a", "b") }), weight: 3 },
  { arbitrary: fc.constantFrom<unknown>(undefined, null, "a", 1), weight: 2 },
);
const call = fc.record({
  name: fc.constantFrom("bash", "bash", "read"),
  kind: fc.constantFrom("tool", "tool", "tool", "tool", "span"),
  input,
  startTime: fc.integer({ min: 0, max: 60 }),
  output: fc.constantFrom<unknown>(undefined, undefined, undefined, undefined, "é/", { a: 1, b: 2 }),
  attributes: fc.constantFrom(undefined, undefined, { "tool.name": "bash" }),
});

describe("loops", () => {
  it("are the same whether the calls are scanned or objects, however their inputs are written", () => {
    let found = 0;
    const calls = fc.array(call, { minLength: 6, maxLength: 30, size: "max" });
    fc.assert(
      fc.property(calls, fc.integer(), fc.constantFrom(0, 0, 40, 700), (list, seed, escapes) => {
        const random = randomSource(seed);
        const spans = list.map(({ input: fields, attributes, output, ...rest }, row) => ({
          spanId: `s${row}`,
          parentSpanId: null,
          status: "ok",
          endTime: rest.startTime,
          ...rest,
          ...(attributes === undefined ? {} : { attributes }),
          ...(output === undefined ? {} : { output }),
          ...(fields === undefined ? {} : { input: shuffled(fields, random) }),
        }));
        const document = { ...(JSON.parse(traceText([])) as object), spans };
        const options = { seed, escapes, whiteSpace: 100, exponents: escapes };
        const bytes = encoder.encode(writeJson(document, options));
        const whole = readSnapshot(bytes).trace?.spans ?? [];
        const { columns } = buildColumns(whole, describeSpan);
        const expected = finish(traceLoops({ summary: {} }, spansInMemory(whole), columns));
        found += expected.length;
        const scanned = scannedOf(bytes);
        expect(finish(traceLoops({ summary: {} }, scanned.spans, scanned.columns))).toEqual(expected);
      }),
      { numRuns: 800 },
    );
    expect(found).toBeGreaterThan(200);
  });
});

function shuffled(value: unknown, random: () => number): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return new Entries(random() < 0.5 ? entries : entries.reverse());
}
