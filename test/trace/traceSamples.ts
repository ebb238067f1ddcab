// Sample traces and small made-up ones with their columns, for tests of what is derived from both.

import { readFileSync } from "node:fs";
import { actionKey } from "../../src/trace/actionKey";
import { buildColumns } from "../../src/trace/buildColumns";
import { describeSpan } from "../../src/trace/describeSpan";
import { findFailures } from "../../src/trace/failures";
import type { TraceFile, TraceSpan } from "../../src/trace/schema";
import { traceFileSchema } from "../../src/trace/schema";
import type { SpanColumns } from "../../src/trace/spanColumns";
import { buildTree } from "../../src/trace/spanTree";

export interface Sample {
  readonly trace: TraceFile;
  readonly columns: SpanColumns;
}

export function sample(name: string): Sample {
  const file = new URL(`../fixtures/trace-v2/${name}.json`, import.meta.url);
  return withColumns(traceFileSchema.parse(JSON.parse(readFileSync(file, "utf8"))));
}

/** A trace of spans under one session; each span says only what is special about it. Times are milliseconds from 1,000,000. */
export function madeUp(spans: readonly Partial<TraceSpan>[], rest: Partial<TraceFile> = {}): Sample {
  const whole: TraceSpan[] = spans.map((span, index) => ({
    spanId: `s${index}`,
    parentSpanId: index === 0 ? null : "s0",
    name: span.kind ?? "span",
    kind: "span",
    status: "ok",
    ...span,
    startTime: 1_000_000 + (span.startTime ?? index),
    ...(span.endTime === undefined ? {} : { endTime: 1_000_000 + span.endTime }),
  }));
  return withColumns({
    version: 2,
    traceId: "t",
    sessionId: "s",
    startedAt: "1970-01-01T00:16:40.000Z",
    metadata: {},
    spans: whole,
    summary: {},
    ...rest,
  });
}

function withColumns(trace: TraceFile): Sample {
  const { columns } = buildColumns(trace.spans, describeSpan);
  const keyOf = (row: number) => {
    const span = trace.spans[row];
    return span === undefined ? "" : actionKey(span);
  };
  findFailures(columns, buildTree(columns), keyOf, { status: "completed", reasons: [] });
  return { trace, columns };
}
