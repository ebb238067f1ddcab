// One sent span, mapped and held to the schema of a trace.
import { readOtlpRequest } from "../../src/importers/otlpRequest";
import { type MappedSpan, mapOtlpSpan } from "../../src/importers/otlpSpan";
import { type TraceSpan, traceSpanSchema } from "../../src/trace/schema";
import { type SpanParts, sentRequest, sentSpan } from "./otlpPayload";

/** Throws where the span is refused, or is none by the schema. */
export function map(parts: SpanParts, resource?: Record<string, unknown>): MappedSpan {
  const { spans, faults } = readOtlpRequest(sentRequest([sentSpan(parts)], resource));
  const [only] = spans;
  if (only === undefined) throw new Error(faults.map(({ sentence }) => sentence).join());
  const mapped = mapOtlpSpan(only);
  traceSpanSchema.parse(mapped.span);
  return mapped;
}

export const mapAttributes = (values: Record<string, unknown>, name = "step"): TraceSpan =>
  map({ attributes: values, name }).span;
