// The rows of OTLP spans that come one by one are those that a plain look at all of them gives.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { finish } from "../../src/base/steps";
import { OtlpRows } from "../../src/importers/otlpRows";
import type { MappedSpan } from "../../src/importers/otlpSpan";
import { spansAboveUsage } from "../../src/importers/otlpUsageOnce";
import type { TraceSpan } from "../../src/trace/schema";

const keyOf = (traceId: string, spanId: string | null) => `${traceId} ${spanId}`;

/** All rows at once, by what the rows are meant to be. */
function plainRows(sent: readonly MappedSpan[]): readonly TraceSpan[] {
  const received = new Map<string, { mapped: MappedSpan; readonly id: string }>();
  for (const mapped of sent) {
    const { traceId, span } = mapped;
    const known = received.get(keyOf(traceId, span.spanId));
    const isTaken = [...received.values()].some(({ id }) => id === span.spanId);
    if (known === undefined) {
      received.set(keyOf(traceId, span.spanId), { mapped, id: isTaken ? `${traceId}-${span.spanId}` : span.spanId });
    } else if (known.mapped.span.endTime === undefined && span.endTime !== undefined) known.mapped = mapped;
  }
  const all = [...received.values()];
  const parentOf = ({ traceId, span }: MappedSpan) => received.get(keyOf(traceId, span.parentSpanId))?.id;
  const reports = all.map(({ id, mapped }) => ({
    id,
    parentId: parentOf(mapped),
    reportsUsage: mapped.usage !== undefined,
  }));
  const above = spansAboveUsage(reports, () => false);
  const told = new Set<string>();
  const spans = all.map(({ mapped, id }): TraceSpan => {
    const { span, usage, traceId, resource } = mapped;
    const parent = parentOf(mapped);
    const text = JSON.stringify(resource);
    const tells = parent === undefined && text !== "{}" && !told.has(text);
    if (tells) told.add(text);
    const counted = above.has(id) ? undefined : usage;
    const own = { "otel.trace_id": traceId, ...(tells ? { "otel.resource": resource } : {}) };
    return {
      ...span,
      spanId: id,
      parentSpanId: parent ?? span.parentSpanId,
      ...(counted?.tokens === undefined ? {} : { tokens: { ...counted.tokens } }),
      ...(parent === undefined ? { attributes: { ...span.attributes, ...own } } : {}),
    };
  });
  const tops = spans.filter(({ parentSpanId }) => parentSpanId === null);
  const [only] = tops;
  if (only === undefined) return spans;
  if (tops.length === 1 && only.kind === "span") {
    only.kind = "session";
    return spans;
  }
  for (const top of tops) top.parentSpanId = "otlp-session";
  const ends = tops.flatMap(({ endTime }) => endTime ?? []);
  const root: TraceSpan = {
    spanId: "otlp-session",
    parentSpanId: null,
    name: "session",
    kind: "session",
    startTime: Math.min(...tops.map(({ startTime }) => startTime)),
    ...(ends.length === tops.length ? { endTime: Math.max(...ends) } : {}),
    status: "ok",
  };
  return [root, ...spans];
}

const noTokens = { output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 };

const mappedSpan: fc.Arbitrary<MappedSpan> = fc
  .record({
    trace: fc.constantFrom("t1", "t1", "t2"),
    id: fc.integer({ min: 1, max: 9 }),
    parent: fc.constantFrom(null, 1, 2, 3, 4, 5, 99),
    kind: fc.constantFrom("span", "generation", "tool"),
    start: fc.nat(9),
    lasts: fc.constantFrom(undefined, 0, 4),
    tokens: fc.constantFrom(undefined, undefined, 3),
    service: fc.constantFrom(undefined, "a", "b"),
    model: fc.constantFrom(undefined, "m1", "m2"),
  })
  .map(({ trace, id, parent, kind, start, lasts, tokens, service, model }) => ({
    traceId: trace,
    span: {
      spanId: `s${id}`,
      parentSpanId: parent === null ? null : `s${parent}`,
      name: `${kind} ${id}`,
      kind,
      startTime: start,
      ...(lasts === undefined ? {} : { endTime: start + lasts }),
      ...(model === undefined ? {} : { model: { modelId: model } }),
      status: "ok" as const,
    },
    usage:
      tokens === undefined ? undefined : { tokens: { ...noTokens, input: tokens, total: tokens }, cost: undefined },
    resource: service === undefined ? {} : { "service.name": service },
  }));

const sending = fc.array(fc.record({ mapped: mappedSpan, settles: fc.boolean() }), { maxLength: 24 });

describe("spans of OTLP that come one by one", () => {
  it("are the rows of all of them at once, whenever somebody looks", () => {
    fc.assert(
      fc.property(sending, (all) => {
        const rows = new OtlpRows();
        for (const [index, { mapped, settles }] of all.entries()) {
          rows.add(mapped);
          if (!settles) continue;
          finish(rows.settling());
          const wanted = plainRows(all.slice(0, index + 1).map((one) => one.mapped));
          expect(rows.spans).toEqual(wanted);
          for (const [row, { spanId }] of wanted.entries()) expect(rows.rowOf(spanId)).toBe(row);
          const first = wanted.find((span) => span.kind === "generation" && span.model !== undefined);
          expect(rows.metadata.model).toBe(first?.model?.modelId);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("tell which rows are others than before, and what they were", () => {
    fc.assert(
      fc.property(sending, (all) => {
        const rows = new OtlpRows();
        let told: TraceSpan[] = [];
        for (const { mapped, settles } of all) {
          rows.add(mapped);
          if (!settles) continue;
          finish(rows.settling());
          const changed = rows.takeChanged();
          if (changed !== undefined) {
            expect(changed.firstNew).toBe(told.length);
            for (const [row, before] of told.entries()) {
              if (changed.before.has(row)) expect(changed.before.get(row)).toEqual(before);
              else expect(rows.spans[row]).toEqual(before);
            }
          }
          told = structuredClone([...rows.spans]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("change few rows, however many there are", () => {
    const rows = new OtlpRows();
    const span = (id: number, parent: number | null): MappedSpan => ({
      traceId: "t",
      span: {
        spanId: `s${id}`,
        parentSpanId: parent === null ? null : `s${parent}`,
        name: "step",
        kind: "span",
        startTime: id,
        endTime: id + 1,
        status: "ok",
      },
      usage: undefined,
      resource: { "service.name": "a" },
    });
    rows.add(span(0, null));
    for (let id = 1; id < 20_000; id++) rows.add(span(id, id - (id % 100) || 0));
    finish(rows.settling());
    rows.takeChanged();
    // A step and the one below it that came first, as exporters send them.
    rows.add(span(30_001, 30_000));
    rows.add(span(30_000, 0));
    finish(rows.settling());
    expect(rows.takeChanged()).toEqual({ before: new Map(), firstNew: 20_000 });
    expect(rows.spans).toHaveLength(20_002);
  });
});
