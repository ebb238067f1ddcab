import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonPieces } from "../../src/recorder/jsonPieces";
import type { TraceFile } from "../../src/recorder/traceTypes";

const joined = (trace: unknown) => Buffer.concat([...jsonPieces(trace as TraceFile)]).toString("utf8");

/** Values with and without JSON, as a program's memory holds them. */
const anyValue = fc.oneof(
  fc.anything({ withDate: true, withNullPrototype: true, withSparseArray: true }),
  fc.constant(undefined),
  fc.constant(() => 1),
  fc.record({ toJSON: fc.constant(() => "own") }),
);

describe("the pieces of a trace's JSON", () => {
  it("are together what JSON.stringify makes of it", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("1", "metadata", "__proto__")), anyValue),
        fc.option(fc.array(anyValue), { nil: undefined }),
        fc.dictionary(fc.string(), anyValue),
        (before, spans, after) => {
          const trace = { ...before, ...(spans === undefined ? {} : { spans }), ...after };
          expect(joined(trace)).toBe(JSON.stringify(trace));
        },
      ),
    );
  });

  it("are of bounded size, whatever the number of spans", () => {
    const spans = Array.from({ length: 20_000 }, (_, index) => ({ spanId: `s${index}`, output: "€".repeat(10) }));
    const trace = { version: 2, spans, summary: {} };
    const sizes = [...jsonPieces(trace as unknown as TraceFile)].map(({ length }) => length);
    expect(sizes.length).toBeGreaterThan(5);
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
    expect(joined(trace)).toBe(JSON.stringify(trace));
  });

  it("are made one after the other, so that what can't be said is found when it comes", () => {
    const spans = [...Array.from({ length: 3000 }, () => ({ output: "x".repeat(100) })), { output: 1n }];
    const pieces = jsonPieces({ spans } as unknown as TraceFile);
    expect(pieces.next().done).toBe(false);
    expect(() => [...pieces]).toThrow(TypeError);
  });
});
