// Random spans: ids that repeat, parents that are missing, themselves, later or in a circle, times that can't be.

import fc from "fast-check";
import { spanKinds, type TraceSpan } from "../../src/trace/schema";

const id = fc.integer({ min: 0, max: 12 }).map((value) => `s${value}`);
const time = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 40 }), weight: 8 },
  { arbitrary: fc.constantFrom(-5, Number.NaN, Number.POSITIVE_INFINITY), weight: 1 },
);

export const arbitrarySpan: fc.Arbitrary<TraceSpan> = fc.record(
  {
    spanId: id,
    parentSpanId: fc.option(id),
    name: fc.constantFrom("bash", "read", "edit"),
    kind: fc.constantFrom(...spanKinds),
    startTime: time,
    endTime: time,
    status: fc.constantFrom("ok", "error"),
    interrupted: fc.boolean(),
  },
  { requiredKeys: ["spanId", "parentSpanId", "name", "kind", "startTime", "status"] },
);

export const arbitrarySpans = fc.array(arbitrarySpan, { maxLength: 40 });

/** Spans with distinct ids and every sort of payload, as a sound file holds them. */
export const arbitrarySoundSpans: fc.Arbitrary<TraceSpan[]> = fc
  .array(
    fc.record(
      {
        name: fc.string({ unit: "grapheme", minLength: 1 }),
        kind: fc.constantFrom(...spanKinds),
        startTime: fc.double({ min: 0, max: 2e12, noNaN: true }).map((value) => value + 0),
        endTime: fc.double({ min: 0, max: 2e12, noNaN: true }).map((value) => value + 0),
        status: fc.constantFrom("ok", "error"),
        input: fc.jsonValue({ stringUnit: "binary" }),
        output: fc.string({ unit: "binary" }),
        attributes: fc.dictionary(fc.string(), fc.jsonValue()),
        links: fc.array(fc.record({ spanId: id, traceId: fc.string() }), { maxLength: 2 }),
      },
      { requiredKeys: ["name", "kind", "startTime", "status"] },
    ),
    { maxLength: 8 },
  )
  .map((parts) =>
    parts.map((part, index) => ({ spanId: `id-${index}`, parentSpanId: index === 0 ? null : "id-0", ...part })),
  );

/** A trace file around spans. */
export function traceText(spans: readonly unknown[], indent?: number): string {
  return JSON.stringify(
    {
      version: 2,
      traceId: "trace-1",
      sessionId: "ses_1",
      startedAt: "2026-11-20T08:00:00.000Z",
      metadata: { title: "Random", tags: ["a", "b"] },
      spans,
      summary: { totalTokens: 1, status: "completed" },
    },
    undefined,
    indent,
  );
}
