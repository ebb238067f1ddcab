// The trace that snapshot and journals make together: what the header of a trace file says is taken from the snapshot
// where it belongs to them, else from the journals' headers; totals are derived from the spans.

import type { Combined } from "./combineJournals";
import type { CrashMarker, JournalFacts } from "./evidence";
import type { ReadJournal } from "./journal";
import type { TraceFile, TraceSpan, TraceSummary } from "./schema";
import { summariseSpans } from "./traceSummary";

/** How the session ended, as far as its files tell. */
export interface SessionEnd {
  readonly journal: JournalFacts | undefined;
  /** Only where it holds. */
  readonly crashMarker: CrashMarker | undefined;
}

/** @param journals oldest incarnation first, at least one of them with a header or a record */
export function combinedTrace(
  fallbackId: string,
  combined: Combined,
  journals: readonly ReadJournal[],
  end: SessionEnd,
): TraceFile {
  const { base, spans, metadata } = combined;
  const first = journals.find((journal) => journal.header !== undefined)?.header;
  const sessionId = base?.sessionId ?? first?.header.trace.sessionId ?? fallbackId;
  const saysBase = combined.isBaseNewest && (end.crashMarker === undefined || base?.summary.status === "crashed");
  const { endMs, ...outcome } = outcomeOf(end);
  const trace: TraceFile = {
    ...base,
    version: 2,
    traceId: base?.traceId ?? first?.header.trace.traceId ?? sessionId,
    sessionId,
    startedAt:
      base?.startedAt ?? first?.header.trace.startedAt ?? toIso(first?.wallMs) ?? toIso(startOfSpans(spans)) ?? "",
    metadata,
    spans,
    summary: saysBase
      ? { ...base?.summary, ...summariseSpans(spans) }
      : { ...keptSummary(base?.summary), ...summariseSpans(spans), ...outcome },
  };
  if (saysBase) return trace;
  const endedAt = toIso(endMs);
  if (endedAt === undefined) delete trace.endedAt;
  else trace.endedAt = endedAt;
  return trace;
}

/** What stands for a session of which not a byte could be read. The start is unknown, so it is empty. */
export function emptyTrace(id: string): TraceFile {
  return { version: 2, traceId: id, sessionId: id, startedAt: "", metadata: {}, spans: [], summary: {} };
}

function outcomeOf({ journal, crashMarker }: SessionEnd): Pick<TraceSummary, "status" | "error"> & { endMs?: number } {
  const crashed = journal?.crashed;
  if (crashed || crashMarker) {
    const error = crashed?.reason ?? crashMarker?.reason;
    const endMs = crashed?.timeMs ?? crashMarker?.timeMs ?? journal?.lastRecordMs;
    return { status: "crashed", ...(error === undefined ? {} : { error }), ...(endMs === undefined ? {} : { endMs }) };
  }
  const ended = journal?.ended;
  if (!ended) return { status: "running" };
  return { status: ended.status, ...(ended.error === undefined ? {} : { error: ended.error }), endMs: ended.timeMs };
}

/** What a snapshot's summary says that can't be derived from spans alone, and does not tell of an end. */
function keptSummary(summary: TraceSummary | undefined): TraceSummary {
  const kept = { ...summary };
  for (const name of ["status", "error", "totalCost", "duration", "topTools", "failures", "narrative"] as const) {
    delete kept[name];
  }
  return kept;
}

function startOfSpans(spans: readonly TraceSpan[]): number | undefined {
  let earliest = Number.POSITIVE_INFINITY;
  for (const { startTime } of spans) if (startTime < earliest) earliest = startTime;
  return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
}

function toIso(timeMs: number | undefined): string | undefined {
  // The range of `Date`.
  return timeMs !== undefined && Math.abs(timeMs) <= 8.64e15 ? new Date(timeMs).toISOString() : undefined;
}
