// What the spans of a trace tell of its session's state.

import type { Evidence } from "./evidence";
import type { TraceSpan } from "./schema";

export type SpanEvidence = Pick<
  Evidence,
  | "openSpans"
  | "rootOpen"
  | "rootStatus"
  | "rootError"
  | "rootEndMs"
  | "openGenerations"
  | "finalFinishReason"
  | "lastActivityMs"
>;

export function evidenceOfSpans(spans: readonly TraceSpan[]): SpanEvidence {
  let root: TraceSpan | undefined;
  let isRootOpen = false;
  let finalGeneration: TraceSpan | undefined;
  let openSpans = 0;
  let openGenerations = 0;
  let lastActivityMs = Number.NEGATIVE_INFINITY;
  let lastStartMs = Number.NEGATIVE_INFINITY;
  for (const span of spans) {
    if (span.kind === "session" && span.parentSpanId === null) {
      // Several roots are runs one after another: the session is open while one is, and ended as the last one did.
      if (span.endTime === undefined) isRootOpen = true;
      else if (root === undefined || span.endTime >= (root.endTime ?? span.endTime)) root = span;
      root ??= span;
    }
    if (span.endTime === undefined) {
      openSpans++;
      if (span.kind === "generation") openGenerations++;
    } else if (span.kind === "generation" && span.endTime >= (finalGeneration?.endTime ?? span.endTime)) {
      finalGeneration = span;
    }
    if (span.startTime > lastStartMs) lastStartMs = span.startTime;
    lastActivityMs = Math.max(lastActivityMs, latestOf(span));
  }
  // Whatever begins after an answer, such as a message, is work on the next one.
  const isLastWord = finalGeneration !== undefined && lastStartMs <= (finalGeneration.endTime ?? 0);
  return {
    openSpans,
    openGenerations,
    rootOpen: root && isRootOpen,
    rootStatus: root?.status,
    rootError: root?.statusMessage,
    rootEndMs: root?.endTime,
    finalFinishReason: isLastWord ? finalGeneration?.finishReason : undefined,
    lastActivityMs: lastActivityMs === Number.NEGATIVE_INFINITY ? undefined : lastActivityMs,
  };
}

/** The latest time that the span names; -Infinity for none. */
function latestOf(span: TraceSpan): number {
  let latest = Number.NEGATIVE_INFINITY;
  if (span.startTime > latest) latest = span.startTime;
  if (span.endTime !== undefined && span.endTime > latest) latest = span.endTime;
  for (const { timeMs } of span.events ?? []) if (timeMs > latest) latest = timeMs;
  return latest;
}
