// Spans as they were sent -> what is recorded of them, in steps, between which others have their turn.

import type { OtlpSpan } from "../importers/otlpRequest";
import { type MappedSpan, mapOtlpSpan } from "../importers/otlpSpan";
import { type OtlpSpanLog, type Recorded, spansPerStep } from "./otlpSpanLog";

/** @param onMapped called for each span before any is recorded */
export function* recordingSent(
  log: OtlpSpanLog,
  spans: readonly OtlpSpan[],
  onMapped: (mapped: MappedSpan) => void = () => undefined,
): Generator<undefined, Recorded> {
  const mapped: MappedSpan[] = [];
  for (const span of spans) {
    const messages = log.messagesOf(span.traceId, span.spanId);
    const one = mapOtlpSpan(messages.length === 0 ? span : { ...span, events: [...messages, ...span.events] });
    mapped.push(one);
    onMapped(one);
    if (mapped.length % spansPerStep === 0) yield;
  }
  return yield* log.adding(mapped);
}
